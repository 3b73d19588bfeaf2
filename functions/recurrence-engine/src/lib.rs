//! The recurrence engine: whether and when a task comes again.
//!
//! [`next`] is the rule of it, without any I/O; `react` carries it out when a task is completed or reopened; `preview`
//! shows a rule's dates to a person before they choose it.

mod inner;
mod known;
pub mod next;
mod people;
mod preview;
mod react;
mod routes;

pub use routes::routes;

#[cfg(target_arch = "wasm32")]
function::component!(routes);
