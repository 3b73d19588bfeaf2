//! Headers and small texts that several functions read the same way.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use uuid::Uuid;

use crate::Problem;

/// The W3C trace of the request, if it has a well-formed one.
#[must_use]
pub fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    trace_id(text).map(|_| text.to_owned())
}

/// What ties a chain of events together: the trace id of the request (W3C Trace Context section 3.2.2.3; both are
/// 16 bytes), else `fresh`.
#[must_use]
pub fn correlation_id(headers: &HeaderMap, fresh: Uuid) -> Uuid {
    traceparent(headers)
        .and_then(|trace| trace_id(&trace))
        .unwrap_or(fresh)
}

fn trace_id(traceparent: &str) -> Option<Uuid> {
    let mut parts = traceparent.split('-');
    let (version, id, span) = (parts.next()?, parts.next()?, parts.next()?);
    let well_formed = version.len() == 2 && id.len() == 32 && span.len() == 16;
    let id = well_formed.then(|| Uuid::try_parse(id).ok()).flatten()?;
    (!id.is_nil()).then_some(id)
}

/// What `If-Match` demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version: no header, or `*`.
    Any,
    /// This version.
    Version(u64),
}

/// Reads `If-Match` (RFC 9110 section 13.1.1). Versions are strong tags with a number inside: `"3"`.
///
/// # Errors
/// 400 when it is something else.
pub fn if_match(headers: &HeaderMap) -> Result<IfMatch, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(IfMatch::Any);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(IfMatch::Any);
    }
    let version = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|text| text.parse().ok());
    version
        .map(IfMatch::Version)
        .ok_or_else(|| Problem::bad_request("If-Match must be an ETag such as \"3\", or *."))
}

/// The `ETag` of a version.
#[must_use]
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Makes a cursor for the client out of a sort key.
#[must_use]
pub fn cursor_to_text(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// Reads a cursor that [`cursor_to_text`] made.
///
/// # Errors
/// 400 when it was made by somebody else.
pub fn cursor_from_text(text: &str) -> Result<String, Problem> {
    let key = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| Problem::bad_request("cursor must be the next_cursor of an earlier answer."))
}
