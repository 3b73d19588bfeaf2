//! What a handler gives back.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{Problem, Response};

/// A response, and what is still to be done once the client has it.
pub struct Answer {
    /// Sent at once.
    pub response: Response,
    /// Runs after the response is on its way, such as publishing what was committed. A crash may prevent it.
    pub after: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Answer {
    /// `response` now, `work` afterwards.
    pub fn then(response: Response, work: impl Future<Output = ()> + 'static) -> Self {
        Self {
            response,
            after: Some(Box::pin(work)),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("response", &self.response)
            .field("after", &self.after.is_some())
            .finish()
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self {
            response,
            after: None,
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::from(Response::from(problem))
    }
}

impl From<Result<Answer, Problem>> for Answer {
    fn from(result: Result<Answer, Problem>) -> Self {
        result.unwrap_or_else(Self::from)
    }
}

impl From<Result<Response, Problem>> for Answer {
    fn from(result: Result<Response, Problem>) -> Self {
        result.map_or_else(Self::from, Self::from)
    }
}

/// A JSON response.
///
/// # Panics
/// When `body` is no JSON: an answer has string keys and numbers that are finite.
pub fn json_response<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let body = serde_json::to_vec(body).expect("an answer with string keys");
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A response without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
