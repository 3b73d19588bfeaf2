//! What open screens are told of events.

use api::live::ServerMessage;
use events::{
    Event, EventType, NotificationAdded, NotificationDocument, NotificationsRead, PayloadError,
    TaskChanged, TaskDocument,
};

/// A message on a socket, with its parts as the events have them.
pub(crate) type Message = ServerMessage<TaskDocument, NotificationDocument>;

/// The channel of a person's screens.
pub(crate) fn channel(user: &str) -> String {
    format!("user-{user}")
}

/// The message as it goes over the socket.
///
/// # Panics
/// Never: a message has string keys and integers.
pub(crate) fn text(message: &Message) -> String {
    serde_json::to_string(message).expect("a message with string keys")
}

pub(crate) fn error(detail: &str) -> Message {
    Message::Error {
        detail: detail.to_owned(),
    }
}

/// What screens are told of an event; `None` when it is nothing to them.
pub(crate) fn message(event: &Event) -> Result<Option<Message>, PayloadError> {
    let message = match event.event_type {
        EventType::TaskChanged => {
            let TaskChanged {
                revision,
                previous_revision,
                task,
                ..
            } = event.payload()?;
            match task {
                Some(task) => Message::TaskChanged {
                    revision,
                    previous_revision,
                    task,
                },
                None => Message::TaskRemoved {
                    revision,
                    previous_revision,
                    task_id: event.task_id.clone(),
                },
            }
        }
        EventType::NotificationAdded => {
            let NotificationAdded { notification, .. } = event.payload()?;
            Message::NotificationAdded { notification }
        }
        EventType::NotificationsRead => {
            let NotificationsRead {
                notification_ids, ..
            } = event.payload()?;
            Message::NotificationsRead {
                ids: notification_ids,
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(message))
}
