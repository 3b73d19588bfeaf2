//! Errors as RFC 9457 problem details.

use api::FieldError;
use dapr::DaprError;
use events::InvalidTask;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::denied::Denied;
use crate::{Response, json_response};

/// An error with a stable type, a sentence that says what to do, and the fields that were wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// `/problems/<name>`
    pub kind: String,
    /// The same for every problem of this type.
    pub title: &'static str,
    /// The HTTP status, again.
    pub status: u16,
    /// What is wrong here and what to do.
    pub detail: String,
    /// The fields that were wrong.
    pub errors: Vec<FieldError>,
    headers: Vec<(HeaderName, String)>,
    /// Whether the refusal goes on the audit record.
    recorded: bool,
}

impl Problem {
    fn new(name: &str, title: &'static str, status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            recorded: false,
        }
    }

    /// A refusal of somebody who claims what does not hold; it goes on the audit record.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.recorded = true;
        self
    }

    fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 400: the request is not what the route takes.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            "bad-request",
            "The request is malformed",
            StatusCode::BAD_REQUEST,
            detail,
        )
    }

    /// 401: no token, or not a good one. `detail` says which without quoting it.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(
            "unauthorized",
            "Sign in first",
            StatusCode::UNAUTHORIZED,
            detail,
        )
        .with_header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// 403: known, but not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new("forbidden", "Not allowed", StatusCode::FORBIDDEN, detail)
    }

    /// 404: nothing there for this person.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new("not-found", "Not found", StatusCode::NOT_FOUND, detail)
    }

    /// 404: the function has no such route.
    #[must_use]
    pub fn no_such_route() -> Self {
        Self::not_found("There is no such route.")
    }

    /// 405: there, but not by this method.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        let detail = format!("This route takes {allow}.");
        Self::new(
            "method-not-allowed",
            "Method not allowed",
            StatusCode::METHOD_NOT_ALLOWED,
            detail,
        )
        .with_header(header::ALLOW, allow)
    }

    /// 409: the state of things does not allow it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new("conflict", "Conflict", StatusCode::CONFLICT, detail)
    }

    /// 412: `If-Match` names another version.
    #[must_use]
    pub fn precondition_failed(current: u64) -> Self {
        let detail =
            format!("The task has changed: it is at version {current} now. Read it again.");
        Self::new(
            "precondition-failed",
            "It has changed meanwhile",
            StatusCode::PRECONDITION_FAILED,
            detail,
        )
        .with_header(header::ETAG, format!("\"{current}\""))
    }

    /// 413: over the size that the route takes, in bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("A request body may have at most {limit} bytes.");
        Self::new(
            "too-large",
            "The request is too large",
            StatusCode::PAYLOAD_TOO_LARGE,
            detail,
        )
    }

    /// 415: not JSON.
    pub fn unsupported_media_type(expected: &'static str) -> Self {
        let detail = format!("Send the body as {expected}.");
        Self::new(
            "unsupported-media-type",
            "Unsupported media type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            detail,
        )
    }

    /// 422: JSON of the right form whose fields are wrong.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{}: {}", error.pointer, error.detail))
            .collect::<Vec<_>>();
        let mut problem = Self::new(
            "invalid",
            "Some fields are wrong",
            StatusCode::UNPROCESSABLE_ENTITY,
            detail.join("; "),
        );
        problem.errors = errors;
        problem
    }

    /// 422 for one field.
    pub fn invalid_field(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self::invalid(vec![FieldError {
            pointer: pointer.into(),
            detail: detail.to_string(),
        }])
    }

    /// 422: a code that was said is not the one that was sent, or counts no more.
    pub fn wrong_code(detail: impl Into<String>) -> Self {
        Self::new(
            "wrong-code",
            "The code does not count",
            StatusCode::UNPROCESSABLE_ENTITY,
            detail,
        )
    }

    /// 422: a limit of the contract.
    pub fn limit(detail: impl Into<String>) -> Self {
        Self::new(
            "limit",
            "A limit is reached",
            StatusCode::UNPROCESSABLE_ENTITY,
            detail,
        )
    }

    /// 429: as often as one person may; again in so many seconds.
    #[must_use]
    pub fn too_many_requests(retry_after_seconds: u32) -> Self {
        let detail = format!(
            "That was more than one person may do at a time. Try again in {retry_after_seconds} s."
        );
        Self::new(
            "too-many-requests",
            "Too many requests",
            StatusCode::TOO_MANY_REQUESTS,
            detail,
        )
        .with_header(header::RETRY_AFTER, retry_after_seconds.to_string())
    }

    /// 500: a fault of ours.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(
            "internal",
            "Something is wrong on our side",
            StatusCode::INTERNAL_SERVER_ERROR,
            detail,
        )
    }

    /// 503: nothing was lost; try again in so many seconds.
    #[must_use]
    pub fn unavailable(retry_after_seconds: u32) -> Self {
        let detail = format!(
            "Part of Nudge is not answering. Nothing is lost; try again in {retry_after_seconds} s."
        );
        Self::new(
            "unavailable",
            "Try again soon",
            StatusCode::SERVICE_UNAVAILABLE,
            detail,
        )
        .with_header(header::RETRY_AFTER, retry_after_seconds.to_string())
    }
}

impl From<DaprError> for Problem {
    fn from(error: DaprError) -> Self {
        match &error {
            DaprError::Unavailable { .. } | DaprError::Conflict => {
                eprintln!("{error}");
                Self::unavailable(1)
            }
            DaprError::Refused { .. } | DaprError::Corrupt { .. } => {
                eprintln!("{error}");
                Self::internal("The log of the service says more.")
            }
        }
    }
}

impl From<InvalidTask> for Problem {
    fn from(error: InvalidTask) -> Self {
        Self::invalid_field(error.pointer, error.detail)
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = api::Problem {
            kind: problem.kind,
            title: problem.title.to_owned(),
            status: problem.status,
            detail: problem.detail,
            errors: problem.errors,
        };
        let mut response = json_response(status, &body);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if problem.recorded {
            response.extensions_mut().insert(Denied(body.detail));
        }
        let headers = response.headers_mut();
        for (name, value) in problem.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
