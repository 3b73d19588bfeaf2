//! What a consumer's state can be made again from, should it be lost: the record of a task.

use serde::{Deserialize, Serialize};

use crate::{Event, EventType};

/// Events about one task, in the order in which they went on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Whose task it is.
    pub user_id: String,
    /// The task.
    pub task_id: String,
    /// The ones that matter to whom the story is told, its own among them.
    pub events: Vec<Event>,
}

/// A consumer whose state is made of nothing but events.
#[derive(Debug, Clone, Copy)]
pub struct Derivation {
    /// Its app-id; it takes stories at `POST /{app_id}/restore`.
    pub app_id: &'static str,
    /// The types that its state about a task is made of: those that it acts on, and those by which it said what it did.
    pub made_of: &'static [EventType],
}

/// Whose state can be made again from the record, and of what.
pub const DERIVATIONS: &[Derivation] = &[
    Derivation {
        app_id: "reminder-service",
        made_of: &[
            EventType::TaskReminderSet,
            EventType::TaskReminderCleared,
            EventType::ReminderTriggered,
            EventType::ReminderSnoozed,
            EventType::ReminderDismissed,
        ],
    },
    Derivation {
        app_id: "recurrence-engine",
        made_of: &[
            EventType::TaskCompleted,
            EventType::TaskReopened,
            EventType::TaskRecurred,
        ],
    },
    Derivation {
        app_id: "notification-service",
        made_of: &[EventType::ReminderTriggered, EventType::RecurrenceEnded],
    },
];
