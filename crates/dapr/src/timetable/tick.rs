//! One tick: look at what is due, a few documents at a time, and take it out of the timetable.

mod look;
mod step;

use std::collections::HashSet;

use chrono::{DateTime, Utc};

pub use look::Looked;

use super::bucket::{self, Entry, MINUTE_MS};
use super::put_off::PutOff;
use crate::{Dapr, DaprError};
use look::Batch;
use step::{Begun, CHUNKS_AT_ONCE, Found, Step};

/// How long a tick works before it leaves the rest to the next one: well below the time limits of those who call it.
const TICK_MS: i64 = 20_000;
/// How long a tick catches up when the newest minutes came first: they come first in the next one again.
const CATCH_UP_MS: i64 = 2_000;
/// How many minutes' first chunks are read at a time.
const MINUTES_AT_ONCE: i64 = 8;
/// How many owners the handler is given at a time.
const BATCH: usize = 64;
/// How many first chunks, one of each bucket, are worked off at a time.
const FIRSTS_AT_ONCE: usize = 16;

/// What a tick did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ticked {
    /// Nothing was due.
    Idle,
    /// Another tick holds the lease.
    Busy,
    /// Owners were looked at.
    Handled {
        /// How many.
        owners: usize,
        /// Those among them whose own data kept them from being worked off.
        put_off: Vec<PutOff>,
        /// Whether there is more that is due, for which there was no time.
        more: bool,
    },
}

/// Looks at everything due by now, oldest first, in batches of at most 64 different owners.
///
/// `handle` is given owners and the instant by which they are due, which may be ahead of its own clock where that was set
/// back meanwhile. It looks up the owners' documents, lets out what is to go out under derived ids, and writes the
/// documents; an entry whose owner knows nothing of it is stale. It may be called again for the same owner after a crash.
/// Where it fails for a batch, it is called again for each owner by itself, and whoever fails alone is put off.
///
/// # Errors
/// What the store or `handle` answered, but for a conflict with others at work. What was handled stays handled; the rest
/// comes again with the next tick.
pub async fn tick<D: Dapr>(
    dapr: &D,
    clock: impl Fn() -> DateTime<Utc>,
    holder: &str,
    handle: impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError>,
) -> Result<Ticked, DaprError> {
    let began = clock().timestamp_millis();
    let mut until = began.saturating_add(TICK_MS);
    let (mut owners, mut all_put_off) = (0, Vec::new());
    let (mut has_worked, mut more) = (false, false);
    loop {
        let mut step = match Step::begin(dapr, &clock, holder, until, !has_worked).await? {
            Begun::Nothing => break,
            Begun::Busy if !has_worked => return Ok(Ticked::Busy),
            Begun::Busy => break,
            Begun::Claimed(step) => step,
        };
        has_worked = true;
        if step.skips {
            until = began.saturating_add(CATCH_UP_MS);
        }
        let result = step.run(&handle).await;
        owners += step.owners;
        all_put_off.append(&mut step.put_off);
        let is_behind = step.skips || step.target < clock().timestamp_millis() - MINUTE_MS;
        let is_done = match result {
            Ok(is_done) => is_done,
            Err(error) => {
                // Best effort: the lease would only hold up the next tick.
                step.release().await.ok();
                // Others were at work: its lease ran out and another tick took over, or a bucket was written all the time. What is
                // left comes with the next tick.
                if error != DaprError::Conflict {
                    return Err(error);
                }
                false
            }
        };
        more = is_behind || !is_done;
        if !is_done || !is_behind || clock().timestamp_millis() >= until {
            break;
        }
    }
    Ok(match has_worked {
        true => Ticked::Handled {
            owners,
            put_off: all_put_off,
            more,
        },
        false => Ticked::Idle,
    })
}

