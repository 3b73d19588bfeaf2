//! What people experience, told against an address: see the library's documentation.

mod chat;
mod contract;
mod extremes;
mod history;
mod identity;
mod input;
mod life;
mod recurrence;
mod reminders;
mod routes;
mod screens;
mod tasks;
