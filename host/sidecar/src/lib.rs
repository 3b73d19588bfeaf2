//! Dapr inside the process: its HTTP API as the functions use it, durable in one SQLite file.
//!
//! State and messages live in the same database; every write is in a committed, synced transaction before it is
//! acknowledged, so a `kill -9` at any point loses nothing. Settings come from the same YAML files that a real daprd
//! reads. What is answered here is what Dapr documents, and nothing else.

mod api;
mod apps;
mod bindings;
mod components;
mod duration;
mod environment;
mod external;
pub mod private;
mod pubsub;
mod response;
mod schedule;
mod secrets;
mod sidecar;
mod state;
mod store;

pub use apps::{Apps, Cause, Internal};
pub use sidecar::{Settings, Sidecar};
pub use store::{check_database, copy_database};
