//! Tables of sentences: cells between `|`, comments behind `#`, and lines `@ local-time zone first-day-of-week` for what
//! follows them.

use chrono::{NaiveDateTime, Weekday};
use domain::zone;
use language::Context;

pub(crate) struct Line {
    pub(crate) cells: Vec<String>,
    pub(crate) context: Context,
}

pub(crate) fn lines(table: &str) -> impl Iterator<Item = Line> {
    let mut context = None;
    table.lines().filter_map(move |line| {
        if let Some(setting) = line.strip_prefix("@ ") {
            context = Some(self::context(setting));
            return None;
        }
        let is_comment = line.starts_with("# ") || line.starts_with("## ");
        if line.trim().is_empty() || is_comment {
            return None;
        }
        let mut cells: Vec<String> = line
            .split(" |")
            .map(|cell| cell.trim().to_owned())
            .collect();
        cells[0] = line.split(" |").next().unwrap_or_default().to_owned();
        Some(Line {
            cells,
            context: context.expect("a line with @ before the first sentence"),
        })
    })
}

pub(crate) fn context(setting: &str) -> Context {
    let mut parts = setting.split(' ');
    let mut part = || parts.next().expect("a local time, a zone and a weekday");
    let time = part();
    let local = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S"))
        .expect("a local time");
    let zone = zone::parse(part()).expect("a zone");
    let week_start: Weekday = part().parse().expect("a weekday");
    Context {
        now: zone::resolve(local.date(), local.time(), zone),
        zone,
        week_start,
    }
}
