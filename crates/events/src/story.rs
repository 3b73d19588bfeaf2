//! What a consumer's state can be made again from, should it be lost: the record of a task.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Event, EventType};

/// Events about one task, in the order in which they went on record. One that is only listed has an empty payload, see
/// [`Derivation::only_listed`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Whose task it is.
    pub user_id: String,
    /// The task.
    pub task_id: String,
    /// The ones that matter to whom the story is told, its own among them.
    pub events: Vec<Event>,
}

/// One part of a story that does not fit into one request, for a consumer that takes [`Parts::Carried`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryPart {
    /// The events of this part.
    pub story: Story,
    /// What the consumer answered to the part before, unchanged; absent with the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<Value>,
    /// Whether another part follows. Only with the last part is anything written.
    pub continues: bool,
}

/// The answer to a story or to a part of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartAnswer {
    /// Whether anything that was lost was made again.
    #[serde(default)]
    pub restored: bool,
    /// What the next part has to bring along; present when one follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<Value>,
}

/// How a story is told that is too long for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// As several stories: what the consumer makes of one event does not depend on the others.
    Independent,
    /// By its latest events alone, as many as fit: the consumer's state is what the last ones say.
    Latest,
    /// As [`StoryPart`]s at `POST /{app_id}/restore/part`: what the consumer made of one is sent along with the next.
    Carried,
}

/// A consumer whose state is made of nothing but events.
#[derive(Debug, Clone, Copy)]
pub struct Derivation {
    /// Its app-id; it takes stories at `POST /{app_id}/restore`.
    pub app_id: &'static str,
    /// The types that its state about a task is made of: those that it acts on, and those by which it said what it did.
    pub made_of: &'static [EventType],
    /// Those among them whose payload it does not look at: a story has them with the payload `{}`.
    pub only_listed: &'static [EventType],
    /// How a long story is told.
    pub parts: Parts,
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
        only_listed: &[],
        parts: Parts::Carried,
    },
    Derivation {
        app_id: "recurrence-engine",
        made_of: &[
            EventType::TaskCompleted,
            EventType::TaskReopened,
            EventType::TaskRecurred,
        ],
        only_listed: &[EventType::TaskCompleted, EventType::TaskReopened],
        parts: Parts::Latest,
    },
    Derivation {
        app_id: "notification-service",
        made_of: &[EventType::ReminderTriggered, EventType::RecurrenceEnded],
        only_listed: &[],
        parts: Parts::Independent,
    },
];
