//! What a rule comes to, before a person chooses it.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};
use domain::{Due, Rule, zone};
use events::Timestamp;
use http_api::Problem;
use serde::Deserialize;
use serde_json::{Value, json};

/// Most occurrences of one answer.
const MAX_COUNT: usize = 100;

/// Body of `POST /api/recurrence/preview`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preview {
    rrule: String,
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
        let rule =
            Rule::from_str(&self.rrule).map_err(|error| Problem::invalid_field("/rrule", error))?;
        let zone = zone::parse(&self.time_zone)
            .map_err(|error| Problem::invalid_field("/time_zone", error))?;
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
                json!({ "date": date, "time": self.time, "at": Timestamp(due.reminder_instant()) })
            })
            .collect();
        Ok(json!({
            "rrule": rule.to_string(),
            "description": rule.describe(),
            "occurrences": occurrences,
        }))
    }
}
