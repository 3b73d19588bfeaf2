//! What a handler gives back.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

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
