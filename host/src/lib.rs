//! The embedded host: the functions of `spin.toml` and their Dapr in one process.
//!
//! A request from outside takes this way: [`server`] (what may come in) → [`route`] (which function) → [`function`] (a
//! fresh instance) → the function's Dapr, which is `nudge-sidecar` in this process. [`app`] puts the parts together.

pub mod app;
pub mod beside;
pub mod component;
pub mod engine;
pub mod function;
pub mod manifest;
pub mod outbound;
pub mod replay;
pub mod route;
pub mod server;
pub mod sign_in;
pub mod variables;
