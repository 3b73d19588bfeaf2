//! Dapr's HTTP API, version 1.0: the table of paths, publishing, invocation, secrets and metadata.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pubsub::{Published, wrap};
use crate::response::{ApiResult, Failure, empty, header_text, json_answer, query_value};
use crate::sidecar::Sidecar;
use crate::store::Message;
use crate::{bindings, secrets, state};

impl Sidecar {
    /// Dapr's HTTP API as the function `app_id` calls it.
    pub async fn handle(
        self: &Arc<Self>,
        app_id: &str,
        request: Request<Bytes>,
    ) -> Response<Bytes> {
        let response = route(self, app_id, request).await;
        response.unwrap_or_else(Failure::into_response)
    }
}

async fn route(sidecar: &Arc<Sidecar>, app_id: &str, request: Request<Bytes>) -> ApiResult {
    let path = request.uri().path().to_owned();
    let Some(rest) = path.strip_prefix("/v1.0/") else {
        return Err(no_such_path());
    };
    let (area, rest) = rest.split_once('/').unwrap_or((rest, ""));
    if area == "invoke" {
        return invoke(sidecar, app_id, rest, request).await;
    }
    let segments: Vec<String> = rest
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method(), area, segments.as_slice()) {
        (_, "state", [store, rest @ ..]) => {
            state::handle(sidecar, app_id, store, rest, &request).await
        }
        (&Method::POST | &Method::PUT, "publish", ["bulk", pubsub, topic]) => {
            publish_bulk(sidecar, app_id, pubsub, topic, &request).await
        }
        (&Method::POST | &Method::PUT, "publish", [pubsub, topic]) => {
            publish(sidecar, app_id, pubsub, topic, &request).await
        }
        (&Method::POST | &Method::PUT, "bindings", [name]) => {
            bindings::invoke(sidecar, app_id, name, request.body()).await
        }
        (&Method::GET, "secrets", [store, key]) => secret(sidecar, app_id, store, key),
        (&Method::GET, "metadata", _) => Ok(metadata(sidecar, app_id)),
        (&Method::GET, "healthz", _) => Ok(empty(StatusCode::NO_CONTENT)),
        _ => Err(no_such_path()),
    }
}

fn no_such_path() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "ERR_NOT_FOUND",
        "there is no such path in Dapr's API",
    )
}

async fn publish(
    sidecar: &Arc<Sidecar>,
    app_id: &str,
    pubsub: &str,
    topic: &str,
    request: &Request<Bytes>,
) -> ApiResult {
    check_pubsub(sidecar, app_id, pubsub)?;
    let content_type =
        header_text(request.headers(), header::CONTENT_TYPE.as_str()).unwrap_or("application/json");
    let data = match serde_json::from_slice(request.body()) {
        Ok(data) => data,
        Err(error) if content_type.contains("json") => return Err(Failure::malformed(error)),
        Err(_) => Value::String(String::from_utf8_lossy(request.body()).into_owned()),
    };
    let published = Published {
        app_id,
        pubsub,
        topic,
        content_type,
        traceparent: header_text(request.headers(), "traceparent"),
    };
    let event = Bytes::from(wrap(&published, data).to_string());
    let partition_key = query_value(request, "metadata.partitionKey").unwrap_or_default();
    send(
        sidecar,
        topic,
        vec![Message {
            partition_key,
            event,
        }],
    )
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    entry_id: String,
    event: Value,
    content_type: String,
    #[serde(default)]
    metadata: std::collections::HashMap<String, String>,
}

async fn publish_bulk(
    sidecar: &Arc<Sidecar>,
    app_id: &str,
    pubsub: &str,
    topic: &str,
    request: &Request<Bytes>,
) -> ApiResult {
    check_pubsub(sidecar, app_id, pubsub)?;
    let entries: Vec<Entry> = serde_json::from_slice(request.body()).map_err(Failure::malformed)?;
    let mut ids: Vec<&str> = entries
        .iter()
        .map(|entry| entry.entry_id.as_str())
        .collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) || ids.first().is_some_and(|id| id.is_empty())
    {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "ERR_PUBSUB_EVENTS_SER",
            "every entry needs an entryId of its own",
        ));
    }
    let traceparent = header_text(request.headers(), "traceparent");
    let messages = entries.into_iter().map(|mut entry| {
        let published = Published {
            app_id,
            pubsub,
            topic,
            content_type: &entry.content_type,
            traceparent,
        };
        let event = Bytes::from(wrap(&published, entry.event).to_string());
        Message {
            partition_key: entry.metadata.remove("partitionKey").unwrap_or_default(),
            event,
        }
    });
    send(sidecar, topic, messages.collect()).await
}

fn check_pubsub(sidecar: &Sidecar, app_id: &str, pubsub: &str) -> Result<(), Failure> {
    let found = sidecar.components.find(pubsub, "pubsub.", app_id);
    found.map(|_| ()).ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "ERR_PUBSUB_NOT_FOUND",
            format!("pubsub {pubsub} is not found"),
        )
    })
}

