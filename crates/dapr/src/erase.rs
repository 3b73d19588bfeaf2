//! Erasing what a function has of a person, a stretch at a time, and keeping out what would bring it back.
//!
//! Each function has documents of a person that all its other writes for them replace in the same transaction (their head,
//! their inbox). A [`Tombstone`] in such a document is therefore seen by every command and every delivery without a read
//! of its own, and one that read the document before is refused by its condition.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use events::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::consumer::SEEN_TTL_SECONDS;
use crate::{Condition, Dapr, DaprError, Write};

/// How many keys of answers are read at a time.
const BATCH: u64 = 100;

/// For how long the key of an answer is kept, in seconds: an hour longer than the answer.
const ANSWER_KEY_TTL_SECONDS: u32 = 25 * 60 * 60;

/// What is to be erased: the body of `POST /{function}/erase`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erase {
    /// Whose.
    pub user_id: String,
    /// Until when nothing of theirs is taken in.
    pub until: Timestamp,
    /// Tasks that are on record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task_ids: Vec<Uuid>,
    /// Events that are on record. Without any ids, what the function's own lists lead to is meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_ids: Vec<Uuid>,
}

/// The answer to an [`Erase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Whether the same request is to come again, for the rest.
    pub more: bool,
}

/// That a person was erased, in a document that all writes for them replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Until when nothing of theirs is taken in: what happened before the erasure has arrived by then, or never does.
    pub until: Timestamp,
}

impl Tombstone {
    /// The tombstone of a person who is erased at `now`. It lasts as long as marks of handled events do, over twice as long
    /// as topics keep events.
    #[must_use]
    pub fn from(now: DateTime<Utc>) -> Self {
        let until = now + Duration::seconds(i64::from(SEEN_TTL_SECONDS));
        Self {
            until: Timestamp::clamped(until),
        }
    }

    /// Whether anything of the person is to be kept out at `now`.
    #[must_use]
    pub fn holds(tombstone: Option<Self>, now: DateTime<Utc>) -> bool {
        tombstone.is_some_and(|tombstone| now < tombstone.until.utc())
    }
}

/// Where the answers to a person's commands of the last day are: part of a head whose outbox numbers the commands. Each
/// answer lies under the key that the caller chose; a document `answered/{user}/{number}` says which that is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// The days in which there were any, and the first number of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    days: Vec<Day>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    /// Days since 1970.
    day: i64,
    first: u64,
}

impl Answers {
    /// The write that says under which key the answer to the command with this number lies.
    pub fn keep(&mut self, user: &str, number: u64, key: &str, now: DateTime<Utc>) -> Write {
        let day = now.timestamp().div_euclid(24 * 60 * 60);
        // An answer of 25 hours ago may be of the day before yesterday.
        self.days.retain(|known| known.day + 2 >= day);
        if self.days.iter().all(|known| known.day != day) {
            self.days.push(Day { day, first: number });
        }
        Write::put(answered_key(user, number), &key, Condition::Any)
            .with_ttl(ANSWER_KEY_TTL_SECONDS)
    }

    /// The writes that erase a batch of the answers to commands up to the number `last`; `None` once there are none left.
    ///
    /// # Errors
    /// When the store did not answer.
    pub async fn erase<D: Dapr>(
        &mut self,
        dapr: &D,
        user: &str,
        last: u64,
    ) -> Result<Option<Vec<Write>>, DaprError> {
        let first = self.days.iter().map(|day| day.first).min();
        let latest = self.days.iter().map(|day| day.day).max();
        let Some((first, day)) = first.zip(latest) else {
            return Ok(None);
        };
        let to = last.min(first.saturating_add(BATCH - 1));
        let keys: Vec<String> = (first..=to)
            .map(|number| answered_key(user, number))
            .collect();
        let found = dapr.get_many(&keys).await?;
        let mut gone = BTreeSet::new();
        for (key, document) in keys.into_iter().zip(found) {
            let Some(document) = document else { continue };
            // One that can't be read names no answer, which ends by itself within a day.
            gone.extend(document.read::<String>(&key).ok());
            gone.insert(key);
        }
        let first = to.saturating_add(1);
        self.days = match to < last {
            true => vec![Day { day, first }],
            false => Vec::new(),
        };
        let gone = gone.into_iter();
        let writes = gone.map(|key| Write::delete(key, Condition::Any)).collect();
        Ok(Some(writes))
    }
}

fn answered_key(user: &str, number: u64) -> String {
    format!("answered/{user}/{number:020}")
}
