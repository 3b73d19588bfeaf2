//! What all functions are made of: the table of their routes ([`Routes`]), their means ([`Function`]), identity, problem
//! details, paging, idempotency keys, and the shell that turns a Spin request into a plain one.

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
pub mod routes;
#[cfg(target_arch = "wasm32")]
pub mod shell;

pub(crate) use self::function::erase_answer;
pub use self::function::{Function, delivery_answer, refuse_erased, restore_answer};
pub use answer::Answer;
pub use api::FieldError;
pub use body::{
    MAX_API_BODY, MAX_DELIVERY_BODY, check_operator_name, from_json, max_body, parse_call,
    parse_json, parse_user_id, query,
};
pub use headers::{
    IfMatch, correlation_id, cursor_from_text, cursor_to_text, etag, if_match, traceparent,
};
pub use idempotency::{Fingerprint, KeptAnswer, idempotency_key};
pub use pace::{Limits, Pace, Rate};
pub use paging::{Paging, unknown_parameter};
pub use problem::Problem;
pub use response::{empty, json_response};
pub use routes::{Routes, Service, path_parameter};

/// A request with its whole body.
pub type Request = http::Request<Vec<u8>>;
/// A response with its whole body.
pub type Response = http::Response<Vec<u8>>;
