//! When a task makes itself heard.

use events::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::task::Due;

/// A reminder, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduledReminder {
    /// The reminder's id.
    pub id: Uuid,
    /// Its task.
    pub task_id: Uuid,
    /// The task's title.
    pub title: String,
    /// When the task is due.
    pub due: Option<Due>,
    /// When it rings next, or rang.
    pub at: Timestamp,
    /// When the task set it for.
    pub set_for: Timestamp,
    /// Minutes before the due date, where it counts from that.
    pub before_due_minutes: Option<u32>,
    /// Where it stands.
    pub state: State,
}

/// Where a reminder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReminderState")]
pub enum State {
    /// It will ring.
    Scheduled,
    /// It will ring again.
    Snoozed,
    /// It rang.
    Triggered,
    /// The person has seen it, or does not want it.
    Dismissed,
    /// Its task was done or deleted before it rang. It rings after all when the task is reopened.
    Cancelled,
}

/// Answer to `GET /api/reminders`: in order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReminderPage")]
pub struct Page {
    /// The reminders.
    pub items: Vec<ScheduledReminder>,
    /// Pass it as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// Body of `POST /api/reminders/{id}/snooze`: one of `until`, `minutes` and `text`; within a year from now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snooze {
    /// When it rings.
    pub until: Option<Timestamp>,
    /// In how many minutes it rings.
    #[schemars(range(min = 1))]
    pub minutes: Option<i64>,
    /// Words such as "tomorrow at 9".
    pub text: Option<String>,
    /// Whose clocks the words mean: an IANA name.
    pub time_zone: Option<String>,
}
