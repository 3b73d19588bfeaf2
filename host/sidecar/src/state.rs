//! The state API. Keys belong to the function that writes them: its app-id and `||` stand in front.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::response::{ApiResult, Failure, empty, header_text, json_answer};
use crate::sidecar::Sidecar;
use crate::store::{Condition, Operation, Read, WriteError};

pub(crate) async fn handle(
    sidecar: &Sidecar,
    app_id: &str,
    store: &str,
    path: &[&str],
    request: &Request<Bytes>,
) -> ApiResult {
    if sidecar.components.find(store, "state.", app_id).is_none() {
        let message = format!("state store {store} is not found");
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "ERR_STATE_STORE_NOT_FOUND",
            message,
        ));
    }
    match (request.method(), path) {
        (&Method::POST | &Method::PUT, []) => save(sidecar, app_id, request.body()).await,
        (&Method::POST | &Method::PUT, ["bulk"]) => get_bulk(sidecar, app_id, request.body()),
        (&Method::POST | &Method::PUT, ["transaction"]) => {
            transact(sidecar, app_id, request.body()).await
        }
        (&Method::GET, key) => get(sidecar, app_id, &key.join("/")),
        (&Method::DELETE, key) => delete(sidecar, app_id, &key.join("/"), request).await,
        _ => Err(Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "ERR_METHOD_NOT_ALLOWED",
            "the state API has no such method",
        )),
    }
}

fn full_key(app_id: &str, key: &str) -> String {
    format!("{app_id}||{key}")
}

fn get(sidecar: &Sidecar, app_id: &str, key: &str) -> ApiResult {
    let mut found = sidecar
        .store
        .read(&[full_key(app_id, key)])
        .map_err(|error| fault("ERR_STATE_GET", &error))?;
    let document = found.pop().unwrap_or(Ok(None));
    let Some(document) = document.map_err(|error| fault("ERR_STATE_GET", &error))? else {
        return Ok(empty(StatusCode::NO_CONTENT));
    };
    let mut response = Response::new(document.value);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::ETAG, HeaderValue::from(document.etag));
    Ok(response)
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
}

fn get_bulk(sidecar: &Sidecar, app_id: &str, body: &[u8]) -> ApiResult {
    let Keys { keys } = serde_json::from_slice(body).map_err(Failure::malformed)?;
    let full: Vec<String> = keys.iter().map(|key| full_key(app_id, key)).collect();
    let found = sidecar
        .store
        .read(&full)
        .map_err(|error| fault("ERR_STATE_BULK_GET", &error))?;
    let found: Vec<Found<'_>> = keys
        .iter()
        .zip(&found)
        .map(|(key, read)| Found::new(key, read))
        .collect();
    Ok(json_answer(StatusCode::OK, &found))
}

/// What a bulk get says of a key: the key alone when there is nothing, and why not when its document can't be read, as
/// daprd does.
#[derive(Serialize)]
struct Found<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl<'a> Found<'a> {
    fn new(key: &'a str, read: &'a Read) -> Self {
        let nothing = Self {
            key,
            data: None,
            etag: None,
            error: None,
        };
        let document = match read {
            Ok(Some(document)) => document,
            Ok(None) => return nothing,
            Err(error) => {
                let error = Some(error.to_string());
                return Self { error, ..nothing };
            }
        };
        match serde_json::from_slice(&document.value) {
            Ok(data) => Self {
                data: Some(data),
                etag: Some(document.etag.to_string()),
                ..nothing
            },
            Err(error) => {
                tracing::error!("the document {key} is no JSON: {error}");
                let error = Some(format!("the document is no JSON: {error}"));
                Self { error, ..nothing }
            }
        }
    }
}

#[derive(Deserialize)]
struct Item<'a> {
    key: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    etag: Option<String>,
    #[serde(default)]
    options: Options,
    #[serde(default)]
    metadata: ItemMetadata,
}

#[derive(Default, Deserialize)]
struct Options {
    concurrency: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemMetadata {
    ttl_in_seconds: Option<String>,
}

#[derive(Deserialize)]
struct Transaction<'a> {
    #[serde(borrow)]
    operations: Vec<TransactionItem<'a>>,
}

