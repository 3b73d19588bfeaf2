//! No acknowledged change without its events, through a crash at any point.
//!
//! A command commits its events as documents `outbox/{user}/{number}` in the same transaction as its change and the
//! user's head. Publishing follows after the answer: [`relay_in_turn`] publishes in order and deletes. Of commands that
//! follow each other closely, one publishes for all. What a crash left behind is published by a later command, or by the
//! check that the command put into the [`timetable`](crate::timetable) ([`relay_user`]).

use chrono::{DateTime, Duration, Utc};
use events::{Event, Timestamp, Topic};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Condition, Dapr, DaprError, Write};

/// How long after a commit the timetable looks whether its events were published.
pub const CHECK_AFTER_SECONDS: i64 = 10;

/// How long an event waits at most for a later command to publish it; then the timetable's check does.
const WAIT_SECONDS: i64 = 2;

/// For how long a command's events are taken to be on their way, in seconds: within that, later commands leave theirs to
/// whoever publishes these.
const TURN_SECONDS: i64 = 1;

/// How many documents behind those that it has published a command looks at.
const LOOK_AHEAD: u64 = 8;

/// How often a command goes on to publish what others committed meanwhile, before it leaves the rest to others.
const TURNS: u32 = 100;

/// How many unpublished events are read and published at a time.
const BATCH: u64 = 100;

/// Where a user's outbox stands; part of the user's head document, under the field `outbox`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxHead {
    /// Number of the last event committed.
    pub sequence: u64,
    /// Every event up to here is known to have been published. Moves lazily.
    pub relayed_to: u64,
    /// When the timetable looks at this user; absent when no look is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_at: Option<Timestamp>,
}

/// The key of an event that is not yet confirmed as published.
#[must_use]
pub fn key(user: &str, number: u64) -> String {
    format!("outbox/{user}/{number:020}")
}

impl OutboxHead {
    /// The documents that may still be there, oldest first, at most 100.
    #[must_use]
    pub fn pending_keys(&self, user: &str) -> Vec<String> {
        let last = self.sequence.min(self.relayed_to + BATCH);
        (self.relayed_to + 1..=last)
            .map(|number| key(user, number))
            .collect()
    }

    /// Whether a command is to publish its events now, after those of `left` that are pending: that must be all that are,
    /// and none may have waited so long that the broker must be away. What is sent to a broker that is away arrives when it
    /// is back, every time that it was sent; if each command sent all that its predecessors left, consumers would get each
    /// event a hundred times. Then only the check publishes, of which there is one at a time.
    #[must_use]
    pub fn may_publish(&self, left: &[Option<Event>], now: DateTime<Utc>) -> bool {
        let longest = Duration::seconds(WAIT_SECONDS);
        let mut left = left.iter().flatten();
        self.sequence - self.relayed_to < BATCH
            && left.all(|event| now - event.timestamp.utc() < longest)
    }

    /// Numbers `events` and returns the writes that commit them. `sequenced` also says the number in each event.
    pub fn append(&mut self, user: &str, events: &mut [Event], sequenced: bool) -> Vec<Write> {
        events
            .iter_mut()
            .map(|event| {
                self.sequence += 1;
                if sequenced {
                    event.metadata.sequence = Some(self.sequence);
                }
                Write::put(key(user, self.sequence), event, Condition::Absent)
            })
            .collect()
    }

    /// When the timetable is to look at this user, if no look is planned yet: sets `relay_at`, which the command
    /// commits together with the entry.
    pub fn plan_check(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.relay_at.is_some_and(|at| at.utc() > now) {
            return None;
        }
        let at = now + Duration::seconds(CHECK_AFTER_SECONDS);
        self.relay_at = Some(Timestamp::clamped(at));
        Some(at)
    }
}

/// What a command is to publish once it is answered.
#[derive(Debug, Default)]
pub struct ToPublish {
    /// What earlier commands committed and nobody is known to have published.
    pub earlier: Vec<Numbered>,
    /// Its own.
    pub own: Vec<Numbered>,
}

/// An event with the number of its outbox document.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    /// The document's number.
    pub number: u64,
    /// The event.
    pub event: Event,
}

