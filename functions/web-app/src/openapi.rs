//! The API's document, as it is served and as it is read here.

use api::OPENAPI;
use function::Response;
use http::{HeaderValue, header};
use serde_json::Value;

/// The answer of `GET /api/openapi.json`.
pub(crate) fn response() -> Response {
    let mut response = Response::new(OPENAPI.as_bytes().to_vec());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The document as a value.
pub(crate) fn parsed() -> Value {
    serde_json::from_str(OPENAPI).expect("the document that a test has written")
}
