//! What a tick has claimed: a stretch of time under its lease, and the documents in it. How those are read and written is
//! here; what is done about the owners in them is not.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use super::super::bucket::{self, Bucket, Entry, MINUTE_MS, SHARDS};
use super::super::put_off::PutOff;
use super::super::{CURSOR_KEY, Cursor, Lease, MOST_SKEW_MS, read_cursor, read_or_begin};
use crate::{Condition, Dapr, DaprError, Write, get_each};

/// How long a tick may go without renewing its lease. A tick that was cut off holds the timetable for so long.
const LEASE_MS: i64 = 10_000;
/// How long the lease of a careful tick lasts over one owner, who is taken to have ended it when that time is over.
const CAREFUL_LEASE_MS: i64 = 20_000;
/// How old a lease may get before it is renewed.
const RENEW_AFTER_MS: i64 = 3_000;
/// How far one step of a catch-up goes.
const STEP_MINUTES: i64 = 30;
/// How long after the last tick the newest minutes come first: a day.
const FAR_BEHIND_MS: i64 = 24 * 60 * MINUTE_MS;
/// How far behind `done` a tick looks, once a minute, for what a slow insert left.
const LOOK_BACK_MINUTES: i64 = 5;
/// How many further chunks of a bucket are read at a time: some two thousand entries.
pub(super) const CHUNKS_AT_ONCE: u32 = 15;

/// What a tick finds when it begins a stretch.
pub(super) enum Begun<'a, D, C> {
    Nothing,
    Busy,
    Claimed(Box<Step<'a, D, C>>),
}

/// A claimed stretch of time, from `cursor.done` to `target`.
pub(super) struct Step<'a, D, C> {
    pub(super) dapr: &'a D,
    pub(super) clock: &'a C,
    holder: &'a str,
    pub(super) cursor: Cursor,
    pub(super) target: i64,
    pub(super) from_minute: i64,
    /// When the tick has to come to its end.
    pub(super) until: i64,
    /// Whether it leaves out what lies between the last tick and now, and so closes nothing.
    pub(super) skips: bool,
    renewed_at: i64,
    /// Set when the tick before this one came to no end: each owner is taken by itself, with its name in the lease.
    pub(super) is_careful: bool,
    /// The owner at whom even a careful tick came to no end.
    pub(super) fatal: Option<String>,
    /// Owners in a row for whom the store or the broker did not answer.
    pub(super) failures: usize,
    /// Whether anybody could be looked at.
    pub(super) has_passed: bool,
    /// For whom the store or the broker did not answer: it is their own data that is at fault if it does for others.
    pub(super) suspects: Vec<Suspect>,
    pub(super) owners: usize,
    pub(super) put_off: Vec<PutOff>,
}

/// For whom the store or the broker did not answer.
pub(super) struct Suspect {
    pub(super) entry: Entry,
    pub(super) reason: String,
}

/// A bucket document as a tick found it.
pub(super) struct Found {
    pub(super) minute: i64,
    pub(super) shard: u8,
    chunk: u32,
    etag: String,
    pub(super) bucket: Bucket,
}

impl Found {
    /// Its entries that are due by `target`, in milliseconds since 1970.
    pub(super) fn due(&self, target: i64) -> impl Iterator<Item = Entry> {
        let due = self.bucket.entries.iter();
        due.filter(move |planned| planned.due <= target)
            .map(|planned| Entry {
                due: planned.due,
                owner: planned.owner.clone(),
                shard: self.shard,
            })
    }

    fn key(&self) -> String {
        bucket::key(self.minute, self.shard, self.chunk)
    }
}