/// Publishes what a command committed, and what later commands of the same user left to it.
///
/// Whoever publishes deletes the documents, and only then looks for the next ones. So a command that still finds its
/// predecessors' documents after its own commit may go: who deletes those will find its own. Where nobody does, for a
/// crash, the first command after a second takes over.
///
/// # Errors
/// When a publish failed: then its documents stay, and are published again later under the same ids.
pub async fn relay_in_turn<D: Dapr>(
    dapr: &D,
    user: &str,
    to_publish: ToPublish,
) -> Result<(), DaprError> {
    let ToPublish { mut earlier, own } = to_publish;
    if !earlier.is_empty() {
        let keys: Vec<String> = earlier
            .iter()
            .map(|numbered| key(user, numbered.number))
            .collect();
        let mut still_there = dapr.get_many(&keys).await?.into_iter();
        earlier.retain(|_| still_there.next().flatten().is_some());
        if is_their_turn(&earlier, &own) {
            return Ok(());
        }
    }
    earlier.extend(own);
    let Some(last) = earlier.last() else {
        return Ok(());
    };
    let mut next = last.number + 1;
    relay(dapr, user, &earlier).await?;
    for _ in 0..TURNS {
        let keys: Vec<String> = (next..next + LOOK_AHEAD)
            .map(|number| key(user, number))
            .collect();
        let documents = dapr.get_many(&keys).await?;
        let found = documents.into_iter().map_while(|document| document);
        let (mut left, mut deletes) = (Vec::new(), Vec::new());
        for ((number, key), document) in (next..).zip(keys).zip(found) {
            left.push(Numbered {
                number,
                event: document.read(&key)?,
            });
            deletes.push(Write::delete(key, Condition::Unchanged(document.etag)));
        }
        if left.is_empty() {
            break;
        }
        next += left.len() as u64;
        publish(dapr, &left).await?;
        match dapr.transact(deletes).await {
            // Whoever committed these came to publish them as well, and looks for the next ones.
            Err(DaprError::Conflict) => break,
            deleted => deleted?,
        }
    }
    Ok(())
}

/// Whether somebody is about to publish `earlier`, as far as `own`, which were committed behind them, can tell.
fn is_their_turn(earlier: &[Numbered], own: &[Numbered]) -> bool {
    let since = |numbered: &[Numbered]| numbered.first().map(|first| first.event.timestamp.utc());
    let longest = Duration::seconds(TURN_SECONDS);
    since(earlier)
        .zip(since(own))
        .is_some_and(|(earlier, own)| own - earlier < longest)
}

/// Publishes committed events and deletes their documents. `events` are one user's, in order, with nothing pending
/// before them.
async fn relay<D: Dapr>(dapr: &D, user: &str, events: &[Numbered]) -> Result<(), DaprError> {
    if events.is_empty() {
        return Ok(());
    }
    publish(dapr, events).await?;
    let deletes = events
        .iter()
        .map(|numbered| Write::delete(key(user, numbered.number), Condition::Any))
        .collect();
    dapr.transact(deletes).await
}

/// Each topic's events in order.
async fn publish<D: Dapr>(dapr: &D, events: &[Numbered]) -> Result<(), DaprError> {
    join_all(Topic::ALL.map(|topic| publish_in_order(dapr, topic, events)))
        .await
        .into_iter()
        .collect()
}

/// Publishes those of `events` that belong on `topic`, each when the one before it has arrived. In one bulk they would be
/// faster, but a broker that goes away in the middle takes the later ones of a bulk without the earlier.
async fn publish_in_order<D: Dapr>(
    dapr: &D,
    topic: Topic,
    events: &[Numbered],
) -> Result<(), DaprError> {
    let events = events.iter().map(|numbered| &numbered.event);
    for event in events.filter(|event| event.topic() == topic) {
        dapr.publish(topic, std::slice::from_ref(event)).await?;
    }
    Ok(())
}

/// Publishes all that a user's commands left behind, then ends the planned check in the user's head.
///
/// The head is always written, by ETag: a command that raced with this one meets the ETag, reads again, and plans a
/// new check. Only after this returns may the timetable's entry go.
///
/// # Errors
/// When the store or the broker did not answer: the entry must stay.
pub async fn relay_user<D: Dapr>(dapr: &D, user: &str, head_key: &str) -> Result<(), DaprError> {
    loop {
        let Some(document) = dapr.get(head_key).await? else {
            return Ok(());
        };
        let mut value = document.value.value();
        let mut head: OutboxHead =
            serde_json::from_value(value["outbox"].take()).map_err(|error| DaprError::Corrupt {
                key: head_key.to_owned(),
                detail: error.to_string(),
            })?;
        while head.relayed_to < head.sequence {
            publish_batch(dapr, user, &mut head).await?;
        }
        head.relay_at = None;
        value["outbox"] = serde_json::to_value(&head).unwrap_or(Value::Null);
        let write = Write::put(head_key, &value, Condition::Unchanged(document.etag));
        match dapr.transact(vec![write]).await {
            Err(DaprError::Conflict) => {}
            result => return result,
        }
    }
}

async fn publish_batch<D: Dapr>(
    dapr: &D,
    user: &str,
    head: &mut OutboxHead,
) -> Result<(), DaprError> {
    let first = head.relayed_to + 1;
    let found = dapr.get_many(&head.pending_keys(user)).await?;
    let mut left = Vec::new();
    for (number, document) in (first..).zip(&found) {
        if let Some(document) = document {
            left.push(Numbered {
                number,
                event: document.read(&key(user, number))?,
            });
        }
    }
    relay(dapr, user, &left).await?;
    head.relayed_to += found.len() as u64;
    Ok(())
}
