//! The chatbot: what a sentence means, and the command that it comes to.
//!
//! A message is `understand → load → plan → carry out → reply`: [`intent`] understands, [`plan`] decides what is to be
//! done (pure), `tasks` asks the task service with the person's own token, [`reply`] finds the words, `turn` puts them
//! in order. [`conversation`] is what is remembered from one message to the next; `kept` has a repeat do the same again.

pub mod command;
pub mod conversation;
mod inner;
pub mod intent;
mod kept;
mod known;
mod people;
pub mod plan;
mod quick_add;
mod remembered;
pub mod reply;
mod routes;
mod tasks;
mod turn;

pub use known::Known;
pub use routes::routes;

#[cfg(target_arch = "wasm32")]
function::component!(routes);
