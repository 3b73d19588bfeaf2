//! What every function's HTTP face has in common: identity, problem details, paging, idempotency keys, and the shell
//! that turns a Spin request into a plain one.
//!
//! A function matches on `(method, segments(path))` in one place, its route table, and answers an [`Answer`].

mod answer;
mod body;
pub mod denied;
#[cfg(feature = "fake")]
pub mod fake;
mod function;
mod headers;
mod idempotency;
pub mod identity;
mod pace;
mod paging;
mod problem;
mod response;
#[cfg(target_arch = "wasm32")]
pub mod shell;

pub use answer::Answer;
pub use api::FieldError;
pub use body::{
    MAX_API_BODY, MAX_DELIVERY_BODY, from_json, max_body, parse_call, parse_json, query,
};
pub use function::{Function, delivery_answer, erase_answer, refuse_erased, restore_answer};
pub use headers::{
    IfMatch, correlation_id, cursor_from_text, cursor_to_text, etag, if_match, segments,
    traceparent,
};
pub use idempotency::{Fingerprint, KeptAnswer, idempotency_key};
pub use pace::{Limits, Pace, Rate};
pub use paging::{Paging, unknown_parameter};
pub use problem::Problem;
pub use response::{empty, json_response};

/// A request with its whole body.
pub type Request = http::Request<Vec<u8>>;
/// A response with its whole body.
pub type Response = http::Response<Vec<u8>>;
