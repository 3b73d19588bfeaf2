//! Nudge with real parts on one machine: Kafka, PostgreSQL, Pushpin, a daprd for each function, and the host without its
//! sidecar, all kept alive by one supervisor.
//!
//! [`system::System`] starts and stops all of them. Each part's own file says how it is installed and run; [`part`] is the
//! supervisor of one process, and [`place`] says where everything is kept.

pub mod application;
pub mod cache;
pub mod daprd;
mod existing;
mod family;
pub mod kafka;
pub mod part;
pub mod place;
pub mod postgres;
pub mod programs;
pub mod pushpin;
pub mod runtime;
pub mod settings;
pub mod stop;
pub mod system;
