//! The audit record.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The [`Record::event_type`] of an event that is damaged or missing.
pub const UNREADABLE: &str = "UNREADABLE";

/// One event on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HistoryRecord")]
pub struct Record<P = Value> {
    /// Its place in the person's record, from 1.
    #[schemars(range(min = 1))]
    pub number: u64,
    /// When it happened; `null` where not even that can be read.
    #[schemars(extend("format" = "date-time"))]
    pub at: Option<String>,
    /// `UNREADABLE` where the event is damaged or missing; `payload.reason` says so.
    pub event_type: String,
    /// The event.
    pub event_id: Option<Uuid>,
    /// The task that it is about; empty where there is none.
    pub task_id: String,
    /// The function that published it.
    pub source: String,
    /// Numbers what the task service tells of one person.
    pub sequence: Option<u64>,
    /// The same along a whole chain.
    pub correlation_id: Option<Uuid>,
    /// The event that caused this one.
    pub causation_id: Option<Uuid>,
    /// What the type says. `TASK_CHANGED` has its task in the event of the same command: `payload.task` is
    /// `{same_as_sequence, sha256}`, the sequence of that event and the hash of the task in its canonical form (RFC 8785).
    pub payload: BTreeMap<String, P>,
}

/// Answer to `GET /api/history`: the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HistoryPage")]
pub struct Page<T = Record> {
    /// The records.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// Answer to `GET /api/history/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Verification {
    /// All is as it was recorded, as far as it was looked at.
    Whole {
        /// `true`.
        valid: bool,
        /// How many there are.
        records: u64,
        /// The first that was looked at.
        from: u64,
        /// The last that was looked at.
        to: u64,
        /// How many of these records' events were erased.
        erased: u64,
        /// Where to go on.
        next_from: Option<u64>,
        /// The hash of the last that was looked at.
        hash: String,
    },
    /// One is not.
    Broken {
        /// `false`.
        valid: bool,
        /// The first that is not whole.
        record: u64,
        /// What is wrong with it.
        reason: String,
    },
}
