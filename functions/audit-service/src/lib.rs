//! The audit service: every event of every topic, on record for good.
//!
//! [`chain`] is the record and how records hang together; `documents` is what lies in the store; `log` writes it, with
//! `reference` in the place of what is on record already; `batch` reads it in pieces that fit into memory, for `history`,
//! which shows it to the person whose tasks they are, `verify`, which finds what was changed, left out or put in, `replay`
//! and `tell`, which tell it to a function whose state was lost, and `erase`, which leaves nothing but the chain.

mod batch;
pub mod chain;
mod check;
mod documents;
mod erase;
mod everywhere;
mod history;
mod log;
mod people;
mod reference;
mod replay;
mod routes;
mod tell;
mod verify;

pub use routes::routes;

#[cfg(target_arch = "wasm32")]
function::component!(routes);
