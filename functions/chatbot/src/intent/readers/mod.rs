//! Everything that finds a wish in a message, a file for each kind.

pub(crate) mod answer;
pub(crate) mod change;
pub(crate) mod complete;
pub(crate) mod delete;
pub(crate) mod guard;
pub(crate) mod list;
pub(crate) mod period;
pub(crate) mod postpone;
pub(crate) mod rename;
pub(crate) mod reopen;
pub(crate) mod revoke;
pub(crate) mod show;
pub(crate) mod target;
