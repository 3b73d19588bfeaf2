//! One tick: handle what is due, and say so.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::bucket::{self, Entry, Found, MINUTE_MS};
use super::{CURSOR_KEY, Cursor, Lease, read_cursor, read_or_begin};
use crate::{Condition, Dapr, DaprError, Write};

/// How long a tick may go without renewing its lease.
const LEASE_MS: i64 = 30_000;
/// How far one step of a catch-up goes.
const STEP_MINUTES: i64 = 30;
/// Most steps of one tick: ten hours of downtime.
const STEPS: u32 = 20;
/// How far behind `done` a tick looks for buckets that a slow insert left.
const LOOK_BACK_MINUTES: i64 = 5;
/// How many entries the handler is given at a time.
const BATCH: usize = 64;
/// How many handled entries later the lease is renewed.
const RENEW_EVERY: usize = 512;
/// How many bucket documents are deleted at a time.
const DELETE_BATCH: usize = 50;

/// What a tick did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticked {
    /// Nothing was due.
    Idle,
    /// Another tick holds the lease.
    Busy,
    /// So many entries were handled.
    Handled(usize),
}

/// Handles everything due by now, oldest first, in batches of at most 64 entries of different owners.
///
/// `handle` looks up the owners' documents, lets out what is to go out under derived ids, and writes the documents;
/// an entry whose owner knows nothing of it is stale. It may be called again for the same entry after a crash.
///
/// # Errors
/// What the store or `handle` answered. What was handled stays handled; the rest comes again with the next tick.
pub async fn tick<D: Dapr>(
    dapr: &D,
    clock: impl Fn() -> DateTime<Utc>,
    holder: &str,
    handle: impl AsyncFn(&[Entry]) -> Result<(), DaprError>,
) -> Result<Ticked, DaprError> {
    let mut handled = None;
    for _ in 0..STEPS {
        let now = clock();
        let Some(step) = Step::begin(dapr, now, holder).await? else {
            break;
        };
        match step {
            Begun::Busy => return Ok(handled.map_or(Ticked::Busy, Ticked::Handled)),
            Begun::Claimed(mut step) => {
                let result = step.run(&clock, &handle).await;
                if result.is_err() {
                    // Best effort: the lease would only hold up the next tick.
                    step.release().await.ok();
                }
                handled = Some(handled.unwrap_or(0) + result?);
                if step.target >= now.timestamp_millis() {
                    break;
                }
            }
        }
    }
    Ok(handled.map_or(Ticked::Idle, Ticked::Handled))
}

enum Begun<'a, D> {
    Busy,
    Claimed(Step<'a, D>),
}

/// A claimed stretch of time, from `cursor.done` to `target`.
struct Step<'a, D> {
    dapr: &'a D,
    holder: &'a str,
    cursor: Cursor,
    target: i64,
    from_minute: i64,
}

