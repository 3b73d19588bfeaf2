//! What becomes of a task: pure, one command a file. Clock and ids come in as arguments.

mod complete;
mod create;
mod delete;
mod import;
mod outcome;
mod settle;
mod update;

pub use complete::{complete, reopen};
pub use create::{create, create_next};
pub use delete::{delete, withdraw};
pub use import::import;
pub(crate) use outcome::SOURCE;
pub use outcome::{Change, Context, Outcome};
pub use settle::settle;
pub use update::update;
