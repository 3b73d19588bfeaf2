//! How tasks come again.

use chrono::NaiveDate;
use events::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most occurrences of one preview.
pub const MAX_PREVIEWED: usize = 100;

/// Body of `POST /api/recurrence/preview`: either `rrule` or `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecurrencePreviewRequest {
    /// RFC 5545, section 3.3.10, over dates.
    #[serde(default)]
    pub rrule: Option<String>,
    /// Words such as "every 2 weeks on Monday".
    #[serde(default)]
    pub text: Option<String>,
    /// What the rule counts from.
    pub start: NaiveDate,
    /// `HH:MM`; absent for an all-day task.
    #[serde(default)]
    pub time: Option<String>,
    /// An IANA name.
    pub time_zone: String,
    /// How many dates are wanted.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = MAX_PREVIEWED))]
    pub count: usize,
}

fn ten() -> usize {
    10
}

/// Answer to `POST /api/recurrence/preview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecurrencePreview {
    /// The rule.
    pub rrule: String,
    /// The rule in words.
    pub description: String,
    /// The first dates.
    pub occurrences: Vec<Occurrence>,
}

/// One date of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Occurrence {
    /// The date.
    pub date: NaiveDate,
    /// `HH:MM`; `null`: all day.
    pub time: Option<String>,
    /// When a reminder without an offset would ring: at the time, or at 09:00 of an all-day task.
    pub at: Timestamp,
}