impl<D: Dapr, C: Fn() -> DateTime<Utc>> Step<'_, D, C> {
    /// Works off what is due by the target. Whether it came to its end before the tick's time was over.
    async fn run(
        &mut self,
        handle: &impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError>,
    ) -> Result<bool, DaprError> {
        let last_minute = self.target.div_euclid(MINUTE_MS);
        let mut minute = self.from_minute;
        while minute <= last_minute {
            let to = last_minute.min(minute + MINUTES_AT_ONCE - 1);
            // Read now: between the first look and the announcement more may have come.
            let firsts = self.firsts(minute..=to).await?;
            if !self.work_off_all(firsts, handle).await? {
                self.put_off_suspects().await?;
                self.release().await?;
                return Ok(false);
            }
            minute = to + 1;
        }
        if !self.put_off_suspects().await? {
            self.release().await?;
            return Ok(false);
        }
        if !self.skips {
            self.cursor.done = self.target;
            self.cursor.looked_back = last_minute;
        }
        self.release().await?;
        Ok(true)
    }

    async fn work_off_all(
        &mut self,
        firsts: Vec<Found>,
        handle: &impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError>,
    ) -> Result<bool, DaprError> {
        let (mut single, chained): (Vec<Found>, Vec<Found>) =
            firsts.into_iter().partition(|found| found.bucket.last == 0);
        while !single.is_empty() {
            let rest = single.split_off(single.len().min(FIRSTS_AT_ONCE));
            if !self.work_off(single, handle).await? {
                return Ok(false);
            }
            single = rest;
        }
        for first in chained {
            // From the last chunk down, so that those that become empty can go.
            let (minute, shard, mut upper) = (first.minute, first.shard, first.bucket.last);
            while upper > 0 {
                let lower = upper.saturating_sub(CHUNKS_AT_ONCE - 1).max(1);
                let found = self.chunks(minute, shard, lower..=upper).await?;
                if !self.work_off(found, handle).await? {
                    return Ok(false);
                }
                upper = lower - 1;
            }
            let first = self.chunks(minute, shard, 0..=0).await?;
            if !self.work_off(first, handle).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Works off what is due in a few documents, and takes it out of them.
    async fn work_off(
        &mut self,
        found: Vec<Found>,
        handle: &impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError>,
    ) -> Result<bool, DaprError> {
        let mut due: Vec<Entry> = found
            .iter()
            .flat_map(|found| found.due(self.target))
            .collect();
        due.sort_by(|a, b| (a.due, &a.owner).cmp(&(b.due, &b.owner)));
        let mut seen = HashSet::new();
        due.retain(|entry| seen.insert(entry.owner.clone()));
        let mut kept: HashSet<String> = HashSet::new();
        let mut again: Vec<Entry> = Vec::new();
        let (mut rest, mut has_time) = (due.as_slice(), true);
        while has_time && !rest.is_empty() {
            let size = if self.is_careful { 1 } else { BATCH };
            let (batch, further) = rest.split_at(rest.len().min(size));
            let outcome = match self.has_time() {
                true => self.look(batch, handle).await?,
                false => Batch::out_of_time(batch),
            };
            self.owners += batch.len() - outcome.kept.len();
            kept.extend(outcome.kept);
            let wants = batch
                .iter()
                .filter(|entry| outcome.again.contains(&entry.owner));
            again.extend(wants.cloned());
            (has_time, rest) = (!outcome.is_out_of_time, further);
        }
        kept.extend(rest.iter().map(|entry| entry.owner.clone()));
        seen.retain(|owner| !kept.contains(owner));
        if !again.is_empty() {
            // Should the tick die between the next two steps, the next minute has them all the same.
            let next_minute = self.target.div_euclid(MINUTE_MS) + 1;
            bucket::put(self.dapr, again.clone(), next_minute * MINUTE_MS).await?;
        }
        self.settle(found, &seen).await?;
        if !again.is_empty() {
            bucket::put(self.dapr, again, self.target + 1).await?;
        }
        Ok(has_time)
    }
}
