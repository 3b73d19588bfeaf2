//! Reading the log: a person's history, a task's story, and whether the chain is whole.

use dapr::{Dapr, DaprError};
use events::Event;
use http_api::Problem;
use serde_json::{Value, json};

use crate::chain::{BEGINNING, Record};
use crate::log::{self, Head, STORY_CHUNK, Story};

/// Most records that one request verifies.
const MOST_VERIFIED: u64 = 5_000;

/// How many documents are read at a time.
const BATCH: u64 = 100;

/// Numbers of a page, the newest first, and whether there are more behind it.
pub(crate) struct Page {
    numbers: Vec<u64>,
    further: bool,
}

/// A page of everything before number `before`.
pub(crate) async fn all<D: Dapr>(
    dapr: &D,
    user: &str,
    before: Option<u64>,
    limit: u64,
) -> Result<Page, DaprError> {
    let key = log::head_key(user);
    let head: Head = log::read(&key, dapr.get(&key).await?.as_ref())?;
    let last = before.map_or(head.number, |before| (before - 1).min(head.number));
    let first = last.saturating_sub(limit) + 1;
    Ok(Page {
        numbers: (first..=last).rev().collect(),
        further: first > 1,
    })
}

/// A page of one task's story before number `before`.
pub(crate) async fn of_task<D: Dapr>(
    dapr: &D,
    user: &str,
    task: &str,
    before: Option<u64>,
    limit: usize,
) -> Result<Page, DaprError> {
    let key = log::story_key(user, task);
    let story: Story = log::read(&key, dapr.get(&key).await?.as_ref())?;
    let mut numbers = Vec::new();
    for chunk in (0..story.records.div_ceil(STORY_CHUNK)).rev() {
        if numbers.len() > limit {
            break;
        }
        let key = log::story_chunk_key(user, task, chunk);
        let chunk: Vec<u64> = log::read(&key, dapr.get(&key).await?.as_ref())?;
        let wanted = |number: &u64| before.is_none_or(|before| *number < before);
        numbers.extend(chunk.into_iter().rev().filter(wanted));
    }
    let further = numbers.len() > limit;
    numbers.truncate(limit);
    Ok(Page { numbers, further })
}

/// What a page's records say: `{"items", "next_cursor"}`, the cursor as a number.
pub(crate) async fn show<D: Dapr>(
    dapr: &D,
    user: &str,
    page: &Page,
) -> Result<(Vec<Value>, Option<u64>), DaprError> {
    let keys: Vec<String> = page
        .numbers
        .iter()
        .map(|&number| log::body_key(user, number))
        .collect();
    let mut items = Vec::new();
    for ((number, key), body) in page
        .numbers
        .iter()
        .zip(&keys)
        .zip(dapr.get_many(&keys).await?)
    {
        let Some(body) = body else { continue };
        let event: Event = body.read(key)?;
        items.push(json!({
            "number": number,
            "at": event.timestamp,
            "event_type": event.event_type,
            "event_id": event.event_id,
            "task_id": event.task_id,
            "source": event.metadata.source,
            "sequence": event.metadata.sequence,
            "correlation_id": event.metadata.correlation_id,
            "causation_id": event.metadata.causation_id,
            "payload": event.payload,
        }));
    }
    let next = page.numbers.last().copied().filter(|_| page.further);
    Ok((items, next))
}

/// Walks the chain from number `from`, at most 5,000 records.
pub(crate) async fn verify<D: Dapr>(dapr: &D, user: &str, from: u64) -> Result<Value, Problem> {
    let key = log::head_key(user);
    let head: Head = log::read(&key, dapr.get(&key).await?.as_ref())?;
    if from == 0 || from > head.number + 1 {
        let detail = format!("takes 1 to {}", head.number + 1);
        return Err(Problem::invalid_field("?from", detail));
    }
    let mut previous = match from {
        1 => BEGINNING.to_owned(),
        _ => record(dapr, user, from - 1)
            .await?
            .map(|record| record.hash())
            .unwrap_or_default(),
    };
    let last = head.number.min(from + MOST_VERIFIED - 1);
    let mut number = from;
    while number <= last {
        let to = last.min(number + BATCH - 1);
        let records = keys(number..=to, |number| log::record_key(user, number));
        let bodies = keys(number..=to, |number| log::body_key(user, number));
        let (records, bodies) = (
            dapr.get_many(&records).await?,
            dapr.get_many(&bodies).await?,
        );
        for (record, body) in records.into_iter().zip(bodies) {
            let checked = match record {
                None => Err("it is missing".to_owned()),
                Some(document) => document
                    .read::<Record>(&log::record_key(user, number))
                    .map_err(|error| error.to_string())
                    .and_then(|record| {
                        let body = body.map(|body| body.value.value());
                        record.check(number - 1, &previous, body.as_ref())?;
                        Ok(record.hash())
                    }),
            };
            match checked {
                Ok(hash) => previous = hash,
                Err(reason) => return Ok(broken(number, &reason)),
            }
            number += 1;
        }
    }
    if last == head.number && previous != head.hash {
        return Ok(broken(last, "the chain ends otherwise than was recorded"));
    }
    let next = (last < head.number).then_some(last + 1);
    Ok(json!({
        "valid": true,
        "records": head.number,
        "from": from,
        "to": last,
        "next_from": next,
        "hash": previous,
    }))
}

fn broken(number: u64, reason: &str) -> Value {
    json!({ "valid": false, "record": number, "reason": reason })
}

async fn record<D: Dapr>(dapr: &D, user: &str, number: u64) -> Result<Option<Record>, DaprError> {
    let key = log::record_key(user, number);
    let document = dapr.get(&key).await?;
    document.map(|document| document.read(&key)).transpose()
}

fn keys(numbers: impl Iterator<Item = u64>, key: impl Fn(u64) -> String) -> Vec<String> {
    numbers.map(key).collect()
}
