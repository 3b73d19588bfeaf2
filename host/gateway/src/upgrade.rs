//! How a socket is opened: the function is asked, and what it answers decides.

use std::sync::Arc;

use bytes::Bytes;
use grip::Event;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::connection::{self, Connection};
use crate::gateway::{Gateway, Refused, Visitor, answer};

impl Gateway {
    /// Asks the function, and opens the socket if it agrees; its refusal is passed on.
    ///
    /// # Errors
    /// Why the function was not asked, or what is wrong with its answer.
    pub async fn upgrade(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        from: Visitor,
    ) -> Result<Response<Bytes>, Refused> {
        let headers = request.headers();
        let key = headers
            .get(header::SEC_WEBSOCKET_KEY)
            .map(|key| derive_accept_key(key.as_bytes()));
        let version = headers
            .get(header::SEC_WEBSOCKET_VERSION)
            .map(HeaderValue::as_bytes);
        let (Some(accept), Some(b"13")) = (key, version) else {
            return Err(Refused::Malformed);
        };
        let counted = self.count(from)?;
        let (uri, headers) = (request.uri().clone(), end_to_end(headers));
        let mut connection = Connection::new(self, counted, uri, headers);
        let opened = match connection.ask(vec![Event::Open]).await {
            Ok(response) if response.status() != StatusCode::OK => return Ok(response),
            Ok(response) => response,
            Err(reason) => {
                tracing::warn!("the function behind the sockets did not answer: {reason}");
                return Err(Refused::NoAnswer);
            }
        };
        let Some(first) = connection::accepted(&opened) else {
            tracing::warn!("the function behind the sockets answered something else than OPEN");
            return Err(Refused::NoAnswer);
        };
        connection.remember(opened.headers());
        let upgrade = hyper::upgrade::on(&mut request);
        self.tasks.spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                connection.run(upgraded, first).await;
            }
        });
        let mut response = answer(StatusCode::SWITCHING_PROTOCOLS);
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        // Base64 is always a header value.
        headers.extend(
            HeaderValue::from_str(&accept).map(|accept| (header::SEC_WEBSOCKET_ACCEPT, accept)),
        );
        Ok(response)
    }
}

/// What the function gets to see of the client's headers.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let is_inner = |name: &HeaderName| {
        let text = name.as_str();
        matches!(
            text,
            "connection"
                | "upgrade"
                | "keep-alive"
                | "te"
                | "transfer-encoding"
                | "content-length"
                | "content-type"
                | "accept"
        ) || text.starts_with("sec-websocket-")
            || text.starts_with(grip::META_PREFIX)
            || text == grip::CONNECTION_HEADER
            || text == grip::SIGNATURE_HEADER
    };
    headers
        .iter()
        .filter(|(name, _)| !is_inner(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
