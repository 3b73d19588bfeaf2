//! Looking at owners: a batch at a time, one by one where a batch fails, and what becomes of whoever fails alone.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::super::CURSOR_KEY;
use super::super::bucket::{Entry, MINUTE_MS};
use super::super::put_off::{Wait, put_off};
use super::step::{Step, Suspect};
use crate::outbox::Relayed;
use crate::{Dapr, DaprError};

/// After so many owners in a row for whom the store or the broker did not answer, it is taken to be away.
const AWAY_AFTER: usize = 3;
/// For how long an owner is tried again and again for whom alone the store or the broker does not answer.
const ALONE_MS: i64 = 5 * MINUTE_MS;

/// What a handler made of the owners that it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Owners whose own data is at fault, each with what is wrong: they are looked at again later.
    pub put_off: Vec<(String, String)>,
    /// Owners that there was no time for: they come again with the next tick.
    pub left: Vec<String>,
    /// Owners that have more work than one turn of theirs does: they come again with the next tick, behind all others.
    pub again: Vec<String>,
}

impl Looked {
    /// Takes in what a look at the outbox of `entry`'s owner came to.
    pub fn relayed(&mut self, entry: &Entry, relayed: Relayed) {
        let owner = entry.owner.clone();
        match relayed {
            Relayed::All => {}
            Relayed::More => self.again.push(owner),
            Relayed::Unreadable(numbers) => {
                let reason = format!("its outbox has events that can't be read: {numbers:?}");
                self.put_off.push((owner, reason));
            }
        }
    }
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct Batch {
    /// Owners whose entries stay.
    pub(super) kept: Vec<String>,
    /// Owners who come again behind all others.
    pub(super) again: Vec<String>,
    pub(super) is_out_of_time: bool,
}

impl Batch {
    pub(super) fn out_of_time(batch: &[Entry]) -> Self {
        Self {
            kept: batch.iter().map(|entry| entry.owner.clone()).collect(),
            is_out_of_time: true,
            ..Self::default()
        }
    }
}

impl<D: Dapr, C: Fn() -> DateTime<Utc>> Step<'_, D, C> {
    pub(super) fn has_time(&self) -> bool {
        (self.clock)().timestamp_millis() < self.until
    }

    /// Has a batch looked at: as a whole, or where that fails each owner by itself.
    pub(super) async fn look(
        &mut self,
        batch: &[Entry],
        handle: &impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError>,
    ) -> Result<Batch, DaprError> {
        let first = &batch[0];
        if self.is_careful && self.fatal.take_if(|fatal| *fatal == first.owner).is_some() {
            let reason = "looking at it came to no end".to_owned();
            self.put_off(first, reason, Wait::Growing).await?;
            return Ok(Batch::default());
        }
        self.renew(self.is_careful.then(|| first.owner.clone()))
            .await?;
        let at = DateTime::from_timestamp_millis(self.target).unwrap_or_default();
        match handle(batch, at).await {
            Ok(looked) => self.looked_at(batch, looked).await,
            Err(error) if batch.len() == 1 => self.failed(first, error).await,
            Err(_) => {
                let mut all = Batch::default();
                for entry in batch {
                    let one = std::slice::from_ref(entry);
                    let outcome = match self.has_time() && !all.is_out_of_time {
                        true => self.look_at_one(one, at, handle).await?,
                        false => Batch::out_of_time(one),
                    };
                    all.kept.extend(outcome.kept);
                    all.again.extend(outcome.again);
                    all.is_out_of_time |= outcome.is_out_of_time;
                }
                Ok(all)
            }
        }
    }

    async fn look_at_one(
        &mut self,
        one: &[Entry],
        at: DateTime<Utc>,
        handle: &impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError>,
    ) -> Result<Batch, DaprError> {
        self.renew(None).await?;
        match handle(one, at).await {
            Ok(looked) => self.looked_at(one, looked).await,
            Err(error) => self.failed(&one[0], error).await,
        }
    }

    async fn looked_at(&mut self, batch: &[Entry], looked: Looked) -> Result<Batch, DaprError> {
        let Looked {
            put_off,
            left,
            again,
        } = looked;
        if put_off.len() + left.len() < batch.len() {
            (self.failures, self.has_passed) = (0, true);
        }
        for (owner, reason) in put_off {
            if let Some(entry) = batch.iter().find(|entry| entry.owner == owner) {
                self.put_off(entry, reason, Wait::Growing).await?;
            }
        }
        Ok(Batch {
            is_out_of_time: !left.is_empty(),
            kept: left,
            again,
        })
    }

    /// What becomes of an owner that could not be looked at. Its own data may be at fault, or the store is away.
    async fn failed(&mut self, entry: &Entry, error: DaprError) -> Result<Batch, DaprError> {
        let kept = |entry: &Entry| Batch {
            kept: vec![entry.owner.clone()],
            ..Batch::default()
        };
        match error {
            // Somebody changed it meanwhile: the next tick sees it as it then is.
            DaprError::Conflict => Ok(kept(entry)),
            // The store answers, but not with what this owner needs.
            DaprError::Unavailable { what: "state", .. }
                if self.dapr.get(CURSOR_KEY).await.is_ok() =>
            {
                self.put_off(entry, error.to_string(), Wait::Short).await?;
                Ok(Batch::default())
            }
            DaprError::Unavailable { .. } => {
                self.failures += 1;
                if self.failures >= AWAY_AFTER {
                    return Err(error);
                }
                self.suspects.push(Suspect {
                    entry: entry.clone(),
                    reason: error.to_string(),
                });
                Ok(kept(entry))
            }
            DaprError::Corrupt { .. } | DaprError::Refused { .. } => {
                self.put_off(entry, error.to_string(), Wait::Growing)
                    .await?;
                Ok(Batch::default())
            }
        }
    }

    /// Puts those off for whom the store or the broker did not answer while it did for others. Whether none is left.
    pub(super) async fn put_off_suspects(&mut self) -> Result<bool, DaprError> {
        let now = (self.clock)().timestamp_millis();
        let mut is_clear = true;
        for Suspect { entry, reason } in std::mem::take(&mut self.suspects) {
            if !self.has_passed && now - entry.due < ALONE_MS {
                is_clear = false;
                continue;
            }
            self.put_off(&entry, reason, Wait::Short).await?;
            let (minute, shard) = entry.bucket();
            let owner = HashSet::from([entry.owner]);
            let first = self.chunks(minute, shard, 0..=0).await?;
            let last = first.iter().map(|found| found.bucket.last).sum();
            for chunk in (0..=last).rev() {
                let found = self.chunks(minute, shard, chunk..=chunk).await?;
                self.settle(found, &owner).await?;
            }
        }
        Ok(is_clear)
    }

    async fn put_off(
        &mut self,
        entry: &Entry,
        reason: String,
        wait: Wait,
    ) -> Result<(), DaprError> {
        let target = DateTime::from_timestamp_millis(self.target).unwrap_or_default();
        let now = (self.clock)().max(target);
        self.put_off
            .push(put_off(self.dapr, entry, reason, wait, now).await?);
        Ok(())
    }
}
