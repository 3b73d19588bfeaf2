//! What an output binding is asked for.

use std::collections::HashMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::response::Failure;

/// The body of `POST /v1.0/bindings/{name}`.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    pub(super) operation: String,
    #[serde(default)]
    pub(super) data: Value,
    #[serde(default)]
    pub(super) metadata: HashMap<String, String>,
}

/// The failure of a binding that could not do it.
pub(super) fn failed(reason: impl ToString) -> Failure {
    Failure::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "ERR_INVOKE_OUTPUT_BINDING",
        reason,
    )
}