impl<'a, D: Dapr> Step<'a, D> {
    /// Looks whether anything is in reach, and if so announces it. Nothing in reach costs reads only; `done` moves
    /// once a minute all the same, so that reads stay few.
    async fn begin(
        dapr: &'a D,
        now: DateTime<Utc>,
        holder: &'a str,
    ) -> Result<Option<Begun<'a, D>>, DaprError> {
        let Some((cursor, document)) = read_cursor(dapr).await? else {
            read_or_begin(dapr, now).await?;
            return Ok(None);
        };
        let now = now.timestamp_millis();
        if cursor
            .lease
            .as_ref()
            .is_some_and(|lease| lease.until > now && lease.holder != holder)
        {
            return Ok(Some(Begun::Busy));
        }
        let target = now
            .min(cursor.done + STEP_MINUTES * MINUTE_MS)
            .max(cursor.announced);
        let moves_on = target - cursor.done >= MINUTE_MS;
        let look_back = if moves_on { LOOK_BACK_MINUTES } else { 0 };
        let from_minute = cursor.done.div_euclid(MINUTE_MS) - look_back;
        if !moves_on {
            let found =
                bucket::read_minutes(dapr, from_minute, target.div_euclid(MINUTE_MS)).await?;
            if due_entries(&found, cursor.done, target).is_empty() {
                return Ok(None);
            }
        }
        let mut step = Self {
            dapr,
            holder,
            cursor,
            target,
            from_minute,
        };
        step.cursor.announced = target;
        match step
            .save(now + LEASE_MS, Condition::Unchanged(document.etag))
            .await
        {
            Ok(()) => Ok(Some(Begun::Claimed(step))),
            Err(DaprError::Conflict) => Ok(Some(Begun::Busy)),
            Err(error) => Err(error),
        }
    }

    async fn run(
        &mut self,
        clock: &impl Fn() -> DateTime<Utc>,
        handle: &impl AsyncFn(&[Entry]) -> Result<(), DaprError>,
    ) -> Result<usize, DaprError> {
        let target_minute = self.target.div_euclid(MINUTE_MS);
        // Read again: between the first look and the announcement more may have come.
        let found = bucket::read_minutes(self.dapr, self.from_minute, target_minute).await?;
        let due = due_entries(&found, self.cursor.done, self.target);
        let mut since_renewal = 0;
        for batch in due.chunks(BATCH) {
            if since_renewal >= RENEW_EVERY {
                self.renew(clock().timestamp_millis() + LEASE_MS).await?;
                since_renewal = 0;
            }
            handle(batch).await?;
            since_renewal += batch.len();
        }
        self.delete_closed(found, target_minute).await?;
        self.cursor.done = self.target;
        self.release().await?;
        Ok(due.len())
    }

    /// Deletes the buckets that lie wholly before the target. One that was added to meanwhile stays, and the next
    /// look back finds it.
    async fn delete_closed(&self, found: Vec<Found>, target_minute: i64) -> Result<(), DaprError> {
        let closed: Vec<Found> = found
            .into_iter()
            .filter(|bucket| bucket.minute < target_minute)
            .collect();
        for batch in closed.chunks(DELETE_BATCH) {
            match self.dapr.transact(batch.iter().map(delete).collect()).await {
                Err(DaprError::Conflict) => self.delete_singly(batch).await?,
                result => result?,
            }
        }
        Ok(())
    }

    async fn delete_singly(&self, batch: &[Found]) -> Result<(), DaprError> {
        for bucket in batch {
            match self.dapr.transact(vec![delete(bucket)]).await {
                Ok(()) | Err(DaprError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes the cursor on the condition that this tick still holds the lease.
    async fn renew(&mut self, until: i64) -> Result<(), DaprError> {
        let condition = self.still_ours().await?;
        self.save(until, condition).await
    }

    async fn release(&mut self) -> Result<(), DaprError> {
        let condition = self.still_ours().await?;
        self.cursor.lease = None;
        self.dapr
            .transact(vec![Write::put(CURSOR_KEY, &self.cursor, condition)])
            .await
    }

    async fn still_ours(&self) -> Result<Condition, DaprError> {
        match read_cursor(self.dapr).await? {
            Some((cursor, document))
                if cursor
                    .lease
                    .as_ref()
                    .is_some_and(|lease| lease.holder == self.holder) =>
            {
                Ok(Condition::Unchanged(document.etag))
            }
            _ => Err(DaprError::Conflict),
        }
    }

    async fn save(&mut self, until: i64, condition: Condition) -> Result<(), DaprError> {
        self.cursor.lease = Some(Lease {
            holder: self.holder.to_owned(),
            until,
        });
        self.dapr
            .transact(vec![Write::put(CURSOR_KEY, &self.cursor, condition)])
            .await
    }
}

fn delete(bucket: &Found) -> Write {
    Write::delete(
        bucket.key.clone(),
        Condition::Unchanged(bucket.etag.clone()),
    )
}

/// What is due after `done` and by `target`, oldest first, each owner once: an entry is only a hint to look at its
/// owner. When a minute closes, all of it is looked at once more: an
/// insert whose process died before it could move its entry may have put it where ticks had already been.
fn due_entries(found: &[Found], done: i64, target: i64) -> Vec<Entry> {
    let target_minute = target.div_euclid(MINUTE_MS);
    let mut due: Vec<Entry> = found
        .iter()
        .flat_map(|bucket| {
            bucket
                .entries
                .iter()
                .map(move |entry| (bucket.minute, entry))
        })
        .filter(|(minute, entry)| {
            entry.due <= target && (entry.due > done || *minute < target_minute)
        })
        .map(|(_, entry)| entry.clone())
        .collect();
    due.sort_by(|a, b| (a.due, &a.owner).cmp(&(b.due, &b.owner)));
    let mut seen = HashSet::new();
    due.retain(|entry| seen.insert(entry.owner.clone()));
    due
}
