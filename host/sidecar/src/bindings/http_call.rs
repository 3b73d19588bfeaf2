//! `bindings.http`: a request to the component's URL.

use bytes::Bytes;
use serde_json::Value;

use super::request::{Request, failed};
use crate::components::Component;
use crate::external::External;
use crate::response::ApiResult;

pub(super) async fn call(
    external: &External,
    component: &Component,
    request: &Request,
) -> ApiResult {
    let base = component.metadata.get("url").map_or("", String::as_str);
    let path = request.metadata.get("path").map_or("", String::as_str);
    let method = match request.operation.as_str() {
        "create" => "POST".to_owned(),
        other => other.to_ascii_uppercase(),
    };
    let body = match &request.data {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text.clone()),
        other => Bytes::from(other.to_string()),
    };
    let call = http::Request::builder()
        .method(method.as_str())
        .uri(format!("{base}{path}"))
        .body(body);
    external.call(call.map_err(failed)?).await
}
