//! The reminder service: when a reminder is due, and that it fires once.
//!
//! [`book`] is what is stored of a task's reminders and the pure rules of it; `schedule` takes what the task service
//! says; `fire` works through the timetable; `commands` are the person's own; `agenda` is the list over all tasks.

mod agenda;
pub mod book;
mod check;
mod commands;
mod erase;
mod fire;
mod inner;
mod people;
mod routes;
mod schedule;

pub use routes::routes;

#[cfg(target_arch = "wasm32")]
function::component!(routes);
