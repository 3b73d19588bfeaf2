//! What the host itself answers instead of a function.

use bytes::Bytes;
use http::{Response, StatusCode, header};

use crate::admission::Refused;

/// What is said to whom admission refuses.
pub(crate) fn refusal_to(refused: Refused) -> Response<Bytes> {
    refusal(StatusCode::from(refused), refused)
}

/// A refusal of the host itself, as problem details (RFC 9457).
pub(crate) fn refusal(status: StatusCode, reason: impl ToString) -> Response<Bytes> {
    let name = status.canonical_reason().unwrap_or("Error");
    // As functions call the same problem, which may be met on either side.
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "too-large".to_owned(),
        StatusCode::SERVICE_UNAVAILABLE => "unavailable".to_owned(),
        StatusCode::INTERNAL_SERVER_ERROR => "internal".to_owned(),
        _ => name.to_ascii_lowercase().replace(' ', "-"),
    };
    let body = serde_json::json!({
        "type": format!("/problems/{kind}"),
        "title": name,
        "status": status.as_u16(),
        "detail": reason.to_string(),
    });
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/problem+json"),
    );
    let passes = [
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    if passes.contains(&status) {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}
