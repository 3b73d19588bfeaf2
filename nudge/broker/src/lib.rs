//! What operators do with the broker itself: make its topics, and look after what a function could not process.

mod connection;
pub mod dead_letters;
pub mod operator;
pub mod topics;

pub use connection::{Connection, Login};
