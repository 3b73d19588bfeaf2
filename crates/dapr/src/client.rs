//! Dapr's HTTP API, version 1.0, over any transport.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::time::Duration;

use events::{Event, Topic};
use http::{Method, Request, Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Binding, Condition, Dapr, DaprError, Document, Invocation, Json, Target, Write};

/// The state store component.
pub const STATE_STORE: &str = "statestore";
/// The pub/sub component.
pub const PUBSUB: &str = "kafka-pubsub";

/// What is left as it is in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// How many documents Dapr fetches at a time for a bulk get, where its store has no bulk get of its own.
const BULK_GET_PARALLELISM: u32 = 10;

/// A document that each function writes once and never deletes. A bulk answer without it is none: Dapr's PostgreSQL store
/// takes a connection that breaks, and its own timeout, for the end of the rows, and calls missing what it did not read.
const WITNESS: &str = "witness";

/// How long to wait before each further try to reach a daprd where nobody takes the connection. One that is replaced by
/// another is gone for a moment, and stays for that long among the addresses of its Service.
const REACH_AGAIN: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(900),
];

/// Why there was no answer, with a sentence for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nobody took the connection, so nothing was sent.
    NobodyThere(String),
    /// What was sent may have its effect.
    Lost(String),
}

/// Sends a request and waits for the whole answer.
pub trait Transport {
    /// # Errors
    /// When there was no answer.
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, NoAnswer>>;

    /// Waits for `work` no longer than `limit`.
    fn within<O>(
        &self,
        limit: Duration,
        work: impl Future<Output = O>,
    ) -> impl Future<Output = Option<O>>;
}

impl NoAnswer {
    fn unavailable(self, what: &'static str) -> DaprError {
        let (Self::NobodyThere(detail) | Self::Lost(detail)) = self;
        DaprError::Unavailable { what, detail }
    }
}

/// Dapr at an address.
#[derive(Debug, Clone)]
pub struct HttpDapr<T> {
    transport: T,
    base: String,
    api_token: String,
    traceparent: Option<String>,
}

impl<T: Transport> HttpDapr<T> {
    /// Dapr at `base` (`http://127.0.0.1:3501`), with the W3C trace of the request that is being handled.
    pub fn new(transport: T, base: &str, traceparent: Option<String>) -> Self {
        Self {
            transport,
            base: base.trim_end_matches('/').to_owned(),
            api_token: String::new(),
            traceparent,
        }
    }

    /// With the token that this Dapr demands of its function (`DAPR_API_TOKEN`); empty: it demands none.
    #[must_use]
    pub fn with_api_token(self, api_token: String) -> Self {
        Self { api_token, ..self }
    }

    async fn post_json(
        &self,
        what: &'static str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Response<Vec<u8>>, DaprError> {
        let body = serde_json::to_vec(body).expect("a body with string keys");
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        self.send(what, request).await
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.api_token.is_empty() {
            builder = builder.header("dapr-api-token", &self.api_token);
        }
        match &self.traceparent {
            Some(trace) => builder.header("traceparent", trace),
            None => builder,
        }
    }

    async fn send(
        &self,
        what: &'static str,
        request: Result<Request<Vec<u8>>, http::Error>,
    ) -> Result<Response<Vec<u8>>, DaprError> {
        let request = request.map_err(|error| DaprError::Refused {
            what,
            detail: error.to_string(),
        })?;
        for wait in REACH_AGAIN {
            match self.transport.send(request.clone()).await {
                Err(NoAnswer::NobodyThere(_)) => self.pause(wait).await,
                answer => return answer.map_err(|error| error.unavailable(what)),
            }
        }
        let answer = self.transport.send(request).await;
        answer.map_err(|error| error.unavailable(what))
    }

    async fn post_transaction(&self, writes: &[Write]) -> Result<Response<Vec<u8>>, DaprError> {
        let transaction = Transaction {
            operations: writes.iter().map(Operation::of).collect(),
        };
        let path = format!("/v1.0/state/{STATE_STORE}/transaction");
        self.post_json("state", &path, &transaction).await
    }