impl<'a, D: Dapr, C: Fn() -> DateTime<Utc>> Step<'a, D, C> {
    /// Looks whether anything is in reach, and if so announces it. Nothing in reach costs reads only; `done` moves
    /// once a minute all the same, so that reads stay few.
    pub(super) async fn begin(
        dapr: &'a D,
        clock: &'a C,
        holder: &'a str,
        until: i64,
        is_first: bool,
    ) -> Result<Begun<'a, D, C>, DaprError> {
        let now = clock();
        let Some((mut cursor, condition)) = read_cursor(dapr, now).await? else {
            read_or_begin(dapr, now).await?;
            return Ok(Begun::Nothing);
        };
        let now_ms = now.timestamp_millis();
        let left = cursor.lease.take().filter(|lease| lease.holder != holder);
        // A lease of somebody whose clock was ahead lasts no longer than any other.
        let lasts = now_ms..=now_ms.saturating_add(CAREFUL_LEASE_MS + MOST_SKEW_MS);
        if left
            .as_ref()
            .is_some_and(|lease| lease.until > now_ms && lasts.contains(&lease.until))
        {
            return Ok(Begun::Busy);
        }
        if cursor.is_ahead_of(now) {
            eprintln!("the timetable was ahead of the clock, and is set back to it");
            cursor = Cursor::beginning(now);
        }
        // Long after the last tick, what is due now does not wait until everything before it is caught up.
        let skips = is_first && now_ms.saturating_sub(cursor.done) > FAR_BEHIND_MS;
        let target = match skips {
            true => now_ms,
            false => now_ms
                .min(cursor.done.saturating_add(STEP_MINUTES * MINUTE_MS))
                .max(cursor.done),
        };
        let minute = target.div_euclid(MINUTE_MS);
        let done_minute = match skips {
            true => minute,
            false => cursor.done.div_euclid(MINUTE_MS),
        };
        let looks_back = cursor.looked_back != minute || skips;
        let mut step = Self {
            dapr,
            clock,
            holder,
            target,
            from_minute: done_minute - if looks_back { LOOK_BACK_MINUTES } else { 0 },
            until,
            skips,
            renewed_at: now_ms,
            is_careful: left.is_some(),
            fatal: left.and_then(|lease| lease.owner),
            failures: 0,
            has_passed: false,
            suspects: Vec::new(),
            owners: 0,
            put_off: Vec::new(),
            cursor,
        };
        if !looks_back && !step.is_anything_due().await? {
            return Ok(Begun::Nothing);
        }
        step.cursor.announced = step.cursor.announced.max(target);
        match step.save(None, condition).await {
            Ok(()) => Ok(Begun::Claimed(Box::new(step))),
            Err(DaprError::Conflict) => Ok(Begun::Busy),
            Err(error) => Err(error),
        }
    }

    async fn is_anything_due(&self) -> Result<bool, DaprError> {
        let last_minute = self.target.div_euclid(MINUTE_MS);
        let firsts = self.firsts(self.from_minute..=last_minute).await?;
        if firsts
            .iter()
            .any(|found| found.due(self.target).next().is_some())
        {
            return Ok(true);
        }
        for first in firsts {
            let mut upper = first.bucket.last;
            while upper > 0 {
                let lower = upper.saturating_sub(CHUNKS_AT_ONCE - 1).max(1);
                let found = self
                    .chunks(first.minute, first.shard, lower..=upper)
                    .await?;
                if found
                    .iter()
                    .any(|found| found.due(self.target).next().is_some())
                {
                    return Ok(true);
                }
                upper = lower - 1;
            }
        }
        Ok(false)
    }

    /// Takes the owners that were looked at out of the documents, as they were found: an entry that was added meanwhile
    /// changed its document, and is left to the next tick.
    pub(super) async fn settle(
        &self,
        found: Vec<Found>,
        handled: &HashSet<String>,
    ) -> Result<(), DaprError> {
        if handled.is_empty() && found.iter().all(|found| !found.bucket.entries.is_empty()) {
            return Ok(());
        }
        let mut buckets: BTreeMap<(i64, u8), Vec<Found>> = BTreeMap::new();
        for one in found {
            buckets
                .entry((one.minute, one.shard))
                .or_default()
                .push(one);
        }
        let mut transactions = Vec::new();
        for (_, chunks) in buckets {
            let writes = self.settled(chunks, handled).await?;
            transactions.extend((!writes.is_empty()).then_some(writes));
        }
        if transactions.is_empty() {
            return Ok(());
        }
        let single = transactions.len() == 1;
        match self.dapr.transact(transactions.concat()).await {
            Err(DaprError::Conflict) if single => Ok(()),
            Err(DaprError::Conflict) => {
                for writes in transactions {
                    match self.dapr.transact(writes).await {
                        Ok(()) | Err(DaprError::Conflict) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            }
            result => result,
        }
    }

    /// The writes that take handled owners out of chunks of one bucket, and empty chunks out of the bucket.
    async fn settled(
        &self,
        chunks: Vec<Found>,
        handled: &HashSet<String>,
    ) -> Result<Vec<Write>, DaprError> {
        let target = self.target;
        let (mut writes, mut empty) = (BTreeMap::new(), BTreeMap::new());
        let mut first = None;
        for mut found in chunks {
            let changed = found.bucket.settle(target, |owner| handled.contains(owner));
            let unchanged = Condition::Unchanged(found.etag.clone());
            let key = found.key();
            if found.bucket.entries.is_empty() && found.chunk > 0 {
                empty.insert(
                    found.chunk,
                    (found.minute, found.shard, key.clone(), unchanged.clone()),
                );
            }
            if found.chunk == 0 && found.bucket.last == 0 && found.bucket.entries.is_empty() {
                writes.insert(key.clone(), Write::delete(key, unchanged));
            } else if changed {
                writes.insert(key.clone(), Write::put(key, &found.bucket, unchanged));
            }
            if found.chunk == 0 {
                first = Some(found);
            }
        }
        // Chunks can go from the last one down, and only together with what chunk 0 says of how many there are.
        if let Some((&highest, (minute, shard, ..))) = empty.iter().next_back() {
            let first = match first {
                Some(first) => Some(first),
                None => self.chunks(*minute, *shard, 0..=0).await?.pop(),
            };
            if let Some(mut first) = first.filter(|first| first.bucket.last == highest) {
                let mut last = first.bucket.last;
                while let Some((_, _, key, condition)) = empty.remove(&last) {
                    writes.insert(key.clone(), Write::delete(key, condition));
                    last -= 1;
                }
                first.bucket.last = last;
                let (key, unchanged) = (first.key(), Condition::Unchanged(first.etag.clone()));
                writes.insert(key.clone(), Write::put(key, &first.bucket, unchanged));
            }
        }
        Ok(writes.into_values().collect())
    }

    /// The first chunks of minutes, as far as there are any, oldest first.
    pub(super) async fn firsts(
        &self,
        minutes: std::ops::RangeInclusive<i64>,
    ) -> Result<Vec<Found>, DaprError> {
        let places = minutes.flat_map(|minute| (0..SHARDS).map(move |shard| (minute, shard, 0)));
        self.read(places.collect()).await
    }

    /// Chunks of one bucket, as far as they are there.
    pub(super) async fn chunks(
        &self,
        minute: i64,
        shard: u8,
        chunks: std::ops::RangeInclusive<u32>,
    ) -> Result<Vec<Found>, DaprError> {
        self.read(chunks.map(|chunk| (minute, shard, chunk)).collect())
            .await
    }

    async fn read(&self, places: Vec<(i64, u8, u32)>) -> Result<Vec<Found>, DaprError> {
        let keys: Vec<String> = places
            .iter()
            .map(|&(minute, shard, chunk)| bucket::key(minute, shard, chunk))
            .collect();
        let documents = get_each(self.dapr, &keys).await?;
        let found = places.into_iter().zip(keys).zip(documents);
        Ok(found
            .filter_map(|(((minute, shard, chunk), key), document)| {
                let document = match document {
                    Ok(document) => document?,
                    Err(error) => {
                        eprintln!("{error}; its entries are lost");
                        return None;
                    }
                };
                Some(Found {
                    minute,
                    shard,
                    chunk,
                    bucket: bucket::read(&key, &document),
                    etag: document.etag,
                })
            })
            .collect())
    }

    /// Renews the lease when it is getting old, or where `owner` is to be named in it.
    pub(super) async fn renew(&mut self, owner: Option<String>) -> Result<(), DaprError> {
        let now = (self.clock)().timestamp_millis();
        if owner.is_none() && (self.renewed_at..self.renewed_at + RENEW_AFTER_MS).contains(&now) {
            return Ok(());
        }
        self.renewed_at = now;
        let condition = self.still_ours().await?;
        self.save(owner, condition).await
    }

    pub(super) async fn release(&mut self) -> Result<(), DaprError> {
        let condition = self.still_ours().await?;
        self.cursor.lease = None;
        self.dapr
            .transact(vec![Write::put(CURSOR_KEY, &self.cursor, condition)])
            .await
    }

    async fn still_ours(&self) -> Result<Condition, DaprError> {
        match read_cursor(self.dapr, (self.clock)()).await? {
            Some((cursor, condition))
                if cursor
                    .lease
                    .as_ref()
                    .is_some_and(|lease| lease.holder == self.holder) =>
            {
                Ok(condition)
            }
            _ => Err(DaprError::Conflict),
        }
    }

    async fn save(&mut self, owner: Option<String>, condition: Condition) -> Result<(), DaprError> {
        let length = match owner {
            None => LEASE_MS,
            Some(_) => CAREFUL_LEASE_MS,
        };
        self.cursor.lease = Some(Lease {
            holder: self.holder.to_owned(),
            until: (self.clock)().timestamp_millis().saturating_add(length),
            owner,
        });
        self.dapr
            .transact(vec![Write::put(CURSOR_KEY, &self.cursor, condition)])
            .await
    }
}
