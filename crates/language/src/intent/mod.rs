//! What a chat message wants.

mod answer;
mod change;
mod complete;
mod delete;
mod guard;
mod list;
mod message;
mod period;
mod postpone;
mod rename;
mod reopen;
mod revoke;
mod show;
mod target;

use chrono::{Duration, NaiveDate, NaiveTime};
use domain::{Label, ListName, Priority, Recurrence};

use crate::Context;
use crate::correct::corrected;
use crate::quick_add::{QuickAdd, quick_add};
use crate::scan::Reading;
use crate::token::tokens;
use message::Message;

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

/// Everything that finds a wish other than a new task, in this order: the more particular before the more general.
const READERS: [fn(&Message<'_>) -> Option<Intent>; 15] = [
    answer::answer,
    delete::unwanted,
    revoke::revoke,
    guard::guard,
    postpone::corrected,
    complete::alone,
    list::list,
    reopen::reopen,
    change::change,
    postpone::postpone,
    rename::rename,
    complete::complete,
    delete::delete,
    show::show,
    show::unanswerable,
];

/// Reads what `text` wants. What is no question, command or answer is a task to add.
#[must_use]
pub fn intent(text: &str, context: &Context) -> Intent {
    let characters: Vec<char> = text.chars().collect();
    let reading = Reading::new(context);
    let tokens = corrected(tokens(&characters), &reading);
    let Some(message) = Message::new(&characters, &tokens, &reading) else {
        return Intent::Unknown;
    };
    if let Some(intent) = READERS.iter().find_map(|reader| reader(&message)) {
        return match guard::is_of_no_task(&message, &intent) {
            true => Intent::Unknown,
            false => intent,
        };
    }
    let read = quick_add(text, context);
    // "Move the choir to the 31st of february" is no new task.
    match guard::begins_a_command(&message, &read) {
        true => Intent::Unknown,
        false => Intent::Add(Box::new(read)),
    }
}

/// Whether `text` is no new task, though nothing else was asked for: what it says is taken back in the same breath, or it is
/// about not being reminded.
#[must_use]
pub fn asks_for_nothing(text: &str, context: &Context) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let reading = Reading::new(context);
    let tokens = corrected(tokens(&characters), &reading);
    let message = Message::new(&characters, &tokens, &reading);
    message.is_some_and(|message| {
        delete::unwanted(&message).is_some() || revoke::revoke(&message).is_some()
    })
}