    /// The documents of `keys` that are there, and the witness.
    async fn bulk(&self, keys: &[String]) -> Result<HashMap<String, Document>, DaprError> {
        let with_witness: Vec<&str> = keys.iter().map(String::as_str).chain([WITNESS]).collect();
        let body = json!({ "keys": with_witness, "parallelism": BULK_GET_PARALLELISM });
        let response = self
            .post_json("state", &format!("/v1.0/state/{STATE_STORE}/bulk"), &body)
            .await?;
        if !response.status().is_success() {
            return Err(failure("state", &response));
        }
        let items: Vec<BulkItem> = match serde_json::from_slice(response.body()) {
            Ok(items) => items,
            Err(_) => return Err(self.unreadable(keys).await?),
        };
        let failed = |item: &&BulkItem| item.error.as_ref().is_some_and(|error| !error.is_empty());
        if let Some(item) = items.iter().find(failed) {
            return Err(self.unreadable(std::slice::from_ref(&item.key)).await?);
        }
        let documents = items.into_iter().filter_map(|item| {
            let value = item.data.filter(|data| !data.is_null())?;
            let etag = item.etag.unwrap_or_default();
            Some((item.key, Document { value, etag }))
        });
        Ok(documents.collect())
    }

    /// Why a bulk answer can't be read. daprd answers 200 and nothing where one of the documents is no JSON, and so would hold
    /// up whoever reads it for ever: the documents are read one by one to find it.
    async fn unreadable(&self, keys: &[String]) -> Result<DaprError, DaprError> {
        for key in keys {
            self.get(key).await?;
        }
        Ok(DaprError::Unavailable {
            what: "state",
            detail: "answered something else than JSON".to_owned(),
        })
    }

    /// Whether any document that `writes` set conditions on is no longer as the condition says.
    ///
    /// daprd answers a transaction with a stale ETag and one that its store could not make with the same 500, so the
    /// documents themselves must tell.
    async fn is_conflict(&self, writes: &[Write]) -> Result<bool, DaprError> {
        let guarded: Vec<&Write> = writes
            .iter()
            .filter(|write| write.condition != Condition::Any)
            .collect();
        let keys: Vec<String> = guarded.iter().map(|write| write.key.clone()).collect();
        let now = self.get_many(&keys).await?;
        Ok(guarded
            .iter()
            .zip(now)
            .any(|(write, document)| Condition::as_read(document.as_ref()) != write.condition))
    }
}

