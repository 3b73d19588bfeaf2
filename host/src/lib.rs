//! The embedded host: the functions of `spin.toml` and their Dapr in one process.
//!
//! A request from outside takes this way: [`connections`] and [`admission`] (how much may come in) → [`server`] (what may)
//! → [`route`] (which function) → [`function`] (a
//! fresh instance) → the function's Dapr, which is `nudge-sidecar` in this process. [`app`] puts the parts together.

pub mod admission;
pub mod allowance;
pub mod app;
pub mod backup;
pub mod beside;
mod body;
pub mod check;
pub mod component;
pub mod connections;
pub mod disk;
pub mod engine;
pub mod erase;
pub mod function;
pub mod limits;
pub mod manifest;
pub mod outbound;
pub mod recorder;
mod refusal;
pub mod replay;
pub mod route;
pub mod server;
pub mod settle;
pub mod sign_in;
pub mod variables;
