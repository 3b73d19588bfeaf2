//! What a function asks of Dapr, and what Nudge builds on it.
//!
//! [`Dapr`] is the whole of it: state, publish, invoke, bind. [`client::HttpDapr`] speaks Dapr's HTTP API over any
//! [`client::Transport`]; `fake::FakeDapr` keeps everything in memory and can fail or crash at any operation.
//!
//! On top of it, each in a module of its own: [`consumer`] (idempotent handling of a delivery), [`outbox`] (no
//! acknowledged change without its events), [`timetable`] (due work on a key-value store), [`ordered`] (a list in
//! order, in chunks), [`erase`] (nothing of a person is left).

pub mod check;
pub mod client;
pub mod consumer;
pub mod erase;
#[cfg(feature = "fake")]
pub mod fake;
mod json;
pub mod ordered;
pub mod outbox;
#[cfg(target_arch = "wasm32")]
pub mod spin;
pub mod timetable;

use std::future::Future;
use std::time::Duration;

use events::{Event, Topic};
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use json::Json;

/// The building blocks of Dapr that the functions use.
///
/// Keys are those of the function's own namespace: Dapr puts the app-id in front.
pub trait Dapr {
    /// Reads one document.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Document>, DaprError>>;

    /// Reads several documents; the answer has the order and length of `keys`.
    fn get_many(
        &self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Document>>, DaprError>>;

    /// Makes all `writes`, or none of them.
    ///
    /// [`DaprError::Conflict`] means that none was made because a condition did not hold.
    /// [`DaprError::Unavailable`] may mean either: whoever must know reads again.
    fn transact(&self, writes: Vec<Write>) -> impl Future<Output = Result<(), DaprError>>;

    /// Publishes events of one topic, in order, each keyed by its user.
    fn publish(
        &self,
        topic: Topic,
        events: &[Event],
    ) -> impl Future<Output = Result<(), DaprError>>;

    /// Calls another function, or an address outside. Any status is an answer; only no answer is an error.
    fn invoke(
        &self,
        call: Invocation,
    ) -> impl Future<Output = Result<http::Response<Vec<u8>>, DaprError>>;

    /// Gives `data` to an output binding.
    fn bind(&self, binding: Binding) -> impl Future<Output = Result<Vec<u8>, DaprError>>;

    /// Waits for `work` no longer than `limit`: Dapr itself waits for whom it calls as long as they take. `None` when the
    /// time is over; what was sent by then may still have its effect.
    fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>>;

    /// Lets time pass.
    fn pause(&self, length: Duration) -> impl Future<Output = ()>;
}

/// The document of `key` as its owner's type, or an empty one where there is none, and what a write that replaces it has to
/// demand.
///
/// # Errors
/// What the store answered, or [`DaprError::Corrupt`] when the document has another shape.
pub async fn load<T: DeserializeOwned + Default, D: Dapr>(
    dapr: &D,
    key: &str,
) -> Result<(T, Condition), DaprError> {
    let document = dapr.get(key).await?;
    let value = document.as_ref().map(|document| document.read(key));
    let condition = Condition::as_read(document.as_ref());
    Ok((value.transpose()?.unwrap_or_default(), condition))
}

/// Reads several documents, of which some may be unreadable: the others are read all the same.
///
/// # Errors
/// What the store answered, but that a document is corrupt: that is an error of its own key.
pub async fn get_each<D: Dapr>(
    dapr: &D,
    keys: &[String],
) -> Result<Vec<Result<Option<Document>, DaprError>>, DaprError> {
    match dapr.get_many(keys).await {
        Ok(documents) => return Ok(documents.into_iter().map(Ok).collect()),
        Err(DaprError::Corrupt { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut documents = Vec::with_capacity(keys.len());
    for key in keys {
        documents.push(match dapr.get(key).await {
            Err(error @ DaprError::Corrupt { .. }) => Err(error),
            read => Ok(read?),
        });
    }
    Ok(documents)
}

/// A document of the state store with the version that it had when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The JSON.
    pub value: Json,
    /// The store's version of it.
    pub etag: String,
}

impl Document {
    /// The document as its owner's type.
    ///
    /// # Errors
    /// [`DaprError::Corrupt`] when it has another shape.
    pub fn read<T: DeserializeOwned>(&self, key: &str) -> Result<T, DaprError> {
        self.value.read().map_err(|error| DaprError::Corrupt {
            key: key.to_owned(),
            detail: error.to_string(),
        })
    }
}

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The key, without the app-id.
    pub key: String,
    /// The new value; `None` deletes.
    pub value: Option<Json>,
    /// What must hold for the transaction to be made.
    pub condition: Condition,
    /// Seconds until the store forgets the document.
    pub ttl_seconds: Option<u32>,
}

/// What a write demands of the document it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Nothing: the last write wins.
    Any,
    /// That there is none.
    Absent,
    /// That it still has this version.
    Unchanged(String),
}

impl Condition {
    /// That the document is as it was read: unchanged, or still absent.
    #[must_use]
    pub fn as_read(document: Option<&Document>) -> Self {
        document.map_or(Self::Absent, |document| {
            Self::Unchanged(document.etag.clone())
        })
    }
}

impl Write {
    /// Sets `key` to `value`.
    pub fn put<T: Serialize>(key: impl Into<String>, value: &T, condition: Condition) -> Self {
        Self {
            key: key.into(),
            value: Some(Json::of(value)),
            condition,
            ttl_seconds: None,
        }
    }

