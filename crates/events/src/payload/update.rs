//! `task-updates`: what open screens show. May be lost: a screen that misses one sees it by the revisions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::payload;
use crate::{DueDocument, TaskDocument, Timestamp, UnknownFields};

payload! {
    /// What a screen shows of a task changed.
    TaskChanged for TaskChanged {
        /// The user's revision with this change.
        revision: u64,
        /// The user's revision before it: a screen that has another one reads the list again.
        previous_revision: u64,
        /// The task as it now is; `null` when it is gone.
        task: Option<TaskDocument>,
    }
}

payload! {
    /// There is something new in the in-app inbox.
    NotificationAdded for NotificationAdded {
        /// What is new.
        notification: NotificationDocument,
    }
}

/// One entry of the in-app inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotificationDocument {
    /// The same however often it is delivered: derived from the event that caused it.
    pub id: Uuid,
    /// `reminder` or `recurrence_ended`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// A sentence.
    pub body: String,
    /// The task, where there is one.
    pub task_id: Option<Uuid>,
    /// The reminder, where there is one.
    pub reminder_id: Option<Uuid>,
    /// When the task is due.
    pub due: Option<DueDocument>,
    /// Whether it comes later than it was asked for, by a minute or more.
    pub late: bool,
    /// Whether the person has seen it.
    pub read: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub unknown: UnknownFields,
}
