//! Output bindings, and crons as input bindings.

pub(crate) mod cron;
mod http_call;
pub(crate) mod smtp;

use std::collections::HashMap;

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::Sidecar;
use crate::api::{Answer, Failure};

/// The body of `POST /v1.0/bindings/{name}`.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    operation: String,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

pub(crate) async fn invoke(sidecar: &Sidecar, app_id: &str, name: &str, body: &Bytes) -> Answer {
    let request: Request = serde_json::from_slice(body).map_err(Failure::malformed)?;
    let Some(component) = sidecar.components.find(name, "bindings.", app_id) else {
        return Err(failed(format!("couldn't find output binding {name}")));
    };
    match component.kind.as_str() {
        "bindings.smtp" => sidecar.smtp.send(component, &request).await.map_err(failed),
        "bindings.http" => http_call::call(&sidecar.external, component, &request).await,
        kind => Err(failed(format!("{kind} is no output binding"))),
    }
}

fn failed(reason: impl ToString) -> Failure {
    Failure::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "ERR_INVOKE_OUTPUT_BINDING",
        reason,
    )
}
