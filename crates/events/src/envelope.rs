//! The envelope that every event on every topic has, version `v1`.

use domain::{EventId, TaskId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Timestamp, Topic, UnknownFields};

/// The version that `metadata.version` says. A consumer dead-letters any other.
pub const VERSION: &str = "v1";

/// One event, as it is stored in an outbox and carried as the `data` of a CloudEvent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Version 7 when new, version 5 when derived from a cause: consumers recognise a repeat by it.
    pub event_id: Uuid,
    /// What happened.
    pub event_type: EventType,
    /// The task; empty where there is none.
    pub task_id: String,
    /// The person whose task it is, or `anonymous`.
    pub user_id: String,
    /// What the type says, see [`Payload`].
    pub payload: serde_json::Value,
    /// Where it came from.
    pub metadata: Metadata,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

/// Where an event came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// The app-id of the function that published it.
    pub source: String,
    /// [`VERSION`].
    pub version: String,
    /// Numbers the events that the task service commits for one user, from 1 without a gap; only its events have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The same along a whole chain: chat message, task, reminder, notification.
    pub correlation_id: Uuid,
    /// The `event_id` that caused this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

impl Metadata {
    /// Of an event of this version that the task service does not number.
    #[must_use]
    pub fn new(source: &str, chain: Chain) -> Self {
        Self {
            source: source.to_owned(),
            version: VERSION.to_owned(),
            sequence: None,
            correlation_id: chain.correlation_id,
            causation_id: chain.causation_id,
            unknown: UnknownFields::default(),
        }
    }
}

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal on $topic:ident;)*) => {
        /// The type of an event.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
            /// A type of a newer version, by its name: it goes on record as it is, and whoever does not act on it passes
            /// it over.
            #[serde(untagged)]
            #[schemars(skip)]
            Unknown(String),
        }

        impl EventType {
            /// Every type that this version knows.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Unknown(name) => name,
                }
            }

            /// The topic that carries it; `None` for a type that this version does not know.
            #[must_use]
            pub fn topic(&self) -> Option<Topic> {
                match self {
                    $(Self::$variant => Some(Topic::$topic),)*
                    Self::Unknown(_) => None,
                }
            }
        }
    };
}

event_types! {
    /// A task was created, by a person or by recurrence.
    TaskCreated = "TASK_CREATED" on TaskEvents;
    /// A task's fields changed.
    TaskUpdated = "TASK_UPDATED" on TaskEvents;
    /// A task was done.
    TaskCompleted = "TASK_COMPLETED" on TaskEvents;
    /// A done task is to be done after all.
    TaskReopened = "TASK_REOPENED" on TaskEvents;
    /// A task was deleted, by its owner or because its reopened predecessor took it back.
    TaskDeleted = "TASK_DELETED" on TaskEvents;
    /// Everything of a person is to be erased.
    ErasureRequested = "ERASURE_REQUESTED" on TaskEvents;
    /// The due date was set, changed or removed.
    TaskDueSet = "TASK_DUE_SET" on TaskReminders;
    /// The reminders of a task are now these, and no others.
    TaskReminderSet = "TASK_REMINDER_SET" on TaskReminders;
    /// A task has no reminders any more.
    TaskReminderCleared = "TASK_REMINDER_CLEARED" on TaskReminders;
    /// A reminder came due.
    ReminderTriggered = "REMINDER_TRIGGERED" on TaskReminders;
    /// A person put a reminder off.
    ReminderSnoozed = "REMINDER_SNOOZED" on TaskReminders;
    /// A person dismissed a reminder.
    ReminderDismissed = "REMINDER_DISMISSED" on TaskReminders;
    /// The next occurrence of a recurring task exists.
    TaskRecurred = "TASK_RECURRED" on TaskRecurrence;
    /// A recurring task has no further occurrence.
    RecurrenceEnded = "RECURRENCE_ENDED" on TaskRecurrence;
    /// What a screen shows of a task changed.
    TaskChanged = "TASK_CHANGED" on TaskUpdates;
    /// There is something new in the in-app inbox.
    NotificationAdded = "NOTIFICATION_ADDED" on TaskUpdates;
    /// Entries of the in-app inbox were marked as read.
    NotificationsRead = "NOTIFICATIONS_READ" on TaskUpdates;
    /// A channel took a notification.
    NotificationDelivered = "NOTIFICATION_DELIVERED" on TaskAudit;
    /// A channel refused a notification for good.
    NotificationFailed = "NOTIFICATION_FAILED" on TaskAudit;
    /// A notification was not sent by a channel, because meanwhile there was no need for it or no wish.
    NotificationWithdrawn = "NOTIFICATION_WITHDRAWN" on TaskAudit;
    /// Somebody was refused.
    AccessDenied = "ACCESS_DENIED" on TaskAudit;
    /// Somebody took their data out.
    DataExported = "DATA_EXPORTED" on TaskAudit;
    /// A dead-lettered event, or what is on record, was given to a consumer again.
    EventReplayed = "EVENT_REPLAYED" on TaskAudit;
    /// A dead-lettered event was given up.
    EventDiscarded = "EVENT_DISCARDED" on TaskAudit;
    /// What was on record of a person was erased.
    PersonErased = "PERSON_ERASED" on TaskAudit;
}

