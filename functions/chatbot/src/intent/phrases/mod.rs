//! What people say to a chatbot, as tables: a file for each reader, a table for each thing that its phrases do.
//!
//! A phrase is in lower case, with straight apostrophes and one space between its words. Where several phrases of a table fit, the
//! longest counts. To have another phrase understood, add it to the table that says what it does, and a message with it to
//! `tests/corpus`.

pub(crate) mod answer;
pub(crate) mod change;
pub(crate) mod complete;
pub(crate) mod courtesy;
pub(crate) mod delete;
pub(crate) mod find;
pub(crate) mod guard;
pub(crate) mod list;
pub(crate) mod period;
pub(crate) mod postpone;
pub(crate) mod rename;
pub(crate) mod reopen;
pub(crate) mod revoke;
pub(crate) mod show;
pub(crate) mod target;
