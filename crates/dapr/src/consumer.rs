//! How a function handles what a topic delivers: each event's effect exactly once, whatever crashes when.
//!
//! The order is: what goes out, under ids derived from the cause; then one transaction with the effect and the mark
//! that the event was seen; then `SUCCESS`. A crash before the transaction repeats what went out under the same ids.

use events::{Event, Malformed, parse_delivery};
use serde_json::json;

use crate::timetable::Insert;
use crate::{Condition, Dapr, DaprError, Write, load};

/// How long the mark of a handled event is kept: over twice the retention of the topics (7 days).
pub const SEEN_TTL_SECONDS: u32 = 15 * 24 * 60 * 60;

/// How often one delivery tries again when others change the same documents, before it leaves that to Dapr.
const TRIES: u32 = 8;

/// How often an event is put off for a reason of its own before it is poison: Dapr tries once a second, so for ten minutes.
/// Counted, because a clock may be set meanwhile.
const MOST_PUT_OFF: u32 = 600;
/// How long that count is kept after the last time.
const PUT_OFF_TTL_SECONDS: u32 = 24 * 60 * 60;

/// What Dapr is told of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or nothing to do.
    Success,
    /// Never to be processed; the reason is saved under `dropped/{event_id}`. Dapr dead-letters it.
    Drop,
    /// Not now: answered as HTTP 503, which the resiliency policy retries without limit.
    Unavailable,
}

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Dapr could not do its part.
    #[error(transparent)]
    Dapr(#[from] DaprError),
    /// The event can never be handled, for this reason.
    #[error("{0}")]
    Poison(String),
}

impl From<events::PayloadError> for HandleError {
    fn from(error: events::PayloadError) -> Self {
        Self::Poison(format!("{error}: {}", error.source))
    }
}

/// What an event did to the consumer's own state.
#[derive(Debug, Default)]
pub struct Effect {
    /// Written together with the mark.
    pub writes: Vec<Write>,
    /// Entries of the timetable among these writes, to be confirmed once they are committed. Should that fail, the ticks'
    /// look back finds them.
    pub insert: Insert,
    /// Published once these writes are committed, and at most once: only what may be lost.
    pub after: Vec<Event>,
    /// Whether the event was no business of this consumer, which then keeps no mark.
    pub ignored: bool,
}

impl Effect {
    /// Nothing to do with this event, now or ever.
    #[must_use]
    pub fn ignored() -> Self {
        Self {
            ignored: true,
            ..Self::default()
        }
    }
}

impl From<Vec<Write>> for Effect {
    fn from(writes: Vec<Write>) -> Self {
        Self {
            writes,
            ..Self::default()
        }
    }
}

/// How a consumer knows which events it has handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// By a mark beside what it writes, which is kept for [`SEEN_TTL_SECONDS`].
    Marks,
    /// By documents of its own, for as long as it has them: it ignores what it finds there, and writes them so that only
    /// one of two deliveries at once comes through.
    Own,
}

/// Handles one delivery: `handle` loads, sends out, and returns what to write; it is called again after a conflict.
pub async fn consume<D: Dapr>(
    dapr: &D,
    body: &[u8],
    memory: Memory,
    handle: impl AsyncFn(&Event) -> Result<Effect, HandleError>,
) -> Outcome {
    let event = match parse_delivery(body) {
        Ok(event) => event,
        Err((id, malformed)) => return drop_malformed(dapr, id, &malformed).await,
    };
    for _ in 0..TRIES {
        match attempt(dapr, &event, memory, &handle).await {
            Ok(()) => return Outcome::Success,
            Err(HandleError::Dapr(DaprError::Conflict)) => {}
            Err(HandleError::Dapr(DaprError::Corrupt { key, detail })) => {
                return save_reason(
                    dapr,
                    &event.event_id.to_string(),
                    &format!("{key} is corrupt: {detail}"),
                )
                .await;
            }
            Err(HandleError::Dapr(error @ DaprError::Refused { .. })) => {
                return put_off(dapr, &event, &error.to_string()).await;
            }
            Err(HandleError::Dapr(error)) => {
                eprintln!("event {} is put off: {error}", event.event_id);
                return Outcome::Unavailable;
            }
            Err(HandleError::Poison(reason)) => {
                return save_reason(dapr, &event.event_id.to_string(), &reason).await;
            }
        }
    }
    let reason = DaprError::Conflict.to_string();
    put_off(dapr, &event, &reason).await
}

