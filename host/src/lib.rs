//! The embedded host: runs the functions of `spin.toml` in one process.

pub mod component;
pub mod engine;
pub mod function;
pub mod manifest;
pub mod outbound;
pub mod route;
pub mod variables;
