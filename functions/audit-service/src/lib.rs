//! The audit service: every event of every topic, on record for good.
//!
//! [`chain`] is the record and how records hang together; `log` writes them; `history` reads them for the person whose
//! tasks they are, and verifies that nothing was changed, left out or put in; `replay` tells it to a function whose state
//! was lost.

pub mod chain;
mod history;
mod log;
mod replay;
mod routes;

pub use routes::route;

#[cfg(target_arch = "wasm32")]
mod component {
    use spin_sdk::http::{IncomingRequest, ResponseOutparam};

    #[spin_sdk::http_component]
    async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        http_api::shell::serve("audit-service", request, response_out, super::route).await;
    }
}
