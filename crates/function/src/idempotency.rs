//! Requests that may be sent twice and are to have their effect once: the `Idempotency-Key` header.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Problem, Request};

/// Longest `Idempotency-Key`, in bytes.
const MAX_KEY: usize = 255;

/// The caller's `Idempotency-Key` in a form that is safe in a key of the store; `None` when they gave none.
///
/// # Errors
/// 400 when it is empty or longer than 255 bytes.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    if !(1..=MAX_KEY).contains(&value.len()) {
        let detail = "Idempotency-Key must have 1 to 255 bytes.";
        return Err(Problem::bad_request(detail));
    }
    let digest = Sha256::digest(value.as_bytes());
    Ok(Some(URL_SAFE_NO_PAD.encode(digest)))
}

/// What tells a repeat from another request that was sent by mistake under the same key: a digest of what was sent, which is
/// method, path and body, and nothing that was derived from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// That of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let mut digest = Sha256::new();
        let (method, path) = (request.method().as_str(), request.uri().path());
        for part in [method.as_bytes(), path.as_bytes(), request.body()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(URL_SAFE_NO_PAD.encode(digest.finalize()))
    }

    /// Compares with that of the request which came first under the same key.
    ///
    /// # Errors
    /// 409 when that was another request.
    pub fn check(&self, first: &Self) -> Result<(), Problem> {
        if self == first {
            return Ok(());
        }
        let detail = "This Idempotency-Key was used for another request. Use a new one.";
        Err(Problem::conflict(detail))
    }
}

/// The answer that is kept under a key, an object. Its fields stand beside the fingerprint: versions before there was one kept
/// nothing but them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptAnswer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Fingerprint>,
    #[serde(flatten)]
    answer: Value,
}

impl KeptAnswer {
    /// `answer` to the request with this fingerprint.
    #[must_use]
    pub fn new(fingerprint: Fingerprint, answer: Value) -> Self {
        Self {
            fingerprint: Some(fingerprint),
            answer,
        }
    }

    /// The answer to a repeat.
    ///
    /// # Errors
    /// 409 when `repeat` is another request.
    pub fn to(self, repeat: &Fingerprint) -> Result<Value, Problem> {
        if let Some(first) = &self.fingerprint {
            repeat.check(first)?;
        }
        Ok(self.answer)
    }
}
