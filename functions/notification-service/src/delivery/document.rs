//! The document of a message on its way.

use events::{NotificationDocument, Timestamp, UnknownFields};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The only channel there is so far; part of the document's key and of events.
pub(super) const EMAIL: &str = "email";

/// The document `delivery/{user}/{notification}/{channel}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(super) notification: NotificationDocument,
    /// Where it was to go last.
    pub(super) address: String,
    pub(super) state: State,
    pub(super) tries: u32,
    /// When it is tried next.
    pub(super) next_at: Timestamp,
    /// Until when somebody is at it, who claimed it before sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claimed_until: Option<Timestamp>,
    pub(super) correlation_id: Uuid,
    pub(super) causation_id: Uuid,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub(super) unknown: UnknownFields,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Waiting,
    Delivered,
    Failed,
    /// There was no need for it any more, or no wish.
    Withdrawn,
}
