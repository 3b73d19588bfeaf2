//! The HTTP API: the body of every route as a type.
//!
//! A function refuses a person's request that has a field which its type has not, or an instant that is out of range. An
//! answer has the fields of its type and may have more in a later version. What functions store and publish keeps what a
//! newer version wrote, and has types of its own in [`events`].
//!
//! [`OPENAPI`] is written from these types by this crate's test, and so are the screen's types from [`OPENAPI`].

pub mod account;
pub mod chat;
pub mod history;
pub mod inner;
pub mod live;
pub mod notification;
pub mod preferences;
mod problem;
pub mod recurrence;
pub mod reminder;
pub mod session;
pub mod task;

pub use problem::{FieldError, Problem};

/// The API's document, OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("../openapi.json");
