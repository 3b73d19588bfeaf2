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
mod routes;
mod schedule;

pub use routes::route;

#[cfg(target_arch = "wasm32")]
mod component {
    use spin_sdk::http::{IncomingRequest, ResponseOutparam};

    #[spin_sdk::http_component]
    async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        http_api::shell::serve("reminder-service", request, response_out, super::route).await;
    }
}
