//! No acknowledged change without its events, through a crash at any point.
//!
//! A command commits its events as documents `outbox/{user}/{number}` in the same transaction as its change and the
//! user's head. Publishing follows after the answer: [`relay_in_turn`] publishes in order and deletes. Of commands that
//! follow each other closely, one publishes for all. What a crash left behind is published by a later command, or by the
//! check that the command put into the [`timetable`](crate::timetable) ([`relay_user`]).

use chrono::{DateTime, Duration, Utc};
use events::{Event, Timestamp, Topic, UnknownFields};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Condition, Dapr, DaprError, Document, Write};

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

/// How many events the timetable's check publishes of one user before it goes on to the next.
const TURN_EVENTS: u64 = 1_000;

/// The highest number that events can have been counted to.
const MOST_COUNTED: u64 = 1 << 53;

/// How many documents that nobody can read a head keeps in mind. Further ones stay in the store as well.
const MOST_UNREADABLE: usize = 100;

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
    /// Numbers of documents that could not be read as events when their turn came: the events behind them went first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<u64>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A document that earlier commands left in the outbox, as a command finds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Pending {
    /// It was published, and is gone.
    Published,
    /// An event that nobody is known to have published.
    Event(Box<Event>),
    /// Nobody here can read it; the timetable's check deals with it.
    Unreadable,
}

impl Pending {
    /// What the document with this key is.
    #[must_use]
    pub fn of(key: &str, document: Option<&Document>) -> Self {
        match document.map(|document| document.read(key)) {
            None => Self::Published,
            Some(Ok(event)) => Self::Event(Box::new(event)),
            Some(Err(error)) => {
                eprintln!("{error}");
                Self::Unreadable
            }
        }
    }
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

    /// How the numbers are not what they must be, `recorded` being the highest one on record. A number beyond 2^53 is not one
    /// that was counted to, whoever has put it on record.
    #[must_use]
    pub fn misnumbered(&self, recorded: u64) -> Option<String> {
        let recorded = if recorded > MOST_COUNTED { 0 } else { recorded };
        let Self {
            sequence,
            relayed_to,
            ..
        } = self;
        if *sequence < recorded {
            return Some(format!(
                "its last event has the number {sequence}, and {recorded} is on record"
            ));
        }
        (relayed_to > sequence)
            .then(|| format!("it has published {relayed_to} events, and made {sequence}"))
    }

    /// Goes on behind what is on record, as after the document was lost that had the numbers: consumers take no notice of
    /// an event whose number is behind. What was in the outbox then is published as well. What was made since has to be
    /// published before ([`relay_user`]).
    ///
    /// # Errors
    /// What the store answered.
    pub async fn renumber<D: Dapr>(
        &mut self,
        dapr: &D,
        user: &str,
        recorded: u64,
    ) -> Result<(), DaprError> {
        let recorded = if recorded > MOST_COUNTED { 0 } else { recorded };
        let made = self.sequence.max(recorded).min(MOST_COUNTED);
        let keys: Vec<String> = (made + 1..=made + BATCH)
            .map(|number| key(user, number))
            .collect();
        let left = dapr.get_many(&keys).await?;
        let behind = left.iter().rposition(Option::is_some);
        self.relayed_to = match self.sequence < recorded {
            true => recorded,
            // Which were published is not known: it is looked whether they are still there.
            false => made.saturating_sub(BATCH),
        };
        self.sequence = made + behind.map_or(0, |behind| behind as u64 + 1);
        Ok(())
    }

