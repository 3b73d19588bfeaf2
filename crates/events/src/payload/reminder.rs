//! `task-reminders`: due dates, and the life of a reminder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::payload;
use crate::{DueDocument, Timestamp, UnknownFields, timestamp};

payload! {
    /// The due date was set, changed or removed.
    TaskDueSet for TaskDueSet {
        /// The due date; `null` when it was removed.
        due: Option<DueDocument>,
        /// The instant after which the task is overdue.
        #[serde(default, deserialize_with = "timestamp::clamped_option")]
        overdue_after: Option<Timestamp>,
    }
}

payload! {
    /// The reminders of a task are now these, and no others.
    TaskReminderSet for TaskReminderSet {
        /// The task's title, for the words of the reminder.
        title: String,
        /// The task's due date, for the words of the reminder.
        due: Option<DueDocument>,
        /// All of them, at most 20.
        reminders: Vec<ScheduledReminder>,
        /// Whether the wall-clock times are as before, and only the rules of the time zone put them at other instants: what
        /// rang stays rung, and what a person put off stays put off.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        same_times: bool,
    }
}

/// A reminder with the instant that its rule comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduledReminder {
    /// The reminder.
    pub id: Uuid,
    /// When it is due.
    #[serde(deserialize_with = "timestamp::clamped")]
    pub at: Timestamp,
    /// Present when it counts from the due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_due_minutes: Option<u32>,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

payload! {
    /// A task has no reminders any more.
    TaskReminderCleared for TaskReminderCleared {
        /// Why.
        reason: ClearReason,
    }
}

/// Why a task has no reminders any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClearReason {
    /// The task was done.
    Completed,
    /// The task was deleted.
    Deleted,
    /// Its owner removed the reminders, or the due date that they counted from.
    Removed,
    /// A reason that only a newer version knows.
    #[serde(untagged)]
    #[schemars(skip)]
    Unknown(String),
}

payload! {
    /// A reminder came due.
    ReminderTriggered for ReminderTriggered {
        /// The reminder.
        reminder_id: Uuid,
        /// How often it was set or put off before: with the id it names this ring of the bell.
        reminder_version: u64,
        /// The task's title.
        title: String,
        /// The task's due date.
        due: Option<DueDocument>,
        /// When it was to ring.
        scheduled_at: Timestamp,
        /// Seconds between that and now; large after downtime.
        late_seconds: u64,
        /// When its task set it for: the same as `scheduled_at` unless it was put off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        set_for: Option<Timestamp>,
        /// The `sequence` of the last event of the task service that it rang by: what a later one says of the task, it
        /// does not know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_sequence: Option<u64>,
    }
}

payload! {
    /// A person put a reminder off.
    ReminderSnoozed for ReminderSnoozed {
        /// The reminder.
        reminder_id: Uuid,
        /// Until when.
        until: Timestamp,
        /// The version that the reminder has with it: rings of a lower one are answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reminder_version: Option<u64>,
    }
}

payload! {
    /// A person dismissed a reminder.
    ReminderDismissed for ReminderDismissed {
        /// The reminder.
        reminder_id: Uuid,
        /// The version that the reminder has with it: rings of a lower one are answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reminder_version: Option<u64>,
    }
}