impl<T: Transport> Dapr for HttpDapr<T> {
    async fn get(&self, key: &str) -> Result<Option<Document>, DaprError> {
        let path = format!(
            "/v1.0/state/{STATE_STORE}/{}",
            utf8_percent_encode(key, SEGMENT)
        );
        let response = self
            .send("state", self.request(Method::GET, &path).body(Vec::new()))
            .await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(None),
            StatusCode::OK => {
                let etag = response
                    .headers()
                    .get(header::ETAG)
                    .and_then(|etag| etag.to_str().ok());
                let etag = etag.unwrap_or_default().to_owned();
                let value = serde_json::from_slice(response.body()).map_err(|error| {
                    DaprError::Corrupt {
                        key: key.to_owned(),
                        detail: error.to_string(),
                    }
                })?;
                Ok(Some(Document { value, etag }))
            }
            _ => Err(failure("state", &response)),
        }
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Document>>, DaprError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // Once more where the witness was not there yet, or the answer broke off.
        for _ in 0..2 {
            let mut found = self.bulk(keys).await?;
            let mut wanted: HashMap<&str, usize> = HashMap::new();
            for key in keys {
                *wanted.entry(key).or_default() += 1;
            }
            let take = |key: &String| match wanted.get_mut(key.as_str()) {
                // Asked for more than once.
                Some(times) if *times > 1 => {
                    *times -= 1;
                    found.get(key).cloned()
                }
                _ => found.remove(key),
            };
            let documents: Vec<Option<Document>> = keys.iter().map(take).collect();
            if found.contains_key(WITNESS) || documents.iter().all(Option::is_some) {
                return Ok(documents);
            }
            if self.get(WITNESS).await?.is_some() {
                // Somebody else has written it a moment ago, or there was more than what was read.
                continue;
            }
            let witness = Write::put(WITNESS, &json!(1), Condition::Any);
            let response = self.post_transaction(&[witness]).await?;
            if !response.status().is_success() {
                return Err(failure("state", &response));
            }
        }
        Err(DaprError::Unavailable {
            what: "state",
            detail: "the answer broke off".to_owned(),
        })
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), DaprError> {
        let response = self.post_transaction(&writes).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::CONFLICT => Err(DaprError::Conflict),
            StatusCode::INTERNAL_SERVER_ERROR if self.is_conflict(&writes).await? => {
                Err(DaprError::Conflict)
            }
            _ => Err(failure("state", &response)),
        }
    }

    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), DaprError> {
        let entries: Vec<Value> = events
            .iter()
            .map(|event| {
                json!({
                    "entryId": event.event_id,
                    "event": events::cloud_event(event, self.traceparent.as_deref()),
                    "contentType": "application/cloudevents+json",
                    "metadata": { "partitionKey": event.user_id },
                })
            })
            .collect();
        let path = format!("/v1.0/publish/bulk/{PUBSUB}/{topic}");
        let response = self.post_json("publish", &path, &entries).await?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(failure("publish", &response))
        }
    }

    async fn invoke(&self, call: Invocation) -> Result<Response<Vec<u8>>, DaprError> {
        let target = match &call.target {
            Target::App(app_id) => app_id.clone(),
            Target::Endpoint(name) => (*name).to_owned(),
            Target::Url(url) => url.trim_end_matches('/').to_owned(),
        };
        let path = format!("/v1.0/invoke/{target}/method{}", call.path);
        let request = call.headers.iter().fold(
            self.request(call.method, &path),
            |builder, (name, value)| builder.header(name, value),
        );
        let response = self.send("invoke", request.body(call.body)).await?;
        // Dapr's own failures have an `errorCode`; an answer of the app is passed through whatever its status.
        let dapr_failed = response.status().is_server_error()
            && serde_json::from_slice::<Value>(response.body())
                .is_ok_and(|body| body.get("errorCode").and_then(Value::as_str).is_some());
        if dapr_failed {
            Err(failure("invoke", &response))
        } else {
            Ok(response)
        }
    }

    async fn bind(&self, binding: Binding) -> Result<Vec<u8>, DaprError> {
        let metadata: serde_json::Map<String, Value> = binding
            .metadata
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        let body =
            json!({ "operation": binding.operation, "data": binding.data, "metadata": metadata });
        let response = self
            .post_json(
                "binding",
                &format!("/v1.0/bindings/{}", binding.name),
                &body,
            )
            .await?;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(failure("binding", &response))
        }
    }

    async fn within<O>(&self, limit: Duration, work: impl Future<Output = O>) -> Option<O> {
        self.transport.within(limit, work).await
    }

    async fn pause(&self, length: Duration) {
        self.transport.within(length, pending::<()>()).await;
    }
}

#[derive(Deserialize)]
struct BulkItem {
    key: String,
    data: Option<Json>,
    etag: Option<String>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Transaction<'a> {
    operations: Vec<Operation<'a>>,
}

#[derive(Serialize)]
struct Operation<'a> {
    operation: &'static str,
    request: StateRequest<'a>,
}

#[derive(Serialize)]
struct StateRequest<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
}

impl<'a> Operation<'a> {
    fn of(write: &'a Write) -> Self {
        let etag = match &write.condition {
            Condition::Unchanged(etag) => Some(etag.as_str()),
            Condition::Absent | Condition::Any => None,
        };
        let first_write = write.condition != Condition::Any;
        let request = StateRequest {
            key: &write.key,
            value: write.value.as_ref(),
            etag,
            options: first_write.then(|| json!({ "concurrency": "first-write" })),
            metadata: write
                .ttl_seconds
                .map(|seconds| json!({ "ttlInSeconds": seconds.to_string() })),
        };
        let operation = if write.value.is_some() {
            "upsert"
        } else {
            "delete"
        };
        Self { operation, request }
    }
}

/// 4xx is a fault of ours or of the configuration; the rest may pass.
fn failure(what: &'static str, response: &Response<Vec<u8>>) -> DaprError {
    let text = String::from_utf8_lossy(response.body());
    let detail = format!(
        "{}: {}",
        response.status(),
        text.chars().take(300).collect::<String>()
    );
    // Dapr answers 401 while its API token is changed in one place after the other.
    if crate::may_pass(response.status()) || response.status() == StatusCode::REQUEST_TIMEOUT {
        DaprError::Unavailable { what, detail }
    } else {
        DaprError::Refused { what, detail }
    }
}
