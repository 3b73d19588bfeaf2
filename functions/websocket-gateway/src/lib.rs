//! The WebSocket gateway: who may listen to what. It owns nothing; a proxy that speaks GRIP holds the sockets.

mod routes;
mod talk;

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
                grip_key: shell::variable("grip_key"),
                proxies: shell::variable("pushpin_urls"),
                clock: shell::now,
            };
            super::route(&service, request).await.into()
        })
        .await;
    }
}
