//! What a rule comes to, before a person chooses it.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime, Weekday};
use domain::zone::{self, Tz};
use domain::{Due, Rule, limits};
use events::Timestamp;
use http_api::Problem;
use language::{Context, MAX_TEXT_CHARS};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most occurrences of one answer.
const MAX_COUNT: usize = 100;

/// Body of `POST /api/recurrence/preview`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preview {
    #[serde(default)]
    rrule: Option<String>,
    /// Instead of `rrule`: the recurrence in words, such as "every 2 weeks on Monday".
    #[serde(default)]
    text: Option<String>,
    start: NaiveDate,
    /// `HH:MM`; absent for an all-day task.
    #[serde(default)]
    time: Option<String>,
    time_zone: String,
    #[serde(default = "ten")]
    count: usize,
}

fn ten() -> usize {
    10
}

impl Preview {
    /// The dates, and the instants after which each would be overdue.
    ///
    /// # Errors
    /// 422 with the field that is wrong.
    pub(crate) fn answer(&self) -> Result<Value, Problem> {
        if !limits::is_due_date(self.start) {
            let detail = "must be a date of the years 1970 to 9000";
            return Err(Problem::invalid_field("/start", detail));
        }
        let zone = zone::parse(&self.time_zone)
            .map_err(|error| Problem::invalid_field("/time_zone", error))?;
        let rule = self.rule(zone)?;
        let time = self
            .time
            .as_deref()
            .map(|text| NaiveTime::parse_from_str(text, "%H:%M"))
            .transpose()
            .map_err(|_| Problem::invalid_field("/time", "takes HH:MM"))?;
        if !(1..=MAX_COUNT).contains(&self.count) {
            let detail = format!("takes 1 to {MAX_COUNT}");
            return Err(Problem::invalid_field("/count", detail));
        }
        let occurrences: Vec<Value> = rule
            .occurrences(self.start)
            .take(self.count)
            .map(|date| {
                let due = Due { date, time, zone };
                let at = Timestamp::clamped(due.reminder_instant());
                json!({ "date": date, "time": self.time, "at": at })
            })
            .collect();
        Ok(json!({
            "rrule": rule.to_string(),
            "description": rule.describe(),
            "occurrences": occurrences,
        }))
    }

    fn rule(&self, zone: Tz) -> Result<Rule, Problem> {
        match (&self.rrule, &self.text) {
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
                    now: zone::resolve(self.start, NaiveTime::MIN, zone),
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
}
