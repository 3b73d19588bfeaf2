//! What each event type carries, one family a file.

mod audit;
mod recurrence;
mod reminder;
mod task;
mod update;

pub use audit::{
    AccessDenied, DataExported, ErasureRequested, EventDiscarded, EventReplayed,
    NotificationDelivered, NotificationFailed, NotificationWithdrawn, PersonErased,
};
pub use recurrence::{RecurrenceEnded, TaskRecurred};
pub use reminder::{
    ClearReason, ReminderDismissed, ReminderSnoozed, ReminderTriggered, ScheduledReminder,
    TaskDueSet, TaskReminderCleared, TaskReminderSet,
};
pub use task::{DeleteReason, TaskCompleted, TaskCreated, TaskDeleted, TaskReopened, TaskUpdated};
pub use update::{NotificationAdded, NotificationDocument, NotificationsRead, TaskChanged};

/// Declares a payload: a serde struct, its schema, and the event type that carries it.
///
/// A payload is a view of [`Event::payload`](crate::Event), which keeps all that was said in it; so it passes over fields
/// that it does not know. The documents in it keep theirs, since consumers store them.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident for $event_type:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl $crate::Payload for $name {
            const TYPE: $crate::EventType = $crate::EventType::$event_type;
        }
    };
}
pub(crate) use payload;
