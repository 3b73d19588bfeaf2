//! What a rule comes to, before a person chooses it.

use std::str::FromStr;

use api::recurrence::{MAX_PREVIEWED, Occurrence, RecurrencePreview, RecurrencePreviewRequest};
use chrono::{NaiveTime, Weekday};
use domain::zone::{self, Tz};
use domain::{Due, Rule, limits};
use events::Timestamp;
use function::Problem;
use language::{Context, MAX_TEXT_CHARS};

/// The dates, and when a reminder of each would ring.
///
/// # Errors
/// 422 with the field that is wrong.
pub(crate) fn answer(request: &RecurrencePreviewRequest) -> Result<RecurrencePreview, Problem> {
    if !limits::is_due_date(request.start) {
        let detail = "must be a date of the years 1970 to 9000";
        return Err(Problem::invalid_field("/start", detail));
    }
    let zone = zone::parse(&request.time_zone)
        .map_err(|error| Problem::invalid_field("/time_zone", error))?;
    let rule = rule(request, zone)?;
    let time = request
        .time
        .as_deref()
        .map(|text| NaiveTime::parse_from_str(text, "%H:%M"))
        .transpose()
        .map_err(|_| Problem::invalid_field("/time", "takes HH:MM"))?;
    if !(1..=MAX_PREVIEWED).contains(&request.count) {
        let detail = format!("takes 1 to {MAX_PREVIEWED}");
        return Err(Problem::invalid_field("/count", detail));
    }
    let dated = rule.dated(time, zone);
    let occurrences = dated
        .occurrences(request.start)
        .take(request.count)
        .map(|date| {
            let due = Due { date, time, zone };
            let at = Timestamp::clamped(due.reminder_instant());
            Occurrence {
                date,
                time: time.map(|time| time.format("%H:%M").to_string()),
                at,
            }
        });
    Ok(RecurrencePreview {
        rrule: rule.to_string(),
        description: dated.describe(),
        occurrences: occurrences.collect(),
    })
}

fn rule(request: &RecurrencePreviewRequest, zone: Tz) -> Result<Rule, Problem> {
    match (&request.rrule, &request.text) {
        (Some(rrule), None) => {
            Rule::from_str(rrule).map_err(|error| Problem::invalid_field("/rrule", error))
        }
        (None, Some(text)) => {
            if text.chars().count() > MAX_TEXT_CHARS {
                let detail = format!("has more than {MAX_TEXT_CHARS} characters");
                return Err(Problem::invalid_field("/text", detail));
            }
            // Words such as "every month" count from the start.
            let context = Context {
                now: zone::resolve(request.start, NaiveTime::MIN, zone),
                zone,
                week_start: Weekday::Mon,
            };
            let recurrence = language::recurrence(text, &context);
            recurrence.map(|recurrence| recurrence.rule).ok_or_else(|| {
                let detail = "is no recurrence; write one such as “every 2 weeks on Monday”";
                Problem::invalid_field("/text", detail)
            })
        }
        _ => Err(Problem::invalid_field("", "needs either rrule or text")),
    }
}
