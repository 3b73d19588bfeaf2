//! The recurrence engine: whether and when a task comes again.
//!
//! [`next`] is the rule of it, without any I/O; `react` carries it out when a task is completed or reopened; `preview`
//! shows a rule's dates to a person before they choose it.

mod known;
pub mod next;
mod preview;
mod react;
mod routes;

pub use routes::route;

#[cfg(target_arch = "wasm32")]
mod component {
    use spin_sdk::http::{IncomingRequest, ResponseOutparam};

    #[spin_sdk::http_component]
    async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        http_api::shell::serve("recurrence-engine", request, response_out, super::route).await;
    }
}
