//! The transport inside a component: Spin's outbound HTTP.

use std::future::{self, Future};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::future::{Either, select};
use http::{Request, Response, header};
use spin_executor::{CancelOnDropToken, push_waker_and_get_token};
use spin_sdk::http::{ErrorCode, SendError};
use wasi::clocks::monotonic_clock;

use crate::client::{NoAnswer, Transport};

/// `wasi:http` by way of the Spin SDK.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpinTransport;

impl Transport for SpinTransport {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, NoAnswer> {
        let request = with_length(request);
        spin_sdk::http::send(request).await.map_err(|error| {
            let said = error.to_string();
            match error {
                SendError::Http(
                    ErrorCode::ConnectionRefused | ErrorCode::DestinationUnavailable,
                ) => NoAnswer::NobodyThere(said),
                _ => NoAnswer::Lost(said),
            }
        })
    }

    async fn within<O>(&self, limit: Duration, work: impl Future<Output = O>) -> Option<O> {
        match select(pin!(work), pin!(sleep(limit))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }
}

/// Says how long the body is. Neither the SDK nor Spin does, so the request would go out in chunks, which Dapr passes on, and
/// which some servers refuse: Pushpin's publish port answers 411.
fn with_length(mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    let length = request.body().len();
    if length > 0 {
        request
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
    }
    request
}

/// The SDK has no timer of its own, but its executor waits for whatever WASI can wait for.
async fn sleep(length: Duration) {
    let nanoseconds = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
    let end = monotonic_clock::now().saturating_add(nanoseconds);
    let mut waiting = None;
    future::poll_fn(|context| {
        if monotonic_clock::now() >= end {
            return Poll::Ready(());
        }
        let pollable = monotonic_clock::subscribe_instant(end);
        let token = push_waker_and_get_token(pollable, context.waker().clone());
        waiting = Some(CancelOnDropToken::from(token));
        Poll::Pending
    })
    .await;
}
