//! What a chat message can want.

use chrono::{Duration, NaiveDate, NaiveTime};
use domain::{Label, ListName, Priority, Recurrence};
use language::QuickAdd;

/// What a message wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// A new task: "remind me to …", or anything that reads like a task.
    Add(Box<QuickAdd>),
    /// To see tasks: "what's due today?"
    List(ListQuery),
    /// To know about one task: "when is the dentist?"
    Show(Target),
    /// "I called mom", "mark … as done".
    Complete(Target),
    /// "reopen …", "I haven't … after all".
    Reopen(Target),
    /// "delete …", "forget about …".
    Delete(Target),
    /// Another due date: "move … to Friday", "push it back two days".
    Move {
        /// Which.
        target: Target,
        /// To when.
        to: NewDue,
    },
    /// Another title: "rename … to …".
    Rename {
        /// Which.
        target: Target,
        /// To what, as written.
        title: String,
    },
    /// Another priority, label, list or recurrence: "make … urgent", "tag … with #home".
    Change {
        /// Which.
        target: Target,
        /// What becomes of it.
        edit: Box<Edit>,
    },
    /// An answer to "which one?": "the second", "both", "the one on Friday".
    Choose(Choice),
    /// "yes", "ok".
    Yes,
    /// "no", "never mind", "cancel".
    No,
    /// "undo".
    Undo,
    /// "help", "what can you do?"
    Help,
    /// "hi", "good morning".
    Greeting,
    /// "thanks".
    Thanks,
    /// A question or sentence that is none of the above, and no task either.
    Unknown,
}

/// Which task is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The one that these words describe.
    Words(String),
    /// "it", "that", "the last one": the one last spoken of.
    Last,
    /// "number 2", of the list last shown, counted from 1.
    Number(usize),
    /// "everything due today": all that a list would show.
    All(ListQuery),
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// By when they are due.
    pub period: Period,
    /// Only those with this label.
    pub label: Option<Label>,
    /// Only those of this list.
    pub list: Option<ListName>,
    /// Only those of this priority.
    pub priority: Option<Priority>,
    /// Only those that have these words: "what do I have about the car?"
    pub text: Option<String>,
}

/// A stretch of due dates, or the completed tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Period {
    /// All open tasks.
    #[default]
    All,
    /// Due today or earlier.
    Today,
    /// Overdue.
    Overdue,
    /// Due by the end of this week, overdue ones included.
    Week,
    /// Due from the first to the last day, both included: "tomorrow", "next week", "in December".
    Between(NaiveDate, NaiveDate),
    /// Without a due date.
    NoDue,
    /// Done, the newest first.
    Completed,
}

/// A stretch of due dates that has a name of its own, seen from today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedPeriod {
    Today,
    Overdue,
    ThisWeek,
    Tomorrow,
    Yesterday,
    Weekend,
    NextWeek,
    ThisMonth,
    NextMonth,
    ThisYear,
    NoDue,
}

/// When a task is due instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewDue {
    /// On this day, at this time; what is not said stays as it is.
    At {
        /// The day.
        date: Option<NaiveDate>,
        /// The time of day.
        time: Option<NaiveTime>,
    },
    /// Later (or earlier) than it was, by months and days of the calendar and then by a stretch of time.
    Shift {
        /// Months of the calendar: "by a month" keeps the day of the month, where there is one.
        months: i32,
        /// Days of the calendar: the wall-clock time stays.
        days: i64,
        /// Hours and minutes.
        time: Duration,
    },
    /// On no day.
    Never,
}

/// What becomes of the other fields of a task; an absent field stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edit {
    /// Another priority.
    pub priority: Option<Priority>,
    /// Labels to be added.
    pub add_labels: Vec<Label>,
    /// Labels to be taken away.
    pub remove_labels: Vec<Label>,
    /// Another list.
    pub list: Option<ListName>,
    /// Another recurrence; `Some(None)` ends it.
    pub recurrence: Option<Option<Recurrence>>,
}

/// Which of several tasks, in answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Counted from 1.
    Numbers(Vec<usize>),
    /// "both", "all of them".
    All,
    /// "the last one": of those shown.
    Last,
}
