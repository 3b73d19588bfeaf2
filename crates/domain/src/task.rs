//! A task, and what may become of it.

use chrono::{DateTime, Utc};

use crate::reminder::Reminder;
use crate::{Due, Label, ListName, Notes, Recurrence, SeriesId, TaskId, Title};

/// Most labels of one task.
pub const MAX_LABELS: usize = 50;
/// Most reminders of one task.
pub const MAX_REMINDERS: usize = 20;
/// Most checklist items of one task.
pub const MAX_CHECKLIST: usize = 100;
/// Most open tasks of one user.
pub const MAX_OPEN_TASKS: u32 = 10_000;

/// A task as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Stable for ever.
    pub id: TaskId,
    /// 1 when created, one more with every change; the HTTP `ETag`.
    pub version: u64,
    /// What is to be done.
    pub title: Title,
    /// Anything longer.
    pub notes: Notes,
    /// Open or completed.
    pub status: Status,
    /// 1 is the most urgent.
    pub priority: Priority,
    /// In the order given, without repeats.
    pub labels: Vec<Label>,
    /// The list it is in.
    pub list: ListName,
    /// Small steps.
    pub checklist: Vec<ChecklistItem>,
    /// When it is due.
    pub due: Option<Due>,
    /// When the person wants to hear of it.
    pub reminders: Vec<Reminder>,
    /// How it comes again; needs a due date.
    pub recurrence: Option<Recurrence>,
    /// Its place in a series; present when it recurs or came from a recurring task.
    pub series: Option<SeriesPlace>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was completed.
    pub completed_at: Option<DateTime<Utc>>,
}

/// Where a task stands in its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesPlace {
    /// The series.
    pub id: SeriesId,
    /// Number of this occurrence by the rule, from 1 to [`MAX_OCCURRENCE`](crate::limits::MAX_OCCURRENCE): what `COUNT`
    /// counts.
    pub occurrence: u32,
    /// The date that the rule is expanded from (RFC 5545 `DTSTART`), of the years 1970 to 9000.
    pub start: chrono::NaiveDate,
    /// The date that the rule has for this occurrence, of the years 1970 to 9000. It stays where the due date is moved. `None`:
    /// that of the due date.
    pub slot: Option<chrono::NaiveDate>,
}

impl SeriesPlace {
    /// Where a series begins.
    #[must_use]
    pub fn first(id: SeriesId, start: chrono::NaiveDate) -> Self {
        Self {
            id,
            occurrence: 1,
            start,
            slot: Some(start),
        }
    }
}

impl Task {
    /// The version of what the task becomes by a change.
    #[must_use]
    pub fn next_version(&self) -> u64 {
        self.version.saturating_add(1)
    }
}

/// Whether a task is still to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// To be done.
    Open,
    /// Done.
    Completed,
}

/// 1 (urgent) to 4 (none).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

/// A priority outside 1 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 (urgent), 2, 3 or 4 (none), not {0}")]
pub struct InvalidPriority(pub u64);

impl Priority {
    /// Urgent.
    pub const URGENT: Self = Self(1);
    /// High.
    pub const HIGH: Self = Self(2);
    /// Medium.
    pub const MEDIUM: Self = Self(3);
    /// None: the default.
    pub const NONE: Self = Self(4);

    /// Checks the range.
    ///
    /// # Errors
    /// [`InvalidPriority`] outside 1 to 4.
    pub fn parse(level: u64) -> Result<Self, InvalidPriority> {
        match u8::try_from(level) {
            Ok(small @ 1..=4) => Ok(Self(small)),
            _ => Err(InvalidPriority(level)),
        }
    }

    /// 1 to 4.
    #[must_use]
    pub fn level(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::NONE
    }
}

/// One step of a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// What is to be done.
    pub text: Title,
    /// Whether it is.
    pub done: bool,
}
