//! The reminder service: when a reminder is due, and that it fires once.
//!
//! [`book`] is what is stored and the pure rules of it; `schedule` takes what the task service says; `fire` works
//! through the timetable; `commands` are the person's own.

pub mod book;
mod commands;
mod fire;
mod routes;
mod schedule;

pub use routes::{Service, route};

#[cfg(target_arch = "wasm32")]
mod component {
    use http_api::shell;
    use spin_sdk::http::{IncomingRequest, ResponseOutparam};

    #[spin_sdk::http_component]
    async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        shell::serve(request, response_out, async |request| {
            let service = super::Service {
                dapr: shell::component_dapr(&request),
                issuer: shell::issuer(),
                app_api_token: shell::variable("app_api_token"),
                clock: shell::now,
                new_id: uuid::Uuid::now_v7,
            };
            super::route(&service, request).await
        })
        .await;
    }
}
