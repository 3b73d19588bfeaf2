//! What is said on a socket: the client's messages, and what open screens are told.

use events::{Event, EventType, NotificationAdded, PayloadError, TaskChanged};
use serde::Deserialize;
use serde_json::{Value, json};

/// A message of a client.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Said {
    /// Who they are: the first message, and again whenever they have a newer token.
    Auth {
        /// An access token.
        token: String,
    },
    /// Whether somebody is there.
    Ping,
}

/// The channel of a person's screens.
pub(crate) fn channel(user: &str) -> String {
    format!("user-{user}")
}

pub(crate) fn hello(revision: Option<u64>) -> Value {
    match revision {
        Some(revision) => json!({ "type": "hello", "revision": revision }),
        None => json!({ "type": "hello" }),
    }
}

pub(crate) fn pong() -> Value {
    json!({ "type": "pong" })
}

pub(crate) fn error(detail: &str) -> Value {
    json!({ "type": "error", "detail": detail })
}

/// What screens are told of an event; `None` when it is nothing to them.
pub(crate) fn told(event: &Event) -> Result<Option<Value>, PayloadError> {
    match event.event_type {
        EventType::TaskChanged => {
            let TaskChanged {
                revision,
                previous_revision,
                task,
            } = event.payload()?;
            let mut message =
                json!({ "revision": revision, "previous_revision": previous_revision });
            match task {
                Some(task) => {
                    message["type"] = json!("task_changed");
                    message["task"] = json!(task);
                }
                None => {
                    message["type"] = json!("task_removed");
                    message["task_id"] = json!(event.task_id);
                }
            }
            Ok(Some(message))
        }
        EventType::NotificationAdded => {
            let NotificationAdded { notification } = event.payload()?;
            Ok(Some(
                json!({ "type": "notification_added", "notification": notification }),
            ))
        }
        _ => Ok(None),
    }
}
