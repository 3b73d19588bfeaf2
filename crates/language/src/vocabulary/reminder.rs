//! What a matcher returns for a reminder.

use super::date::ParsedDate;
use super::time::ParsedTime;

/// When somebody wants to hear of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum ParsedReminder {
    /// So many minutes before it is due.
    Before(Vec<u32>),
    /// So many days before it is due, at a time of that day.
    DaysBefore(u32, ParsedTime),
    /// On a day, at a time, as far as said.
    At {
        /// The day, where one was said.
        date: Option<ParsedDate>,
        /// The time of day, where one was said.
        time: Option<ParsedTime>,
    },
}
