//! Tasks: what a person may say of one, and what they are shown.

use chrono::{NaiveDate, NaiveTime};
use domain::limits::{MAX_OCCURRENCE, MAX_VERSION};
use domain::recurrence::{MAX_COUNT, MAX_INTERVAL};
use domain::reminder::MAX_MINUTES_BEFORE;
use domain::task::{MAX_CHECKLIST, MAX_LABELS, MAX_REMINDERS};
use domain::text::{MAX_NOTES_BYTES, MAX_TITLE_CHARS};
use events::{
    BasisDocument, ChecklistItemDocument, DueDocument, RecurrenceDocument, RecurrenceEndDocument,
    ReminderDocument, StatusDocument, TaskDocument, Timestamp, UnknownFields,
};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// Most tasks of a page of an export, and of one import: each that a request brings is a transaction of its own.
pub const MAX_TRANSFERRED: usize = 100;

/// Declares the twin of a document that keeps nothing which this version does not know: the same fields, and no others. What
/// stands behind `with` has a twin itself.
macro_rules! strict {
    (
        $(#[$doc:meta])* $name:ident as $document:ident {
            $($(#[$attribute:meta])* $field:ident: $kind:ty,)*
        }
        $(with { $(#[$part_attribute:meta])* $part:ident: $part_kind:ty })?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $kind,)*
            $(
                $(#[$part_attribute])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $part: Option<$part_kind>,
            )?
        }

        impl From<$name> for $document {
            fn from(strict: $name) -> Self {
                Self {
                    $($field: strict.$field,)*
                    $($part: strict.$part.map(Into::into),)?
                    unknown: UnknownFields::default(),
                }
            }
        }

        impl From<$document> for $name {
            fn from(document: $document) -> Self {
                Self {
                    $($field: document.$field,)*
                    $($part: document.$part.map(Into::into),)?
                }
            }
        }
    };
}

strict! {
    /// A step of a checklist.
    ChecklistItem as ChecklistItemDocument {
        /// What is to be done.
        #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
        text: String,
        /// Whether it is.
        #[serde(default)]
        done: bool,
    }
}

strict! {
    /// When a task is due: wall-clock time in its zone.
    Due as DueDocument {
        /// Of the years 1970 to 9000.
        date: NaiveDate,
        /// `HH:MM`; absent: all day.
        #[serde(default, with = "events::hours_and_minutes", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", regex(pattern = r"^\d\d:\d\d$"))]
        time: Option<NaiveTime>,
        /// An IANA name.
        time_zone: String,
    }
}

strict! {
    /// A reminder: exactly one of `at` and `before_due_minutes`.
    Reminder as ReminderDocument {
        /// In a request only to keep a reminder that the task has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A fixed instant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        /// An all-day task counts as due at 09:00.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = MAX_MINUTES_BEFORE))]
        before_due_minutes: Option<u32>,
    }
}

strict! {
    /// How a task comes again. In a request either `rrule` or the simple fields suffice; `rrule` is always in an answer.
    Recurrence as RecurrenceDocument {
        /// `daily`, `weekly`, `monthly`, `yearly`, or `custom` when only `rrule` tells it all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(extend("enum" = ["daily", "weekly", "monthly", "yearly", "custom", null]))]
        recurrence_type: Option<String>,
        /// Every so many days, weeks, months or years.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = MAX_INTERVAL))]
        recurrence_interval: Option<u16>,
        /// RFC 5545, section 3.3.10, over dates: without BYSECOND, BYMINUTE, BYHOUR, BYYEARDAY and BYWEEKNO. An UNTIL that
        /// is an instant, or a time of the task's zone, ends it exactly then, and stays as it was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rrule: Option<String>,
        /// What the next date is counted from.
        #[serde(default)]
        basis: BasisDocument,
    }
    with {
        /// Absent: never.
        recurrence_end: RecurrenceEnd
    }
}

strict! {
    /// When a recurrence ends: exactly one of `count` and `until`.
    RecurrenceEnd as RecurrenceEndDocument {
        /// After this many occurrences, the first included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = MAX_COUNT))]
        count: Option<u32>,
        /// On this date, inclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
    }
}

impl Recurrence {
    /// Only the rule. Where a merge patch says another one, the simple fields of this one would contradict it.
    #[must_use]
    pub fn only_rule(self) -> Self {
        Self {
            rrule: self.rrule,
            basis: self.basis,
            recurrence_type: None,
            recurrence_interval: None,
            recurrence_end: None,
        }
    }
}

/// Body of `POST /api/tasks`: the fields that a person may say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = title_is_required)]
pub struct NewTask {
    /// What is to be done.
    #[serde(default)]
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// Anything longer, in at most 16 KiB.
    #[serde(default)]
    #[schemars(length(max = MAX_NOTES_BYTES))]
    pub notes: String,
    /// 1 (urgent) to 4 (none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub priority: Option<u64>,
    /// Without `#`.
    #[serde(default)]
    #[schemars(length(max = MAX_LABELS))]
    pub labels: Vec<String>,
    /// The list's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// Small steps.
    #[serde(default)]
    #[schemars(length(max = MAX_CHECKLIST))]
    pub checklist: Vec<ChecklistItem>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// When the person hears of it. Absent: a task with a due time has one reminder at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_REMINDERS))]
    pub reminders: Option<Vec<Reminder>>,
    /// How it comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
}

/// A missing title is refused as an empty one is, by the place where it should be.
fn title_is_required(schema: &mut Schema) {
    if let Some(Value::Object(title)) = schema.pointer_mut("/properties/title") {
        title.remove("default");
    }
    schema.insert("required".to_owned(), json!(["title"]));
}

/// Body of `PATCH /api/tasks/{id}`: a merge patch (RFC 7396), where `null` removes.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
pub struct TaskPatch {
    /// What is to be done.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: Option<String>,
    /// Anything longer.
    pub notes: Option<String>,
    /// 1 (urgent) to 4 (none).
    #[schemars(range(min = 1, max = 4))]
    pub priority: Option<u64>,
    /// Without `#`.
    #[schemars(length(max = MAX_LABELS))]
    pub labels: Option<Vec<String>>,
    /// The list's name.
    pub list: Option<String>,
    /// Small steps.
    #[schemars(length(max = MAX_CHECKLIST))]
    pub checklist: Option<Vec<ChecklistItem>>,
    /// When it is due.
    pub due: Option<DuePatch>,
    /// When the person hears of it.
    #[schemars(length(max = MAX_REMINDERS))]
    pub reminders: Option<Vec<Reminder>>,
    /// How it comes again.
    pub recurrence: Option<RecurrencePatch>,
}

/// What a merge patch says of a due date: what it leaves out stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct DuePatch {
    /// Of the years 1970 to 9000.
    pub date: Option<NaiveDate>,
    /// `HH:MM`; `null`: all day.
    pub time: Option<String>,
    /// An IANA name.
    pub time_zone: Option<String>,
}

/// What a merge patch says of a recurrence. A task has only its rule there: who says another one by the simple fields takes
/// `rrule` out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct RecurrencePatch {
    /// `daily`, `weekly`, `monthly` or `yearly`.
    #[schemars(extend("enum" = ["daily", "weekly", "monthly", "yearly", "custom", null]))]
    pub recurrence_type: Option<String>,
    /// Every so many days, weeks, months or years.
    #[schemars(range(min = 1, max = MAX_INTERVAL))]
    pub recurrence_interval: Option<u16>,
    /// When it ends.
    pub recurrence_end: Option<RecurrenceEnd>,
    /// RFC 5545, section 3.3.10, over dates.
    pub rrule: Option<String>,
    /// What the next date is counted from.
    pub basis: Option<BasisDocument>,
}

/// Whether a task is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TaskStatus")]
pub enum Status {
    /// To be done.
    Open,
    /// Done.
    Completed,
}

/// A task, whole: of an answer, and of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// The task's id.
    pub id: Uuid,
    /// 1 when created, one more with every change. In an import at most 1,000,000,000.
    #[schemars(range(min = 1, max = MAX_VERSION))]
    pub version: u64,
    /// What is to be done.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// Anything longer, in at most 16 KiB.
    #[schemars(length(max = MAX_NOTES_BYTES))]
    pub notes: String,
    /// Whether it is to be done.
    pub status: Status,
    /// 1 (urgent) to 4 (none).
    #[schemars(range(min = 1, max = 4))]
    pub priority: u64,
    /// Without `#`.
    #[schemars(length(max = MAX_LABELS))]
    pub labels: Vec<String>,
    /// The list's name.
    pub list: String,
    /// Small steps.
    #[schemars(length(max = MAX_CHECKLIST))]
    pub checklist: Vec<ChecklistItem>,
    /// When it is due.
    pub due: Option<Due>,
    /// When the person hears of it.
    #[schemars(length(max = MAX_REMINDERS))]
    pub reminders: Vec<Reminder>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// The series that it belongs to.
    pub series_id: Option<Uuid>,
    /// Number of this occurrence in its series, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_OCCURRENCE))]
    pub occurrence: Option<u32>,
    /// The date that the series counts from (RFC 5545 `DTSTART`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_start: Option<NaiveDate>,
    /// The date that the series has for this occurrence. It stays where the due date is moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_slot: Option<NaiveDate>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
}

impl Task {
    /// What a person may say of it, as it is.
    #[must_use]
    pub fn fields(self) -> NewTask {
        NewTask {
            title: self.title,
            notes: self.notes,
            priority: Some(self.priority),
            labels: self.labels,
            list: Some(self.list),
            checklist: self.checklist,
            due: self.due,
            reminders: Some(self.reminders),
            recurrence: self.recurrence,
        }
    }
}

impl From<&domain::Task> for Task {
    fn from(task: &domain::Task) -> Self {
        TaskDocument::from(task).into()
    }
}

impl From<TaskDocument> for Task {
    fn from(document: TaskDocument) -> Self {
        Self {
            id: document.id,
            version: document.version,
            title: document.title,
            notes: document.notes,
            status: match document.status {
                StatusDocument::Completed => Status::Completed,
                // What only a newer version knows is not done.
                StatusDocument::Open | StatusDocument::Unknown(_) => Status::Open,
            },
            priority: document.priority.into(),
            labels: document.labels,
            list: document.list,
            checklist: document.checklist.into_iter().map(Into::into).collect(),
            due: document.due.map(Into::into),
            reminders: document.reminders.into_iter().map(Into::into).collect(),
            recurrence: document.recurrence.map(Into::into),
            series_id: document.series_id,
            occurrence: document.occurrence,
            series_start: document.series_start,
            series_slot: document.series_slot,
            created_at: document.created_at,
            updated_at: document.updated_at,
            completed_at: document.completed_at,
        }
    }
}

/// A task in a list: without its long texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskSummary {
    /// The task's id.
    pub id: Uuid,
    /// 1 when created, one more with every change.
    #[schemars(range(min = 1))]
    pub version: u64,
    /// What is to be done.
    pub title: String,
    /// Whether it is to be done.
    pub status: Status,
    /// 1 (urgent) to 4 (none).
    #[schemars(range(min = 1, max = 4))]
    pub priority: u64,
    /// Without `#`.
    pub labels: Vec<String>,
    /// The list's name.
    pub list: String,
    /// When it is due.
    pub due: Option<Due>,
    /// When the person hears of it.
    pub reminders: Vec<Reminder>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// The series that it belongs to.
    pub series_id: Option<Uuid>,
    /// Number of this occurrence in its series, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<u32>,
    /// The date that the series counts from (RFC 5545 `DTSTART`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_start: Option<NaiveDate>,
    /// The date that the series has for this occurrence. It stays where the due date is moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_slot: Option<NaiveDate>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
    /// Whether there are notes.
    pub has_notes: bool,
    /// How far the checklist is.
    pub checklist_progress: ChecklistProgress,
}

impl From<Task> for TaskSummary {
    fn from(task: Task) -> Self {
        Self {
            has_notes: !task.notes.is_empty(),
            checklist_progress: ChecklistProgress {
                done: task.checklist.iter().filter(|item| item.done).count(),
                total: task.checklist.len(),
            },
            id: task.id,
            version: task.version,
            title: task.title,
            status: task.status,
            priority: task.priority,
            labels: task.labels,
            list: task.list,
            due: task.due,
            reminders: task.reminders,
            recurrence: task.recurrence,
            series_id: task.series_id,
            occurrence: task.occurrence,
            series_start: task.series_start,
            series_slot: task.series_slot,
            created_at: task.created_at,
            updated_at: task.updated_at,
            completed_at: task.completed_at,
        }
    }
}

/// How far a checklist is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistProgress {
    /// How many steps are done.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

/// Answer to `GET /api/tasks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TaskPage")]
pub struct Page<T = TaskSummary> {
    /// The tasks.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page.
    pub next_cursor: Option<String>,
    /// Of the person's tasks: goes up with every change.
    pub revision: u64,
}

/// Answer to `GET /api/tasks/export`, and body of `POST /api/tasks/import`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskExport {
    /// When they were as they are here.
    pub exported_at: Timestamp,
    /// The tasks, whole.
    #[schemars(length(max = MAX_TRANSFERRED))]
    pub items: Vec<Task>,
    /// Pass it as `cursor` for the next page. It says nothing in an import.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// Answer to `POST /api/tasks/import`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// How many tasks are new.
    pub imported: u32,
    /// How many were there, or were deleted.
    pub skipped: u32,
}
