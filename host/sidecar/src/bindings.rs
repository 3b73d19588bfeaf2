//! Output bindings, and crons as input bindings.

pub(crate) mod cron;
mod http_call;
mod request;
pub(crate) mod smtp;

use bytes::Bytes;

use request::{Request, failed};

use crate::response::{ApiResult, Failure};
use crate::sidecar::Sidecar;

pub(crate) async fn invoke(sidecar: &Sidecar, app_id: &str, name: &str, body: &Bytes) -> ApiResult {
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
