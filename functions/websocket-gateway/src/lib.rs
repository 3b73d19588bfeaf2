//! The WebSocket gateway: who may listen to what. It owns nothing; a proxy that speaks GRIP holds the sockets.

mod proxies;
mod routes;
mod talk;

pub use routes::{Gateway, route};

#[cfg(target_arch = "wasm32")]
mod component {
    use http_api::shell::{self, variable};
    use spin_sdk::http::{IncomingRequest, ResponseOutparam};

    #[spin_sdk::http_component]
    async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        shell::serve(
            "websocket-gateway",
            request,
            response_out,
            async |function, request| {
                let gateway = super::Gateway {
                    function,
                    grip_key: &variable("grip_key"),
                    proxies: &variable("pushpin_urls"),
                };
                super::route(&gateway, request).await
            },
        )
        .await;
    }
}
