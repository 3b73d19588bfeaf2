//! Reading the record: a person's history, or one task's.

use std::collections::BTreeMap;

use api::history::{Record, UNREADABLE};
use dapr::{Dapr, DaprError, Document, Json};
use serde::Deserialize;
use uuid::Uuid;

use crate::batch::{Bodies, Flaw, Known, known, parsed};
use crate::documents::{Extent, Story, read, story_chunk, story_key};

/// Most bytes of a page's items, unless it has only one.
const PAGE_BYTES: usize = 1024 * 1024;

/// Chunks of a story that a page is looked for in: all but the newest are full, and each has more than a page.
const PAGE_CHUNKS: u64 = 3;

/// Numbers of a page, the newest first, and whether there are more behind it.
pub(crate) struct Page {
    extent: Extent,
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
    let extent = Extent::read(dapr, user).await?;
    let (number, erased) = (extent.head.number, extent.erased_through());
    let last = before.map_or(number, |before| number.min(before - 1));
    let first = last.saturating_sub(limit).max(erased) + 1;
    Ok(Page {
        extent,
        numbers: (first..=last).rev().collect(),
        further: first > erased + 1,
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
    let extent = Extent::read(dapr, user).await?;
    let key = story_key(user, task);
    let story: Story = read(&key, dapr.get(&key).await?.as_ref())?;
    let end = chunks_before(dapr, user, task, &story, before).await?;
    let mut numbers = Vec::new();
    for chunk in (end.saturating_sub(PAGE_CHUNKS)..end).rev() {
        if numbers.len() > limit {
            break;
        }
        let chunk = story_chunk(dapr, user, task, chunk).await?;
        let erased = extent.erased_through();
        let is_wanted =
            |number: &u64| *number > erased && before.is_none_or(|before| *number < before);
        numbers.extend(chunk.into_iter().rev().filter(is_wanted));
    }
    let further = numbers.len() > limit;
    numbers.truncate(limit);
    Ok(Page {
        extent,
        numbers,
        further,
    })
}

/// How many chunks of a story begin before number `before`, by halves: a story may have thousands of them.
async fn chunks_before<D: Dapr>(
    dapr: &D,
    user: &str,
    task: &str,
    story: &Story,
    before: Option<u64>,
) -> Result<u64, DaprError> {
    let (mut least, mut most) = (0, story.chunks());
    let Some(before) = before else {
        return Ok(most);
    };
    while least < most {
        let middle = least + (most - least) / 2;
        let chunk = story_chunk(dapr, user, task, middle).await?;
        match chunk.first().is_some_and(|&first| first < before) {
            true => least = middle + 1,
            false => most = middle,
        }
    }
    Ok(least)
}

/// What a page's records say.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// As JSON.
    pub(crate) items: Vec<Json>,
    /// The number of the last item, where there is more behind it.
    pub(crate) next: Option<u64>,
}

/// Reads a page's records, until the answer is full.
pub(crate) async fn show<D: Dapr>(dapr: &D, user: &str, page: &Page) -> Result<Shown, DaprError> {
    let known = known(dapr, user, &page.numbers, page.extent.erasure.as_ref()).await?;
    let (mut bodies, mut shown, mut bytes) = (Bodies::of(&known), Shown::default(), 0_usize);
    while let Some(batch) = bodies
        .next(dapr, user, PAGE_BYTES.saturating_sub(bytes))
        .await?
    {
        for (known, body) in batch {
            let item = Json::of(&item(known, body.as_ref()));
            let length = item.text().len() + 1;
            if bytes + length > PAGE_BYTES && !shown.items.is_empty() {
                return Ok(shown);
            }
            bytes += length;
            shown.items.push(item);
            shown.next = Some(known.number);
        }
    }
    if !page.further {
        shown.next = None;
    }
    Ok(shown)
}

/// An event on record, as far as it is shown: a type that this version does not know is shown all the same.
#[derive(Deserialize)]
struct Body {
    event_id: Uuid,
    event_type: String,
    task_id: String,
    payload: BTreeMap<String, Json>,
    metadata: Metadata,
    timestamp: String,
}

#[derive(Deserialize)]
struct Metadata {
    source: String,
    sequence: Option<u64>,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
}

/// A record as it is shown, with what its payload has passed on unread.
type Item = Record<Json>;

fn item(known: &Known, body: Option<&Document>) -> Item {
    match parsed::<Body>(body) {
        Ok(body) => Item {
            number: known.number,
            at: Some(body.timestamp),
            event_type: body.event_type,
            event_id: Some(body.event_id),
            task_id: body.task_id,
            source: body.metadata.source,
            sequence: body.metadata.sequence,
            correlation_id: Some(body.metadata.correlation_id),
            causation_id: body.metadata.causation_id,
            payload: body.payload,
        },
        Err(flaw) => unreadable(known, flaw),
    }
}

/// What is shown of a record whose event can't be shown, so that it hides no others.
fn unreadable(known: &Known, flaw: Flaw) -> Item {
    let reason = match flaw {
        Flaw::Missing => "The event is missing.",
        Flaw::Unreadable => "The event can't be read.",
    };
    let record = known.record.as_ref().ok();
    Item {
        number: known.number,
        at: record.map(|record| record.recorded_at.to_string()),
        event_type: UNREADABLE.to_owned(),
        event_id: record.map(|record| record.event_id),
        task_id: String::new(),
        source: "audit-service".to_owned(),
        sequence: None,
        correlation_id: None,
        causation_id: None,
        payload: BTreeMap::from([("reason".to_owned(), Json::of(reason))]),
    }
}
