//! The task service: what a task is and who may change it. The only writer of tasks.
//!
//! A command is `load → decide → commit → answer → publish`: the pure part is in [`decide`], the transaction in
//! `commit`, the lists in `list`.

mod check;
mod commit;
pub mod decide;
mod erase;
mod fields;
mod head;
mod internal;
mod list;
mod place;
mod record;
mod routes;
mod summary;
mod transfer;

pub use routes::route;

#[cfg(target_arch = "wasm32")]
mod component {
    use spin_sdk::http::{IncomingRequest, ResponseOutparam};

    #[spin_sdk::http_component]
    async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        http_api::shell::serve("task-service", request, response_out, super::route).await;
    }
}