    /// Whether a command is to publish its events now, after those of `left` that are pending: that must be all that are,
    /// and none may have waited so long that the broker must be away. What is sent to a broker that is away arrives when it
    /// is back, every time that it was sent; if each command sent all that its predecessors left, consumers would get each
    /// event a hundred times. Then only the check publishes, of which there is one at a time.
    #[must_use]
    pub fn may_publish(&self, left: &[Pending], now: DateTime<Utc>) -> bool {
        let longest = Duration::seconds(WAIT_SECONDS);
        self.sequence.saturating_sub(self.relayed_to) < BATCH
            && left.iter().all(|pending| match pending {
                Pending::Published => true,
                Pending::Event(event) => now - event.timestamp.utc() < longest,
                Pending::Unreadable => false,
            })
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
        let at = now + Duration::seconds(CHECK_AFTER_SECONDS);
        // A look that is planned later than one from now would be was planned by a clock that was ahead.
        if self
            .relay_at
            .is_some_and(|planned| planned.utc() > now && planned.utc() <= at)
        {
            return None;
        }
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
            // The check deals with what nobody can read, and with all that is behind it.
            let Pending::Event(event) = Pending::of(&key, Some(&document)) else {
                break;
            };
            left.push(Numbered {
                number,
                event: *event,
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

/// What a look at a user's outbox came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relayed {
    /// Everything is published.
    All,
    /// There is more, for the next look.
    More,
    /// Everything is published but documents that nobody here can read. They stay, for a version that can.
    Unreadable(Vec<u64>),
}

/// Publishes what a user's commands left behind, then ends the planned check in the user's head.
///
/// The head is always written, by ETag: a command that raced with this one meets the ETag, reads again, and plans a
/// new check. Only after this returns may the timetable's entry go. At most a thousand events are published at a time, so
/// that nobody waits for one user's.
///
/// # Errors
/// When the store or the broker did not answer: the entry must stay.
pub async fn relay_user<D: Dapr>(
    dapr: &D,
    user: &str,
    head_key: &str,
) -> Result<Relayed, DaprError> {
    loop {
        let Some(document) = dapr.get(head_key).await? else {
            return Ok(Relayed::All);
        };
        let mut value = document.value.value();
        let mut head: OutboxHead =
            serde_json::from_value(value["outbox"].take()).map_err(|error| DaprError::Corrupt {
                key: head_key.to_owned(),
                detail: error.to_string(),
            })?;
        let until = head.relayed_to.saturating_add(TURN_EVENTS);
        relay_unreadable(dapr, user, &mut head).await?;
        while head.relayed_to < head.sequence.min(until) {
            publish_batch(dapr, user, &mut head).await?;
        }
        let is_all = head.relayed_to >= head.sequence;
        if is_all {
            head.relay_at = None;
        }
        value["outbox"] = serde_json::to_value(&head).unwrap_or(Value::Null);
        let write = Write::put(head_key, &value, Condition::Unchanged(document.etag));
        match dapr.transact(vec![write]).await {
            Err(DaprError::Conflict) => {}
            Err(error) => return Err(error),
            Ok(()) if !is_all => return Ok(Relayed::More),
            Ok(()) if head.unreadable.is_empty() => return Ok(Relayed::All),
            Ok(()) => return Ok(Relayed::Unreadable(head.unreadable)),
        }
    }
}

/// Publishes what could not be read before and can be now, as after a rollback and a second upgrade.
async fn relay_unreadable<D: Dapr>(
    dapr: &D,
    user: &str,
    head: &mut OutboxHead,
) -> Result<(), DaprError> {
    let keys: Vec<String> = head
        .unreadable
        .iter()
        .map(|&number| key(user, number))
        .collect();
    let found = dapr.get_many(&keys).await?;
    let mut still = Vec::new();
    for ((&number, key), document) in head.unreadable.iter().zip(&keys).zip(&found) {
        match Pending::of(key, document.as_ref()) {
            Pending::Published => {}
            Pending::Event(event) => {
                let event = *event;
                relay(dapr, user, &[Numbered { number, event }]).await?;
            }
            Pending::Unreadable => still.push(number),
        }
    }
    head.unreadable = still;
    Ok(())
}

async fn publish_batch<D: Dapr>(
    dapr: &D,
    user: &str,
    head: &mut OutboxHead,
) -> Result<(), DaprError> {
    let first = head.relayed_to + 1;
    let keys = head.pending_keys(user);
    let found = dapr.get_many(&keys).await?;
    let mut left = Vec::new();
    for ((number, key), document) in (first..).zip(&keys).zip(&found) {
        match Pending::of(key, document.as_ref()) {
            Pending::Published => {}
            Pending::Event(event) => left.push(Numbered {
                number,
                event: *event,
            }),
            Pending::Unreadable if head.unreadable.len() < MOST_UNREADABLE => {
                head.unreadable.push(number);
            }
            Pending::Unreadable => {}
        }
    }
    relay(dapr, user, &left).await?;
    head.relayed_to += found.len() as u64;
    Ok(())
}
