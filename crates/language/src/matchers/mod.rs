//! Everything that finds a meaning at the beginning of some words, a file for each kind of meaning. A matcher looks at the
//! words and the calendar, and never at what other matchers found.

pub mod amount;
pub mod calendar_date;
pub mod clock;
pub mod day;
pub mod mark;
pub mod priority;
pub mod remind;
pub mod repeat;
