//! The record of one event. Each holds the hash of the one before, so that none can be changed, left out or put in
//! between without every later one being made anew.

use events::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What the first record has in place of a hash before it.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The document `audit/{user}/{number}`: written once, never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// 1 for a person's first record, one more for each.
    pub number: u64,
    /// Hash of the record before it, or [`BEGINNING`].
    pub previous_hash: String,
    /// Hash of the event, which can be erased while the chain stays whole.
    pub body_hash: String,
    /// The event's id.
    pub event_id: Uuid,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl Record {
    /// The record that follows number `after` with hash `previous_hash`.
    #[must_use]
    pub fn following(
        after: u64,
        previous_hash: &str,
        body: &Value,
        event_id: Uuid,
        recorded_at: Timestamp,
    ) -> Self {
        Self {
            number: after + 1,
            previous_hash: previous_hash.to_owned(),
            body_hash: hash(body),
            event_id,
            recorded_at,
        }
    }

    /// SHA-256 over the record.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(&serde_json::to_value(self).expect("a record with string keys"))
    }

    /// Whether the record follows number `after` with hash `previous_hash`, and `body` is its event.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn check(
        &self,
        after: u64,
        previous_hash: &str,
        body: Option<&Value>,
    ) -> Result<(), String> {
        if self.number != after + 1 {
            return Err(format!("it says that it is number {}", self.number));
        }
        if self.previous_hash != previous_hash {
            return Err("it does not follow the record before it".to_owned());
        }
        match body {
            Some(body) if hash(body) != self.body_hash => {
                Err("its event is not the one that was recorded".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// SHA-256 in hexadecimal over the canonical form of `value` (RFC 8785): however a store orders the fields.
pub(crate) fn hash(value: &Value) -> String {
    let canonical = serde_json_canonicalizer::to_vec(value).expect("a value has a canonical form");
    let digest = Sha256::digest(canonical);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
