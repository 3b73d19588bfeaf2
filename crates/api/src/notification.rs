//! What was told, in the app.

use events::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::task::Due;

/// Something that a person was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// The notification's id.
    pub id: Uuid,
    /// `reminder`, `missed` or `recurrence_ended`; more may come.
    pub kind: String,
    /// One line.
    pub title: String,
    /// A sentence.
    pub body: String,
    /// The task that it is about.
    pub task_id: Option<Uuid>,
    /// The reminder that it is about.
    pub reminder_id: Option<Uuid>,
    /// When the task is due.
    pub due: Option<Due>,
    /// Whether it came a minute or more after it was asked for.
    pub late: bool,
    /// Whether the person has seen it.
    pub read: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Answer to `GET /api/notifications`: the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NotificationPage")]
pub struct Page<T = Notification> {
    /// The notifications.
    pub items: Vec<T>,
    /// How many in all were not read.
    pub unread: u32,
    /// Pass it as `cursor` for the next page.
    pub next_cursor: Option<String>,
}
