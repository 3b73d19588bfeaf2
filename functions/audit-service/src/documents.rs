//! The documents of a person's record, and the keys under which they lie.

use chrono::{DateTime, Utc};
use dapr::{Condition, Dapr, DaprError, Document, Json, Write};
use events::{Event, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chain::{BEGINNING, Record};
use crate::reference;

/// Most record numbers in one document of a task's story.
pub(crate) const STORY_CHUNK: usize = 256;

/// The document `audit-head/{user}`: where the chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) number: u64,
    pub(crate) hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            number: 0,
            hash: BEGINNING.to_owned(),
        }
    }
}

impl Head {
    /// The writes that put `event` on record behind this head, which was read from `document`: record, body, the entry by
    /// which the event is found, and the new head.
    pub(crate) fn append(
        &self,
        document: Option<&Document>,
        event: &Event,
        begins: Vec<String>,
        now: DateTime<Utc>,
    ) -> Vec<Write> {
        let (user, id) = (event.user_id.as_str(), event.event_id);
        let body = reference::kept(event);
        let record = Record::following(self.number, &self.hash, &body, id, Timestamp::clamped(now));
        let text = Json::of(&body);
        let entry = Entry {
            number: record.number,
            event_type: event.event_type.name().to_owned(),
            bytes: text.text().len(),
            begins,
        };
        let head = Self {
            number: record.number,
            hash: record.hash(),
        };
        vec![
            Write::put(record_key(user, record.number), &record, Condition::Absent),
            Write::put(body_key(user, record.number), &text, Condition::Absent),
            Write::put(event_key(user, id), &entry, Condition::Absent),
            Write::put(head_key(user), &head, Condition::as_read(document)),
        ]
    }
}

/// The document `audit-event/{user}/{event_id}`: that the event is on record, for as long as it is, so that not even a
/// replay of years doubles one; and what is known of its body without reading it. Earlier versions wrote the number alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The record's number.
    pub(crate) number: u64,
    /// The event's type.
    pub(crate) event_type: String,
    /// Length of the body as JSON.
    pub(crate) bytes: usize,
    /// The tasks whose stories begin with this record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) begins: Vec<String>,
}

/// What a body says of itself, of whatever type and version it is.
#[derive(Debug, Deserialize)]
pub(crate) struct Outline {
    pub(crate) event_id: Uuid,
    task_id: String,
    payload: OutlinePayload,
}

#[derive(Debug, Deserialize)]
struct OutlinePayload {
    from_task_id: Option<String>,
}

impl Outline {
    /// The tasks whose stories the event is part of.
    pub(crate) fn into_tasks(self) -> impl Iterator<Item = String> {
        let from = self.payload.from_task_id;
        [Some(self.task_id), from]
            .into_iter()
            .flatten()
            .filter(|task| !task.is_empty())
    }
}

/// The document `audit-task/{user}/{task}`: how many records tell a task's story.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Story {
    pub(crate) records: u64,
}

impl Story {
    /// How many documents have the numbers of the story's records.
    pub(crate) fn chunks(&self) -> u64 {
        self.records.div_ceil(STORY_CHUNK as u64)
    }
}

/// The document `audit-erased/{user}`: how much of the person's record was erased, last of all and by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Erasure {
    /// The bodies of the records up to this number are to be erased, but for those that say that something was erased.
    pub(crate) through: u64,
    /// The next that is to be erased; behind `through` when all of them were.
    pub(crate) next: u64,
    /// What happened by then is not recorded any more, should it still arrive.
    pub(crate) at: Timestamp,
    /// Who asked for it.
    pub(crate) asked_by: String,
    /// The record that says so, once all is erased.
    pub(crate) recorded: Option<u64>,
}

impl Erasure {
    /// Up to which number the record is, or is about to be, without bodies.
    pub(crate) fn through(erasure: Option<&Self>) -> u64 {
        erasure.map_or(0, |erasure| erasure.through)
    }
}

pub(crate) fn head_key(user: &str) -> String {
    format!("audit-head/{user}")
}

pub(crate) fn record_key(user: &str, number: u64) -> String {
    format!("audit/{user}/{number:020}")
}

pub(crate) fn body_key(user: &str, number: u64) -> String {
    format!("audit-body/{user}/{number:020}")
}

pub(crate) fn event_key(user: &str, event_id: Uuid) -> String {
    format!("audit-event/{user}/{event_id}")
}

pub(crate) fn story_key(user: &str, task: &str) -> String {
    format!("audit-task/{user}/{task}")
}

pub(crate) fn story_chunk_key(user: &str, task: &str, chunk: u64) -> String {
    format!("{}/{chunk}", story_key(user, task))
}

pub(crate) fn erasure_key(user: &str) -> String {
    format!("audit-erased/{user}")
}

/// A document as its type, or the type's default where there is none.
pub(crate) fn read<T: Default + serde::de::DeserializeOwned>(
    key: &str,
    document: Option<&Document>,
) -> Result<T, DaprError> {
    document.map_or_else(|| Ok(T::default()), |document| document.read(key))
}

/// Where a person's chain ends, and what of it was erased.
pub(crate) struct Extent {
    pub(crate) head: Head,
    pub(crate) head_document: Option<Document>,
    pub(crate) erasure: Option<Erasure>,
    pub(crate) erasure_document: Option<Document>,
}

impl Extent {
    pub(crate) async fn read<D: Dapr>(dapr: &D, user: &str) -> Result<Self, DaprError> {
        let keys = [head_key(user), erasure_key(user)];
        let mut documents = dapr.get_many(&keys).await?.into_iter();
        let (head_document, erasure_document) =
            (documents.next().flatten(), documents.next().flatten());
        Ok(Self {
            head: read(&keys[0], head_document.as_ref())?,
            erasure: read_erasure(&keys[1], erasure_document.as_ref())?,
            head_document,
            erasure_document,
        })
    }

    /// Up to which number there are no bodies.
    pub(crate) fn erased_through(&self) -> u64 {
        Erasure::through(self.erasure.as_ref())
    }
}

pub(crate) fn read_erasure(
    key: &str,
    document: Option<&Document>,
) -> Result<Option<Erasure>, DaprError> {
    document.map(|document| document.read(key)).transpose()
}

/// The record numbers in one document of a task's story, in ascending order.
pub(crate) async fn story_chunk<D: Dapr>(
    dapr: &D,
    user: &str,
    task: &str,
    chunk: u64,
) -> Result<Vec<u64>, DaprError> {
    let key = story_chunk_key(user, task, chunk);
    read(&key, dapr.get(&key).await?.as_ref())
}
