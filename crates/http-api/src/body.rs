//! Bodies and query strings.

use http::header;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::{Problem, Request};

/// Largest body of a request by a person: 256 KiB.
pub const MAX_API_BODY: usize = 256 * 1024;
/// Largest body of a delivery: Kafka's default of 1 MiB with room for the CloudEvent around it.
pub const MAX_DELIVERY_BODY: usize = 2 * 1024 * 1024;

/// Largest body of a request to `path`, in bytes.
#[must_use]
pub fn max_body(path: &str) -> usize {
    if path.starts_with("/api/") {
        MAX_API_BODY
    } else {
        MAX_DELIVERY_BODY
    }
}

/// Reads a JSON body.
///
/// # Errors
/// 415 when it says to be something else; 400 when it is no JSON; 422 with the place when a field is wrong.
pub fn parse_json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_json = content_type.is_none_or(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
            || essence.to_ascii_lowercase().ends_with("+json")
    });
    if !is_json {
        return Err(Problem::unsupported_media_type("application/json"));
    }
    let value: Value = serde_json::from_slice(request.body())
        .map_err(|error| Problem::bad_request(format!("The body is not JSON: {error}")))?;
    from_json(value)
}

/// Reads a JSON value as `T`.
///
/// # Errors
/// 422 that names the field which is wrong by its JSON pointer (RFC 6901).
pub fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| Problem::invalid_field(pointer(error.path()), error.inner()))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.map(|segment| format!("/{segment}")).collect()
}

/// The parameters of a query string, decoded, in order.
///
/// # Errors
/// 400 when a value is not UTF-8.
pub fn query(request: &Request) -> Result<Vec<(String, String)>, Problem> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| Problem::bad_request("The query is not UTF-8."))
    };
    let pairs = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}
