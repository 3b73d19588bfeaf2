//! What is known of English, as tables: a file for each matcher or decision, a table for each thing that its phrases do.
//!
//! A phrase is in lower case, with straight apostrophes and one space between its words. Where several phrases of a table fit, the
//! longest counts. To have another phrase understood, add it to the table that says what it does, and a sentence with it to
//! `tests/corpus`.

pub(crate) mod amount;
pub(crate) mod calendar_date;
pub(crate) mod clock;
pub(crate) mod correct;
pub(crate) mod day;
pub(crate) mod mark;
pub(crate) mod priority;
pub(crate) mod remind;
pub(crate) mod repeat;
pub(crate) mod repeat_end;
pub(crate) mod repeat_except;
pub(crate) mod repeat_frequency;
pub(crate) mod repeat_on;
pub(crate) mod title;
pub(crate) mod whole;
