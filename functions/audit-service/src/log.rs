//! Recording one event: the record, its body, and its place in the stories of the tasks it is about.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dapr::consumer::{Effect, HandleError};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use events::{Event, EventType, TaskRecurred, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chain::{BEGINNING, Record};

/// Most record numbers in one document of a task's story.
pub(crate) const STORY_CHUNK: u64 = 256;

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

/// The document `audit-task/{user}/{task}`: how many records tell a task's story.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Story {
    pub(crate) records: u64,
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

/// Says under which number an event is on record: for ever, so that not even a replay of years doubles one.
fn event_key(user: &str, event: &Event) -> String {
    format!("audit-event/{user}/{}", event.event_id)
}

pub(crate) fn story_key(user: &str, task: &str) -> String {
    format!("audit-task/{user}/{task}")
}

pub(crate) fn story_chunk_key(user: &str, task: &str, chunk: u64) -> String {
    format!("{}/{chunk}", story_key(user, task))
}

/// A document as its type, or the type's default where there is none.
pub(crate) fn read<T: Default + serde::de::DeserializeOwned>(
    key: &str,
    document: Option<&Document>,
) -> Result<T, DaprError> {
    document.map_or_else(|| Ok(T::default()), |document| document.read(key))
}

/// Records an event, unless it is on record.
pub(crate) async fn record<D: Dapr>(
    dapr: &D,
    event: &Event,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    let user = event.user_id.as_str();
    let (key, event_key) = (head_key(user), event_key(user, event));
    let tasks = tasks(event)?;
    let mut keys = vec![key.clone(), event_key.clone()];
    for task in &tasks {
        // The story's documents as nearly all stories have them.
        keys.extend([story_key(user, task), story_chunk_key(user, task, 0)]);
    }
    let mut documents = dapr.get_many(&keys).await?.into_iter();
    let mut next = || documents.next().flatten();
    let (document, recorded) = (next(), next());
    if recorded.is_some() {
        return Ok(Effect::ignored());
    }
    let head: Head = read(&key, document.as_ref())?;
    let body = serde_json::to_value(event).unwrap_or(Value::Null);
    let record = Record::following(
        head.number,
        &head.hash,
        &body,
        event.event_id,
        Timestamp::clamped(now),
    );

    let mut writes = Vec::new();
    for task in &tasks {
        let found = (next(), next());
        writes.extend(tell(dapr, user, task, found, record.number).await?);
    }
    writes.push(Write::put(
        record_key(user, record.number),
        &record,
        Condition::Absent,
    ));
    writes.push(Write::put(
        body_key(user, record.number),
        &body,
        Condition::Absent,
    ));
    writes.push(Write::put(event_key, &record.number, Condition::Absent));
    let head = Head {
        number: record.number,
        hash: record.hash(),
    };
    writes.push(Write::put(
        key,
        &head,
        Condition::as_read(document.as_ref()),
    ));
    Ok(writes.into())
}

/// Whose stories the event is part of: a task's own, and that of the occurrence that led to it.
fn tasks(event: &Event) -> Result<BTreeSet<String>, HandleError> {
    let mut tasks = BTreeSet::from([event.task_id.clone()]);
    if event.event_type == EventType::TaskRecurred {
        let payload: TaskRecurred = event.payload()?;
        tasks.insert(payload.from_task_id.to_string());
    }
    tasks.remove("");
    Ok(tasks)
}

/// Appends a record's number to a task's story, of which its own document and its first chunk were `found`.
async fn tell<D: Dapr>(
    dapr: &D,
    user: &str,
    task: &str,
    found: (Option<Document>, Option<Document>),
    number: u64,
) -> Result<[Write; 2], DaprError> {
    let (document, first_chunk) = found;
    let key = story_key(user, task);
    let mut story: Story = read(&key, document.as_ref())?;
    let chunk = story.records / STORY_CHUNK;
    let chunk_key = story_chunk_key(user, task, chunk);
    let chunk_document = match chunk {
        0 => first_chunk,
        _ => dapr.get(&chunk_key).await?,
    };
    let mut numbers: Vec<u64> = read(&chunk_key, chunk_document.as_ref())?;
    numbers.push(number);
    story.records += 1;
    Ok([
        Write::put(key, &story, Condition::as_read(document.as_ref())),
        Write::put(
            chunk_key,
            &numbers,
            Condition::as_read(chunk_document.as_ref()),
        ),
    ])
}
