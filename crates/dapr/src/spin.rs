//! The transport inside a component: Spin's outbound HTTP.

use http::{Request, Response};

use crate::client::Transport;

/// `wasi:http` by way of the Spin SDK.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpinTransport;

impl Transport for SpinTransport {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, String> {
        spin_sdk::http::send(request)
            .await
            .map_err(|error| error.to_string())
    }
}