/// What an event of one type carries.
pub trait Payload: Serialize + DeserializeOwned {
    /// The type.
    const TYPE: EventType;
}

/// A payload that is not of the shape that its type has: no retry will mend it.
#[derive(Debug, thiserror::Error)]
#[error("the payload of {} is malformed", event_type.name())]
pub struct PayloadError {
    /// The type that the event says.
    pub event_type: EventType,
    /// What serde found.
    pub source: serde_json::Error,
}

impl Event {
    /// An event about `task` of `user`, with the chain it belongs to.
    ///
    /// `sequence` is filled in by the task service when it commits.
    #[must_use]
    pub fn new<P: Payload>(
        id: EventId,
        source: &str,
        user: &UserId,
        task: Option<TaskId>,
        payload: &P,
        chain: Chain,
        now: Timestamp,
    ) -> Self {
        debug_assert!(
            P::TYPE
                .topic()
                .is_some_and(|topic| topic.published_by().contains(&source)),
            "{source} does not publish {}",
            P::TYPE.name()
        );
        Self {
            event_id: id.0,
            event_type: P::TYPE,
            task_id: task.map(|id| id.to_string()).unwrap_or_default(),
            user_id: user.to_string(),
            payload: serde_json::to_value(payload).expect("a payload with string keys"),
            metadata: Metadata::new(source, chain),
            timestamp: now,
            unknown: UnknownFields::default(),
        }
    }

    /// The payload as the type says.
    ///
    /// # Errors
    /// [`PayloadError`] when it has another shape, or the event is of another type.
    pub fn payload<P: Payload>(&self) -> Result<P, PayloadError> {
        P::deserialize(&self.payload).map_err(|source| PayloadError {
            event_type: self.event_type.clone(),
            source,
        })
    }

    /// The topic that carries the event. One of a type that this version does not know, which a newer version left in an
    /// outbox, goes on the main topic of its source: there the audit hears it, and whoever else knows it.
    #[must_use]
    pub fn topic(&self) -> Topic {
        let known = self.event_type.topic();
        known.unwrap_or_else(|| Topic::main_of(&self.metadata.source))
    }

    /// The id as the domain's type.
    #[must_use]
    pub fn id(&self) -> EventId {
        EventId(self.event_id)
    }

    /// The chain of what this event causes.
    #[must_use]
    pub fn chain(&self) -> Chain {
        Chain {
            correlation_id: self.metadata.correlation_id,
            causation_id: Some(self.event_id),
        }
    }
}

/// The chain that an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// The same along the whole chain.
    pub correlation_id: Uuid,
    /// The event that caused this one.
    pub causation_id: Option<Uuid>,
}
