//! `task-updates`: what open screens show. May be lost: a screen that misses one sees it by the revisions.

use schemars::JsonSchema;
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

payload! {
    /// Entries of the in-app inbox were marked as read: by the person, or because their task was done or deleted, or its
    /// reminder answered or moved. Not on record.
    NotificationsRead for NotificationsRead {
        /// The entries.
        notification_ids: Vec<Uuid>,
    }
}

/// One entry of the in-app inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    #[schemars(skip)]
    pub unknown: UnknownFields,
}
