//! What stands beside this process where Dapr and the socket proxy are real ones: a daprd for each function, and Pushpin.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tracing::warn;
use wasmtime_wasi_http::{Error as HttpError, WasiBody};

use crate::admission::Seat;
use crate::body::full;
use crate::function::DaprPort;
use crate::refusal::refusal;

/// How long a connection may take to come about: everything beside is near.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// How long a daprd may take to answer. A function that waits longer could not answer its own caller in time.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// Largest refusal of a socket, in bytes.
const MAX_REFUSAL: usize = 64 * 1024;

/// The functions' daprds, over connections that are kept: an instance lives for one request, so it could keep none.
pub struct Daprs {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Daprs {
    /// Without connections yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector()),
        }
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_LIMIT));
    connector
}

impl Default for Daprs {
    fn default() -> Self {
        Self::new()
    }
}

impl DaprPort for Daprs {
    fn handle(
        &self,
        _: &str,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, HttpError>> {
        let client = self.client.clone();
        Box::pin(async move {
            let answered = async {
                let response = client
                    .request(request.map(Full::new))
                    .await
                    .map_err(|error| {
                        if error.is_connect() {
                            HttpError::DestinationUnavailable
                        } else {
                            HttpError::ConnectionTerminated
                        }
                    })?;
                let (parts, body) = response.into_parts();
                let body = body.collect().await.map_err(HttpError::Hyper)?.to_bytes();
                Ok(Response::from_parts(parts, body))
            };
            tokio::time::timeout(ANSWER_LIMIT, answered)
                .await
                .unwrap_or(Err(HttpError::ConnectionReadTimeout))
        })
    }
}

/// Another process that runs the functions, such as `spin up`: what people ask is passed on to it.
pub struct Elsewhere {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: Authority,
    ids: BTreeSet<String>,
}

impl Elsewhere {
    /// The functions `ids` at `authority`.
    #[must_use]
    pub fn new(authority: Authority, ids: BTreeSet<String>) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector()),
            authority,
            ids,
        }
    }

    /// Whether there is a function `id`.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Passes a request on. A runtime that is away is back in a moment.
    pub async fn pass(&self, request: Request<Bytes>) -> Response<WasiBody> {
        let (mut parts, body) = request.into_parts();
        let mut uri = parts.uri.into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.authority.clone());
        // Scheme, authority and a path that has been parsed before always make one.
        parts.uri = Uri::from_parts(uri).unwrap_or_default();
        // The body is whole by now, and the connection another one.
        parts.headers.remove(header::TRANSFER_ENCODING);
        let request = Request::from_parts(parts, Full::new(body));
        match self.client.request(request).await {
            Ok(response) => response.map(|body| body.map_err(HttpError::Hyper).boxed_unsync()),
            Err(error) => {
                warn!("the functions at {}: {error}", self.authority);
                let reason = "The functions are away for now. Try again in a moment.";
                refusal(StatusCode::SERVICE_UNAVAILABLE, reason).map(full)
            }
        }
    }
}

/// The proxy that holds the sockets: what asks for one is passed on to it.
pub struct SocketProxy {
    authority: Authority,
}

impl SocketProxy {
    /// The proxy at `authority` (`127.0.0.1:7999`).
    #[must_use]
    pub fn new(authority: Authority) -> Self {
        Self { authority }
    }

    /// Passes a request for a socket on, and ties both ends together when the proxy opens one.
    /// The socket keeps `seat` for as long as it is open.
    pub async fn upgrade(
        &self,
        request: Request<Incoming>,
        seat: Option<Arc<Seat>>,
    ) -> Response<Bytes> {
        let passed = tokio::time::timeout(ANSWER_LIMIT, self.pass(request, seat)).await;
        let reason = match passed {
            Ok(Ok(response)) => return response,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        warn!("the socket proxy at {}: {reason}", self.authority);
        refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "Live updates are away for now. Try again in a moment.",
        )
    }

    async fn pass(
        &self,
        mut request: Request<Incoming>,
        seat: Option<Arc<Seat>>,
    ) -> anyhow::Result<Response<Bytes>> {
        let stream = TcpStream::connect(self.authority.as_str());
        let stream = tokio::time::timeout(CONNECT_LIMIT, stream).await??;
        // Without it the socket is only slower.
        stream.set_nodelay(true).ok();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection.with_upgrades());
        let near = hyper::upgrade::on(&mut request);
        let mut response = sender
            .send_request(request.map(|_| Empty::<Bytes>::new()))
            .await?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let far = hyper::upgrade::on(&mut response);
            tokio::spawn(async move {
                // Either end may break off at any time, which ends the socket.
                if let (Ok(near), Ok(far)) = tokio::join!(near, far) {
                    let (mut near, mut far) = (TokioIo::new(near), TokioIo::new(far));
                    tokio::io::copy_bidirectional(&mut near, &mut far)
                        .await
                        .ok();
                }
                drop(seat);
            });
        }
        let (parts, body) = response.into_parts();
        let body = match parts.status {
            StatusCode::SWITCHING_PROTOCOLS => Bytes::new(),
            _ => Limited::new(body, MAX_REFUSAL)
                .collect()
                .await
                .map_err(anyhow::Error::from_boxed)?
                .to_bytes(),
        };
        Ok(Response::from_parts(parts, body))
    }
}
