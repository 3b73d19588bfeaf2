//! A part of a sentence, where only that part is asked for.

use crate::vocabulary::context::Context;
use chrono::{DateTime, Utc};
use domain::{Recurrence, ReminderRule};

use crate::decisions::quick_add::quick_add;

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
