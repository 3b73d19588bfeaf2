//! The ground: words and their meanings on their own, what matchers are told, and the types that they return.

pub mod amount;
pub mod calendar;
pub mod context;
pub mod date;
pub mod lexicon;
pub mod meaning;
pub mod recurrence;
pub mod reminder;
pub mod time;
pub mod token;
pub mod weight;
