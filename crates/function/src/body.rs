//! Bodies and query strings.

use domain::UserId;
use http::header;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Segment, Track};

use crate::{FieldError, Problem, Request};

/// Largest body of a request by a person: 256 KiB.
pub const MAX_API_BODY: usize = 256 * 1024;
/// Most unknown fields that one refusal names: a body may have tens of thousands, and the answer is to stay small.
const MAX_NAMED: usize = 20;
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

/// Reads the JSON body of somebody's request: every field of it has to be known.
///
/// # Errors
/// 415 when it says to be something else; 400 when it is no JSON; 422 with the places that are wrong.
pub fn parse_json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    from_json(json_of(request)?)
}

/// Reads the JSON body of another function's call. That may be of a newer version: what this one does not know is passed over.
///
/// # Errors
/// As of [`parse_json`], but for unknown fields.
pub fn parse_call<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    read(json_of(request)?, |_| {})
}

fn json_of(request: &Request) -> Result<Value, Problem> {
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
    serde_json::from_slice(request.body())
        .map_err(|error| Problem::bad_request(format!("The body is not JSON: {error}")))
}

/// Reads a JSON value as `T`, all of whose fields have to be known.
///
/// # Errors
/// 422 that names the fields which are wrong or unknown by their JSON pointers (RFC 6901).
pub fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    let mut unknown = Vec::new();
    let read = read(value, |pointer| {
        if unknown.len() < MAX_NAMED {
            unknown.push(FieldError {
                pointer: pointer(),
                detail: "is no field that is known here; leave it out".to_owned(),
            });
        }
    })?;
    if unknown.is_empty() {
        Ok(read)
    } else {
        Err(Problem::invalid(unknown))
    }
}

/// Reads a JSON value as `T`, and tells `ignored` of each field that `T` does not have: what it is given makes the field's JSON
/// pointer.
fn read<T: DeserializeOwned>(
    value: Value,
    mut ignored: impl FnMut(&dyn Fn() -> String),
) -> Result<T, Problem> {
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
    let read = serde_ignored::deserialize(tracked, |path| ignored(&|| pointer_of_ignored(&path)));
    read.map_err(|error| Problem::invalid_field(pointer(&track.path()), error))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.map(|segment| format!("/{segment}")).collect()
}

fn pointer_of_ignored(path: &serde_ignored::Path<'_>) -> String {
    match path {
        serde_ignored::Path::Root => String::new(),
        serde_ignored::Path::Seq { parent, index } => {
            format!("{}/{index}", pointer_of_ignored(parent))
        }
        serde_ignored::Path::Map { parent, key } => {
            format!("{}/{}", pointer_of_ignored(parent), escaped(key))
        }
        serde_ignored::Path::Some { parent }
        | serde_ignored::Path::NewtypeStruct { parent }
        | serde_ignored::Path::NewtypeVariant { parent } => pointer_of_ignored(parent),
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
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

/// Most characters of the name of who asks for something as an operator. It goes on record.
const MAX_OPERATOR_NAME: usize = 200;

/// Whose id a body says, as keys of the store and events have it.
///
/// # Errors
/// 422 at `/user_id` when that is nobody's.
pub fn parse_user_id(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|error| Problem::invalid_field("/user_id", error))
}

/// The name of who asks for something as an operator, as it goes on record.
///
/// # Errors
/// 422 at `pointer` when it is blank, or has more than 200 characters.
pub fn check_operator_name(pointer: &str, name: String) -> Result<String, Problem> {
    if name.trim().is_empty() || name.chars().count() > MAX_OPERATOR_NAME {
        let detail = format!("takes a name of 1 to {MAX_OPERATOR_NAME} characters");
        return Err(Problem::invalid_field(pointer, detail));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Whole {
        #[serde(default)]
        parts: Vec<Part>,
        part: Option<Part>,
    }

    #[derive(Debug, Deserialize)]
    struct Part {
        number: u8,
    }

    fn refused(body: Value) -> Vec<String> {
        let problem = from_json::<Whole>(body).expect_err("a refusal");
        let pointers = problem.errors.into_iter().map(|error| error.pointer);
        pointers.collect()
    }

    /// Seen to fail: with fields that are not counted, and with as many named as there are.
    #[test]
    fn unknown_fields_are_named_by_their_places() {
        let good = json!({ "part": { "number": 1 }, "parts": [{ "number": 2 }] });
        let whole: Whole = from_json(good).expect("a whole");
        assert_eq!(
            (whole.part.expect("a part").number, whole.parts[0].number),
            (1, 2)
        );

        let table = [
            (json!({ "later": null }), vec!["/later"]),
            (
                json!({ "part": { "number": 1, "a/b~c": 1 } }),
                vec!["/part/a~1b~0c"],
            ),
            (
                json!({ "x": 1, "parts": [{ "number": 1 }, { "number": 1, "y": {} }] }),
                vec!["/parts/1/y", "/x"],
            ),
            // What is wrong is said before what is unknown.
            (
                json!({ "x": 1, "part": { "number": 256 } }),
                vec!["/part/number"],
            ),
        ];
        for (body, pointers) in table {
            assert_eq!(refused(body.clone()), pointers, "{body}");
        }
        let many: Value = (0..30_000).map(|i| (i.to_string(), json!(0))).collect();
        assert_eq!(refused(many).len(), MAX_NAMED);
    }

    #[test]
    fn a_call_of_a_newer_version_is_read() {
        let body = json!({ "part": { "number": 1, "later": 2 }, "later": [] });
        let call = Request::new(body.to_string().into_bytes());
        let whole: Whole = parse_call(&call).expect("a whole");
        assert_eq!(whole.part.expect("a part").number, 1);
        assert!(parse_json::<Whole>(&call).is_err());
    }
}