#[derive(Deserialize)]
struct TransactionItem<'a> {
    operation: String,
    #[serde(borrow)]
    request: Item<'a>,
}

impl Item<'_> {
    fn operation(&self, app_id: &str, deletes: bool) -> Result<Operation, Failure> {
        let first_write = self.options.concurrency.as_deref() == Some("first-write");
        let ttl = self
            .metadata
            .ttl_in_seconds
            .as_deref()
            .map(str::parse::<i64>)
            .transpose();
        let ttl = ttl.map_err(|_| Failure::malformed("ttlInSeconds must be a whole number"))?;
        let value = self.value.map_or("null", RawValue::get);
        Ok(Operation {
            key: full_key(app_id, &self.key),
            value: (!deletes).then(|| Bytes::copy_from_slice(value.as_bytes())),
            condition: condition(self.etag.as_deref(), first_write),
            // Dapr: -1 means never.
            ttl_seconds: ttl.and_then(|seconds| u32::try_from(seconds).ok()),
        })
    }
}

fn condition(etag: Option<&str>, first_write: bool) -> Condition {
    match etag.filter(|etag| !etag.is_empty()) {
        Some(etag) => etag.parse().map_or(Condition::Never, Condition::Etag),
        None if first_write => Condition::Absent,
        None => Condition::Any,
    }
}

async fn save(sidecar: &Sidecar, app_id: &str, body: &[u8]) -> ApiResult {
    let items: Vec<Item<'_>> = serde_json::from_slice(body).map_err(Failure::malformed)?;
    let operations = items
        .iter()
        .map(|item| item.operation(app_id, false))
        .collect::<Result<Vec<_>, _>>()?;
    let versions: Vec<String> = operations
        .iter()
        .filter(|operation| !matches!(operation.condition, Condition::Absent))
        .map(|operation| operation.key.clone())
        .collect();
    match sidecar.store.transact(operations).await {
        // daprd's store says of a document that should not be there only that nothing was written.
        Err(WriteError::Etag(key)) if !versions.contains(&key) => {
            Err(fault("ERR_STATE_SAVE", &WriteError::Etag(key)))
        }
        result => single(result, "ERR_STATE_SAVE"),
    }
}

async fn delete(sidecar: &Sidecar, app_id: &str, key: &str, request: &Request<Bytes>) -> ApiResult {
    let etag = header_text(request.headers(), header::IF_MATCH.as_str());
    let operation = Operation {
        key: full_key(app_id, key),
        value: None,
        condition: condition(etag, false),
        ttl_seconds: None,
    };
    single(
        sidecar.store.transact(vec![operation]).await,
        "ERR_STATE_DELETE",
    )
}

fn single(result: Result<(), WriteError>, code: &'static str) -> ApiResult {
    match result {
        Ok(()) => Ok(empty(StatusCode::NO_CONTENT)),
        Err(error @ WriteError::Etag(_)) => Err(Failure::new(StatusCode::CONFLICT, code, error)),
        Err(error) => Err(fault(code, &error)),
    }
}

/// A stale ETag in a transaction is answered as daprd answers it: 500, and only the text tells.
async fn transact(sidecar: &Sidecar, app_id: &str, body: &[u8]) -> ApiResult {
    let transaction: Transaction<'_> = serde_json::from_slice(body).map_err(Failure::malformed)?;
    let operations = transaction
        .operations
        .iter()
        .map(|item| match item.operation.as_str() {
            "upsert" => item.request.operation(app_id, false),
            "delete" => item.request.operation(app_id, true),
            other => Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "ERR_NOT_SUPPORTED_STATE_OPERATION",
                format!("operation type {other} is not supported"),
            )),
        })
        .collect::<Result<Vec<_>, _>>()?;
    match sidecar.store.transact(operations).await {
        Ok(()) => Ok(empty(StatusCode::NO_CONTENT)),
        Err(error) => Err(fault("ERR_STATE_TRANSACTION", &error)),
    }
}

fn fault(code: &'static str, error: &WriteError) -> Failure {
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, code, error)
}