    /// Removes `key`.
    pub fn delete(key: impl Into<String>, condition: Condition) -> Self {
        Self {
            key: key.into(),
            value: None,
            condition,
            ttl_seconds: None,
        }
    }

    /// Lets the store forget the document after so many seconds.
    #[must_use]
    pub fn with_ttl(mut self, seconds: u32) -> Self {
        self.ttl_seconds = Some(seconds);
        self
    }
}

/// A call through Dapr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Whom.
    pub target: Target,
    /// The method.
    pub method: http::Method,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// Headers to pass on.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// Whom a call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A function, by its app-id.
    App(String),
    /// An `HTTPEndpoint`, by its name. What is behind it does not hear the app API token.
    Endpoint(&'static str),
    /// A base address outside: scheme and authority, such as `https://mail.example`. Dapr sends the app API token along, so it
    /// must be an address of one's own.
    Url(String),
}

/// Whether an app's answer says nothing of what it was asked, so that the same call may be answered otherwise later: it can't
/// now (5xx, 429), or it does not know who asks (401, 403), as while the app API token is changed in one place after the
/// other, or as long as `dapr-components/access` does not list the caller.
#[must_use]
pub fn may_pass(status: StatusCode) -> bool {
    let passing = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    status.is_server_error() || passing.contains(&status)
}

/// A message for an output binding.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The component's name.
    pub name: String,
    /// What to do: `create`, `post`, …
    pub operation: String,
    /// What to send.
    pub data: Value,
    /// How, in the component's own terms.
    pub metadata: Vec<(String, String)>,
}

/// Why Dapr did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DaprError {
    /// Dapr or what is behind it did not answer, or answered that it can't now. Trying again may help.
    #[error("{what} is not available: {detail}")]
    Unavailable {
        /// `state`, `publish`, `invoke`, `binding`.
        what: &'static str,
        /// What was heard, for the log.
        detail: String,
    },
    /// A condition of a transaction did not hold; nothing was written.
    #[error("somebody else changed the documents meanwhile")]
    Conflict,
    /// Dapr refused the request for good: a fault of ours or of the configuration.
    #[error("{what} was refused: {detail}")]
    Refused {
        /// `state`, `publish`, `invoke`, `binding`.
        what: &'static str,
        /// What was heard, for the log.
        detail: String,
    },
    /// A document is not of the shape that its owner writes.
    #[error("the document {key} is corrupt: {detail}")]
    Corrupt {
        /// Its key.
        key: String,
        /// What serde found.
        detail: String,
    },
}