async fn send(sidecar: &Arc<Sidecar>, topic: &str, messages: Vec<Message>) -> ApiResult {
    match sidecar.broker.publish(topic, messages).await {
        Ok(()) => Ok(empty(StatusCode::NO_CONTENT)),
        Err(error) => Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ERR_PUBSUB_PUBLISH_MESSAGE",
            error,
        )),
    }
}

/// `/v1.0/invoke/{app-id, HTTPEndpoint or URL}/method/{path}`
async fn invoke(
    sidecar: &Arc<Sidecar>,
    app_id: &str,
    rest: &str,
    request: Request<Bytes>,
) -> ApiResult {
    let Some((target, path)) = rest.split_once("/method/") else {
        return Err(no_such_path());
    };
    let target = percent_decode_str(target).decode_utf8_lossy().into_owned();
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let path_and_query = format!("/{}{query}", path.trim_start_matches('/'));
    let (mut parts, body) = request.into_parts();
    let chunked = parts.headers.get(header::TRANSFER_ENCODING).cloned();
    strip_hop_by_hop(&mut parts.headers);
    let given = target
        .split_once(':')
        .filter(|(scheme, _)| *scheme == "http" || *scheme == "https")
        .map(|(scheme, rest)| format!("{scheme}://{}", rest.trim_matches('/')));
    let configured = || sidecar.components.endpoint_of(&target, app_id);
    if let Some(base) = given.or_else(|| configured().map(str::to_owned)) {
        parts.uri = format!("{base}{path_and_query}")
            .parse()
            .map_err(Failure::malformed)?;
        // A body whose length nobody gave goes on in chunks, as daprd sends it.
        if let Some(chunked) = chunked {
            parts.headers.insert(header::TRANSFER_ENCODING, chunked);
        }
        return sidecar
            .external
            .call(Request::from_parts(parts, body))
            .await;
    }
    let Some(apps) = sidecar
        .apps
        .get()
        .filter(|_| sidecar.app_ids.contains(&target))
    else {
        return Err(direct_invoke(format!("couldn't find service: {target}")));
    };
    if !sidecar.components.access.allows(app_id, &target) {
        let message = format!(
            "{target} is not there for {app_id}: its access control says who may invoke it"
        );
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "ERR_DIRECT_INVOKE",
            message,
        ));
    }
    parts.uri = path_and_query.parse().map_err(Failure::malformed)?;
    let own = [
        ("dapr-caller-app-id", app_id),
        ("dapr-callee-app-id", target.as_str()),
        ("dapr-api-token", sidecar.token.as_str()),
        ("host", "127.0.0.1"),
    ];
    for (name, value) in own {
        let value = value
            .parse()
            .map_err(|_| Failure::malformed("an app-id or token is no header value"))?;
        parts.headers.insert(name, value);
    }
    apps.call(&target, Request::from_parts(parts, body))
        .await
        .map_err(direct_invoke)
}

fn direct_invoke(reason: String) -> Failure {
    Failure::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "ERR_DIRECT_INVOKE",
        reason,
    )
}

/// RFC 9110 section 7.6.1, and what the transport says of itself.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    for name in [
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
    ] {
        headers.remove(name);
    }
}

fn secret(sidecar: &Sidecar, app_id: &str, store: &str, key: &str) -> ApiResult {
    let Some(component) = sidecar.components.find(store, "secretstores.", app_id) else {
        let message = format!("failed finding secret store with key {store}");
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "ERR_SECRET_STORE_NOT_FOUND",
            message,
        ));
    };
    Ok(match secrets::read(component, key) {
        Some(value) => json_answer(StatusCode::OK, &json!({ key: value })),
        None => empty(StatusCode::NO_CONTENT),
    })
}

fn metadata(sidecar: &Sidecar, app_id: &str) -> Response<Bytes> {
    let components: Vec<Value> = sidecar
        .components
        .components
        .values()
        .filter(|component| {
            sidecar
                .components
                .find(&component.name, "", app_id)
                .is_some()
        })
        .map(|component| json!({ "name": component.name, "type": component.kind, "version": "v1" }))
        .collect();
    let subscriptions: Vec<Value> = sidecar
        .components
        .subscriptions
        .iter()
        .filter(|subscription| subscription.app_id == app_id)
        .map(|subscription| {
            json!({
                "pubsubname": subscription.pubsub,
                "topic": subscription.topic,
                "rules": [{ "path": subscription.route }],
                "deadLetterTopic": subscription.dead_letter,
                "type": "DECLARATIVE",
            })
        })
        .collect();
    json_answer(
        StatusCode::OK,
        &json!({ "id": app_id, "components": components, "subscriptions": subscriptions }),
    )
}