/// Puts an event off for a reason that may be its own, and not the whole function's: that others changed the same documents
/// each time, or that Dapr refuses what is asked of it. While the store works, that is counted; after [`MOST_PUT_OFF`]
/// times the event is poison, so that it does not hold up others on its partition for ever.
async fn put_off<D: Dapr>(dapr: &D, event: &Event, reason: &str) -> Outcome {
    eprintln!("event {} is put off: {reason}", event.event_id);
    match count_put_off(dapr, event).await {
        Ok(times) if times >= MOST_PUT_OFF => {
            let reason = format!("put off {times} times: {reason}");
            save_reason(dapr, &event.event_id.to_string(), &reason).await
        }
        // Without the store it is an outage, and nothing is counted.
        Ok(_) | Err(_) => Outcome::Unavailable,
    }
}

/// How often the event was put off, this time included.
async fn count_put_off<D: Dapr>(dapr: &D, event: &Event) -> Result<u32, DaprError> {
    let key = format!("put-off/{}", event.event_id);
    let (before, _) = load::<u32, D>(dapr, &key).await?;
    let times = before.saturating_add(1);
    let count = Write::put(key, &times, Condition::Any).with_ttl(PUT_OFF_TTL_SECONDS);
    dapr.transact(vec![count]).await?;
    Ok(times)
}

/// Makes lost state again: `make` loads, and returns what is missing; it is called again after a conflict. Says whether
/// anything was. Nothing goes out, and no marks are looked at: they may be older than what was lost.
///
/// # Errors
/// What `make` says, or the store.
pub async fn restore<D: Dapr, E: Into<Effect>>(
    dapr: &D,
    make: impl AsyncFn() -> Result<E, HandleError>,
) -> Result<bool, HandleError> {
    for _ in 0..TRIES {
        let Effect { writes, insert, .. } = make().await?.into();
        if writes.is_empty() {
            return Ok(false);
        }
        match dapr.transact(writes).await {
            Ok(()) => {
                insert.confirm(dapr).await?;
                return Ok(true);
            }
            Err(DaprError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(DaprError::Conflict.into())
}

/// The write that marks an event as seen, whether or not it is marked.
#[must_use]
pub fn seen(event: &Event) -> Write {
    mark(event, Condition::Any)
}

fn mark_key(event: &Event) -> String {
    format!("seen/{}", event.event_id)
}

fn mark(event: &Event, condition: Condition) -> Write {
    Write::put(mark_key(event), &json!(1), condition).with_ttl(SEEN_TTL_SECONDS)
}

async fn attempt<D: Dapr>(
    dapr: &D,
    event: &Event,
    memory: Memory,
    handle: &impl AsyncFn(&Event) -> Result<Effect, HandleError>,
) -> Result<(), HandleError> {
    if memory == Memory::Marks && dapr.get(&mark_key(event)).await?.is_some() {
        return Ok(());
    }
    let mut effect = handle(event).await?;
    if effect.ignored {
        return Ok(());
    }
    if memory == Memory::Marks {
        // `Absent` lets one of two concurrent deliveries of the same event fail, read again, and find the mark.
        effect.writes.push(mark(event, Condition::Absent));
    }
    dapr.transact(effect.writes).await?;
    publish_after(dapr, &effect.after).await;
    Ok(effect.insert.confirm(dapr).await?)
}

/// Publishes what tells of a change that is committed. Failing at it changes nothing of that.
pub async fn publish_after<D: Dapr>(dapr: &D, events: &[Event]) {
    for event in events {
        if let Err(error) = dapr
            .publish(event.topic(), std::slice::from_ref(event))
            .await
        {
            eprintln!("event {} is lost: {error}", event.event_id);
        }
    }
}

async fn drop_malformed<D: Dapr>(dapr: &D, id: Option<String>, malformed: &Malformed) -> Outcome {
    let id = id
        .filter(|id| id.len() <= 64)
        .unwrap_or_else(|| "unknown".to_owned());
    save_reason(dapr, &id, &malformed.to_string()).await
}

/// The reason is on record before the event is given up: a dead-letter topic carries none.
async fn save_reason<D: Dapr>(dapr: &D, id: &str, reason: &str) -> Outcome {
    eprintln!("event {id} is dropped: {reason}");
    let record = Write::put(
        format!("dropped/{id}"),
        &json!({ "reason": reason }),
        Condition::Any,
    )
    .with_ttl(SEEN_TTL_SECONDS);
    match dapr.transact(vec![record]).await {
        Ok(()) => Outcome::Drop,
        Err(_) => Outcome::Unavailable,
    }
}
