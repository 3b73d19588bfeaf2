//! Sentences instead of fields.

use events::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::task::{Due, Recurrence, Reminder, Task, TaskSummary};

/// Body of `POST /api/chat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatMessage {
    /// What the person says.
    pub message: String,
    /// From an earlier answer: goes on from there.
    pub conversation_id: Option<String>,
    /// Whose clocks the words mean: an IANA name. Without it, the person's preferences say.
    pub time_zone: Option<String>,
}

/// Answer to `POST /api/chat`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatAnswer<T = AnyTask> {
    /// What Nudge says, in lines.
    pub reply: String,
    /// Goes into the next message.
    pub conversation_id: String,
    /// What was done.
    pub actions: Vec<ChatAction<T>>,
    /// What was asked for.
    pub tasks: Vec<T>,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatAction<T = AnyTask> {
    /// `added`, `moved`, `renamed`, `changed`, `completed`, `reopened` or `deleted`.
    pub kind: String,
    /// The task as it now is, or was.
    pub task: Option<T>,
    /// The message that takes it back.
    pub undo: Option<String>,
}

/// A task of an answer: whole where it was changed or asked for by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnyTask {
    /// With its long texts.
    Whole(Box<Task>),
    /// Without.
    Summary(Box<TaskSummary>),
}

/// Body of `POST /api/quick-add` and its preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuickAdd {
    /// The line.
    pub text: String,
    /// When it was written; without it, now.
    pub now: Option<Timestamp>,
    /// Whose clocks the words mean: an IANA name. Without it, the person's preferences say.
    pub time_zone: Option<String>,
}

/// Answer to `POST /api/quick-add/preview`. What was not said is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuickAddPreview {
    /// What is left for the title.
    pub title: String,
    /// When it would be due.
    pub due: Option<Due>,
    /// Whose clocks were meant.
    pub time_zone: String,
    /// Its reminders; `null`: those that a new task gets by itself.
    pub reminders: Option<Vec<Reminder>>,
    /// How it would come again.
    pub recurrence: Option<Recurrence>,
    /// The recurrence in words.
    pub recurrence_text: Option<String>,
    /// 1 (urgent) to 4 (none).
    #[schemars(range(min = 1, max = 4))]
    pub priority: Option<u8>,
    /// Without `#`.
    pub labels: Vec<String>,
    /// The list's name.
    pub list: Option<String>,
    /// Which words were understood as what.
    pub spans: Vec<Span>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Words that were understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// Where they begin, in Unicode code points.
    pub start: usize,
    /// Behind their end.
    pub end: usize,
    /// What they say.
    pub kind: SpanKind,
}

/// What words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// A date.
    Date,
    /// A time.
    Time,
    /// How it comes again.
    Recurrence,
    /// When the person is reminded.
    Reminder,
    /// How urgent it is.
    Priority,
    /// A label.
    Label,
    /// A list.
    List,
}
