//! What is said on the WebSocket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::notification::Notification;
use crate::task::Task;

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Who they are: the first message, and again whenever they have a newer token.
    Auth {
        /// An access token.
        token: String,
    },
    /// Whether somebody is there.
    Ping,
}

/// A message of the gateway. Messages may be lost: whoever has another revision than `previous_revision` reads the list
/// again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<T = Task, N = Notification> {
    /// The token holds.
    Hello {
        /// How far the person's tasks are; absent where that can't be had now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<u64>,
    },
    /// A task is new or has changed.
    TaskChanged {
        /// How far the person's tasks are now.
        revision: u64,
        /// How far they were before.
        previous_revision: u64,
        /// The task.
        task: T,
    },
    /// A task is gone.
    TaskRemoved {
        /// How far the person's tasks are now.
        revision: u64,
        /// How far they were before.
        previous_revision: u64,
        /// The task.
        #[schemars(extend("format" = "uuid"))]
        task_id: String,
    },
    /// Something that the person is told.
    NotificationAdded {
        /// What.
        notification: N,
    },
    /// What was read on another screen, or is over.
    NotificationsRead {
        /// The notifications.
        ids: Vec<Uuid>,
    },
    /// The connection stands.
    KeepAlive,
    /// Answer to `ping`.
    Pong,
    /// Why the gateway closes the socket.
    Error {
        /// What is wrong and what to do.
        detail: String,
    },
}
