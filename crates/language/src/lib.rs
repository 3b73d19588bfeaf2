//! What people write about their tasks, and how Nudge writes back. Pure: no clock, no I/O, no randomness.
//!
//! Three entries: [`quick_add()`] reads one task out of a text, [`intent()`] reads what a chat message wants, and [`find()`]
//! finds the tasks that a person means by their own words. [`recurrence()`] and [`moment()`] read a part of a sentence
//! where only that part is asked for. [`describe`] is the way back.
//!
//! A text becomes words (`token`), `correct` takes out what they put right themselves, `scan` finds what means
//! something, `quick_add` chooses the clearest piece of each kind, `whole` drops what is only a part of what was said,
//! `title` is what is left, and `settle` makes dates of the rest. Every piece of knowledge about English is a matcher in one visible list: `MATCHERS` for what a task says, `READERS` for what a
//! message wants.
//!
//! What people differ over, as it is decided here (and said in [`QuickAdd::notes`] where it may surprise):
//! - An hour alone is in the afternoon from 1 to 6 and in the morning from 7 to 11, unless that is past today and the
//!   other is still to come, or the thing itself says so ("dinner at 8").
//! - Relative words never mean the past: "at 9am", said at 10, is tomorrow; "this morning", said in the afternoon, is
//!   today without a time.
//! - "Friday" is the next one after today, "next Friday" that of next week.
//! - `3/4` is March 4th where people write the month first, else the 3rd of April.
//! - "Until June" ends before June begins, "until 5 June" with that day.
//! - A night goes on behind midnight: "friday night at 1" is on Saturday. "Friday at midnight" is when Friday begins.
//! - What is put right in the same breath counts, what it puts right does not: "tomorrow, no wait, friday" is Friday. In a
//!   message of its own it moves the task last spoken of.
//! - A day beside a recurrence that can't be its first ("every day on monday", "every week on the 1st"), a time of another zone
//!   ("9am UTC") and a day counted from another ("the day before friday") are told, and set nothing.
//! - A command with a "not" before it, or one that is understood in part only, changes nothing and becomes no task.
//! - A word that could be a date but describes the next word is none: "read Sunday paper".
//! - "Delete" and "forget about" are about the list. "Cancel", "remove" and "get rid of" with a date, and "cancel" of a
//!   membership or the like, are things to do.

mod amount;
mod calendar;
mod calendar_date;
mod clock;
mod correct;
mod day;
pub mod describe;
mod find;
mod intent;
mod lexicon;
mod mark;
mod new_due;
mod priority;
mod quick_add;
mod remind;
mod repeat;
mod scan;
mod settle;
mod title;
mod token;
mod verb;
mod whole;

use chrono::{DateTime, NaiveDateTime, Utc, Weekday};
use domain::zone::{self, Tz};
use domain::{Recurrence, ReminderRule};

pub use find::{Found, find};
pub use intent::{
    Choice, Edit, Intent, ListQuery, NewDue, Period, Target, asks_for_nothing, intent,
};
pub use new_due::NewDueError;
pub use quick_add::{QuickAdd, Span, SpanKind, quick_add};

/// Longest text that is read, in characters. Callers refuse a longer one.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// When and where somebody says something.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Now.
    pub now: DateTime<Utc>,
    /// Whose clocks they mean.
    pub zone: Tz,
    /// The first day of their week.
    pub week_start: Weekday,
}

impl Context {
    /// What the person's clock shows.
    #[must_use]
    pub fn local(&self) -> NaiveDateTime {
        zone::local(self.now, self.zone)
    }
}

/// The recurrence that `text` says, such as "every 2 weeks on Monday", when it says nothing else.
#[must_use]
pub fn recurrence(text: &str, context: &Context) -> Option<Recurrence> {
    let read = quick_add(text, context);
    read.recurrence.filter(|_| read.title.is_empty())
}

/// The instant that `text` says, such as "in 20 minutes", "20 minutes", "until tomorrow at 9", when it says nothing
/// else. A day without a time is the hour at which all-day tasks ring. Never an instant that is past.
#[must_use]
pub fn moment(text: &str, context: &Context) -> Option<DateTime<Utc>> {
    let said = text.trim();
    let said = ["until ", "till ", "for ", "to "]
        .iter()
        .find_map(|lead| said.strip_prefix(lead))
        .unwrap_or(said);
    [said.to_owned(), format!("in {said}")]
        .iter()
        .find_map(|text| {
            let read = quick_add(text, context);
            let due = read
                .due
                .filter(|_| read.title.is_empty() && read.recurrence.is_none())?;
            let exact = match read.reminders.as_deref() {
                Some([ReminderRule::At(at)]) => *at,
                _ => due.reminder_instant(),
            };
            Some(exact).filter(|at| *at > context.now)
        })
}
