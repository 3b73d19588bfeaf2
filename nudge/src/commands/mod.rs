//! The commands, a file each.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod components;
pub(crate) mod dlq;
pub(crate) mod erase;
pub(crate) mod person;
pub(crate) mod replay;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod token;
pub(crate) mod topics;
pub(crate) mod variables;

mod broker;
mod recorder;
