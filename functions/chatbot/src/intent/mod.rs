//! What a chat message wants, and which tasks a person means. Pure: no clock, no I/O, no randomness.
//!
//! Three floors, each of which uses only those below it: [`Intent`] and what it is made of (`vocabulary`, `message`), a reader
//! for each kind of wish (`readers`), and [`understand()`], which asks the readers in their order. What people say stands in
//! tables, in `phrases`. [`find()`] finds the tasks that a person means by their own words. Dates, times and recurrences inside a
//! message are read by `language`.
//!
//! What people differ over, as it is decided here:
//! - A command with a "not" before it, or one that is understood in part only, changes nothing and becomes no task.
//! - What is put right in a message of its own moves the task last spoken of: "no, friday".
//! - "Delete" and "forget about" are about the list. "Cancel", "remove" and "get rid of" with a date, and "cancel" of a
//!   membership or the like, are things to do.

mod find;
mod message;
mod new_due;
mod phrases;
mod readers;
mod understand;
mod verb;
mod vocabulary;

pub use find::{TitleMatch, find};
pub use new_due::NewDueError;
pub use understand::{asks_for_nothing, understand};
pub use vocabulary::{Choice, Edit, Intent, ListQuery, NewDue, Period, Target};
