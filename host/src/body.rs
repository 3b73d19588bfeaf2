//! Bodies, whole: read before an instance is taken, and taken from it before they are sent.

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::WasiBody;

use crate::admission::{Held, Refused};
use crate::limits::{BODY_LIMIT, BODY_PAUSE_LIMIT, MAX_ANSWER, MAX_DROPPED};
use crate::refusal::{refusal, refusal_to};

/// Reads a body of at most `limit` bytes, within its time.
///
/// # Errors
/// The answer that says why not.
pub(crate) async fn read(
    request: Request<Incoming>,
    limit: usize,
    held: &mut Held,
) -> Result<Request<Bytes>, Response<Bytes>> {
    let (parts, mut body) = request.into_parts();
    let until = Instant::now() + BODY_LIMIT;
    let mut read = BytesMut::new();
    let mut length = 0;
    loop {
        let pause = Instant::now() + BODY_PAUSE_LIMIT;
        let Ok(frame) = timeout_at(pause.min(until), body.frame()).await else {
            let reason = format!(
                "The body came too slowly: all of it must be here in {} s.",
                BODY_LIMIT.as_secs()
            );
            return Err(refusal(StatusCode::REQUEST_TIMEOUT, reason));
        };
        let Some(frame) = frame else { break };
        let Ok(frame) = frame else {
            return Err(refusal(StatusCode::BAD_REQUEST, "The body ended early."));
        };
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        length += chunk.len();
        if length <= limit {
            held.grow(chunk.len()).map_err(refusal_to)?;
            read.extend_from_slice(&chunk);
        } else if length > MAX_DROPPED {
            break;
        }
    }
    if length > limit {
        let reason = format!("A request body may have at most {limit} bytes.");
        return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, reason));
    }
    Ok(Request::from_parts(parts, read.freeze()))
}

/// Takes all of an answer from the instance that gives it.
///
/// # Errors
/// The answer that is to be given instead.
pub(crate) async fn take(
    response: Response<WasiBody>,
    held: &mut Held,
) -> Result<Response<Bytes>, Response<Bytes>> {
    let (parts, mut body) = response.into_parts();
    let mut taken = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            tracing::error!("an answer broke off: {error}");
            refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Nudge could not answer. Its log says more.",
            )
        })?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        if taken.len() + chunk.len() > MAX_ANSWER {
            tracing::error!("an answer has more than {MAX_ANSWER} bytes");
            return Err(refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The answer is too large. Ask for less at once.",
            ));
        }
        held.grow(chunk.len()).map_err(refusal_to)?;
        taken.extend_from_slice(&chunk);
    }
    Ok(Response::from_parts(parts, taken.freeze()))
}

/// A body that is all there.
#[must_use]
pub(crate) fn full(body: Bytes) -> WasiBody {
    Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}

impl From<Refused> for StatusCode {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Client => Self::TOO_MANY_REQUESTS,
            Refused::All => Self::SERVICE_UNAVAILABLE,
        }
    }
}
