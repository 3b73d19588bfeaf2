//! One task out of one text.

use crate::Context;
use domain::{Due, Label, ListName, Priority, Recurrence, ReminderRule};

/// What a text says of a new task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QuickAdd {
    /// What is left when everything else is taken out; empty when nothing is.
    pub title: String,
    /// When it is due.
    pub due: Option<Due>,
    /// When the person wants to hear of it. `None`: nothing was said, the service decides.
    pub reminders: Option<Vec<ReminderRule>>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// `!1`, "urgent", "high priority".
    pub priority: Option<Priority>,
    /// `#home`
    pub labels: Vec<Label>,
    /// `@work`
    pub list: Option<ListName>,
    /// Which parts of the text meant what, in order, without overlap.
    pub spans: Vec<Span>,
    /// What the person may want to know, such as "9:00 today is past, so I took tomorrow".
    pub notes: Vec<String>,
}

/// A part of the text that meant something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Place of its first character, in Unicode code points.
    pub start: usize,
    /// Place behind its last character.
    pub end: usize,
    /// What it meant.
    pub kind: SpanKind,
}

/// What a part of a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpanKind {
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A recurrence.
    Recurrence,
    /// A reminder.
    Reminder,
    /// A priority.
    Priority,
    /// A label.
    Label,
    /// A list.
    List,
}

/// Reads one task out of `text`.
#[must_use]
pub fn quick_add(text: &str, _context: &Context) -> QuickAdd {
    QuickAdd {
        title: text.trim().to_owned(),
        ..QuickAdd::default()
    }
}
