//! Calls between functions, through Dapr.
//!
//! The two may be of different versions, so a field that this one does not know is passed over, but where a type says
//! otherwise.

use chrono::NaiveDate;
use events::{ChecklistItemDocument, DueDocument, RecurrenceDocument, ReminderDocument, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Body of `POST /task-service/tasks`: the recurrence engine asks for the next occurrence of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextOccurrence {
    /// Whose it is.
    pub user_id: String,
    /// Derived from the series and the number, so that a repeat makes nothing new.
    pub id: Uuid,
    /// The series.
    pub series_id: Uuid,
    /// Its number in the series, from 1.
    pub occurrence: u32,
    /// The date that the series counts from (RFC 5545 `DTSTART`).
    pub series_start: NaiveDate,
    /// What is to be done once more.
    pub task: OccurrenceFields,
    /// The same along a whole chain.
    pub correlation_id: Uuid,
    /// The completion that caused it.
    pub causation_id: Uuid,
}

/// What is to be done once more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OccurrenceFields {
    /// What is to be done.
    pub title: String,
    /// Anything longer.
    pub notes: String,
    /// 1 (urgent) to 4 (none).
    pub priority: u64,
    /// Without `#`.
    pub labels: Vec<String>,
    /// The list's name.
    pub list: String,
    /// Small steps.
    pub checklist: Vec<ChecklistItemDocument>,
    /// When it is due.
    pub due: Option<DueDocument>,
    /// When the person hears of it.
    pub reminders: Vec<ReminderDocument>,
    /// How it comes again.
    pub recurrence: Option<RecurrenceDocument>,
}

/// Body of `POST /task-service/tasks/{id}/withdraw`: the recurrence engine takes an occurrence back that nobody has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    /// Whose it is.
    pub user_id: String,
    /// The same along a whole chain.
    pub correlation_id: Uuid,
    /// The event that caused it.
    pub causation_id: Uuid,
}

/// Body of `POST /audit-service/erase/everywhere`: the task service, which keeps a person's wish to be erased, asks for a
/// stretch of that until all is done. Read as strictly as a person's request: what is not understood would not be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseStretch {
    /// Whose.
    pub user_id: String,
    /// Who asks: `person`, or an operator's name. It goes on record, so nothing of the person.
    pub asked_by: String,
    /// The person's last event.
    pub event_id: Uuid,
    /// When they asked.
    pub requested_at: Timestamp,
    /// Until when nothing of theirs is taken in.
    pub until: Timestamp,
    /// Where to go on: `next` of the answer before.
    #[serde(default)]
    pub from: Option<String>,
}

/// Answer to an [`EraseStretch`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedStretch {
    /// Where the next request goes on; absent when all is done, or nothing can be done yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the person's last event is not on record yet: until then, others may be on their way that name tasks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
}
