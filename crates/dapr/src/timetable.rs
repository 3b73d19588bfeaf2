//! "What is due by now?" on a key-value store without queries, at a cost that grows with what is due.
//!
//! Entries lie in bucket documents `timetable/{minute}/{shard}/{chunk}`; a cursor document says how far ticks have
//! come. An entry is a hint to look at its owner: the owner's document says whether it still holds, so moving or
//! cancelling writes only that. A bucket has each owner once. Bucket keys begin with the sortable UTC minute, so "is work
//! due before T?" is one range query from outside.
//!
//! An entry that is there has not been handled: a tick takes an entry out when its owner was looked at, and no sooner.
//! Ticks read every minute from the last one that they closed, so an insert is seen unless its minute was closed before it
//! was committed. That race is settled by `announced`: a tick announces T before it reads the buckets that it will close,
//! and an insert reads the cursor after it was committed. One of the two sees the other.

mod bucket;
mod put_off;
mod tick;

use chrono::{DateTime, Duration, Utc};
use events::UnknownFields;
use serde::{Deserialize, Serialize};

pub use bucket::Entry;
use bucket::{MINUTE_MS, Placement};
pub use put_off::PutOff;
pub use tick::{Looked, Ticked, tick};

use crate::{Condition, Dapr, DaprError, Write};

/// The cursor's key. It sorts behind all buckets.
pub const CURSOR_KEY: &str = "timetable/cursor";

/// How far back a new timetable begins, and one whose cursor is ahead of the clock: more than clocks of two replicas
/// differ.
const FIRST_LOOK_BACK: Duration = Duration::minutes(10);

/// How far the cursor may be ahead of a clock before one of the two is taken to be wrong, in milliseconds.
const MOST_SKEW_MS: i64 = 2 * MINUTE_MS;

/// How often an insert that ticks keep overtaking is moved before it gives up.
const MOVES: u32 = 16;

/// How far the ticks have come. Milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// A tick has begun, or is about to begin, to close everything up to here.
    pub announced: i64,
    /// Every minute before this instant's has been closed.
    pub done: i64,
    /// The minute for which ticks last looked back at those before it.
    #[serde(default)]
    pub looked_back: i64,
    /// Who is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The right to handle what is due; short, so that a crash holds nothing up for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// An id of the tick's own.
    pub holder: String,
    /// Until when.
    pub until: i64,
    /// The one owner that the tick is at, where ticks before it came to no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Cursor {
    fn beginning(now: DateTime<Utc>) -> Self {
        let start = (now - FIRST_LOOK_BACK).timestamp_millis();
        Self {
            announced: start,
            done: start,
            ..Self::default()
        }
    }

    /// Whether a clock that was ahead has moved it: everything that is due until the clock gets there would wait.
    fn is_ahead_of(&self, now: DateTime<Utc>) -> bool {
        self.announced.max(self.done) > now.timestamp_millis().saturating_add(MOST_SKEW_MS)
    }
}

/// Entries on their way into the timetable.
///
/// [`Insert::plan`] says what to write together with the owner's document, in one transaction: an entry without its owner
/// is taken out by the next tick. [`Insert::confirm`] must follow the commit, before anything is acknowledged.
#[derive(Debug, Default)]
pub struct Insert {
    placements: Vec<Placement>,
    planned_at: DateTime<Utc>,
}

impl Insert {
    /// Finds the buckets of `entries`. Past instants count as now, so that they fire at the next tick.
    ///
    /// # Errors
    /// When the store did not answer.
    pub async fn plan<D: Dapr>(
        dapr: &D,
        entries: Vec<Entry>,
        now: DateTime<Utc>,
    ) -> Result<(Self, Vec<Write>), DaprError> {
        let entries = entries
            .into_iter()
            .map(|entry| entry.not_before(now.timestamp_millis()))
            .collect();
        let (placements, writes) = bucket::place(dapr, entries).await?;
        let planned_at = now;
        Ok((
            Self {
                placements,
                planned_at,
            },
            writes,
        ))
    }

    /// Makes sure that a tick will see the entries: those whose minute ticks have closed are put into the next one as well.
    ///
    /// # Errors
    /// When the store did not answer; the commit holds all the same, and its caller may say so only after a later try.
    pub async fn confirm<D: Dapr>(self, dapr: &D) -> Result<(), DaprError> {
        let mut placements = self.placements;
        if placements.is_empty() {
            return Ok(());
        }
        for _ in 0..MOVES {
            let announced = read_or_begin(dapr, self.planned_at).await?.announced;
            let open = announced.div_euclid(MINUTE_MS);
            placements.retain(|placed| placed.minute() < open);
            if placements.is_empty() {
                return Ok(());
            }
            // The entry stays where it is, too: should a clock have been ahead, ticks come to that minute once more.
            let entries = placements.into_iter().map(|Placement(entry)| entry);
            placements = bucket::put(dapr, entries.collect(), announced + 1).await?;
        }
        Err(DaprError::Unavailable {
            what: "state",
            detail: "the timetable keeps running ahead".to_owned(),
        })
    }
}

/// Whether the timetable has an entry of `entry`'s owner in `entry`'s minute.
///
/// # Errors
/// When the store did not answer, or the bucket is corrupt.
pub async fn is_planned<D: Dapr>(dapr: &D, entry: &Entry) -> Result<bool, DaprError> {
    bucket::has(dapr, entry).await
}

/// Whether ticks have closed the minute of `instant`, so that whatever was due in it should have been handled.
///
/// # Errors
/// When the store did not answer.
pub async fn is_closed<D: Dapr>(dapr: &D, instant: DateTime<Utc>) -> Result<bool, DaprError> {
    let cursor = read_cursor(dapr, instant).await?;
    let minute = instant.timestamp_millis().div_euclid(MINUTE_MS);
    Ok(cursor.is_some_and(|(cursor, _)| minute < cursor.done.div_euclid(MINUTE_MS)))
}

/// The cursor, and what must hold for it to be replaced. One that nobody can read counts as one that begins now: the ticks
/// of everybody would have to wait for it.
async fn read_cursor<D: Dapr>(
    dapr: &D,
    now: DateTime<Utc>,
) -> Result<Option<(Cursor, Condition)>, DaprError> {
    let beginning = |error: DaprError, condition| {
        eprintln!("{error}; the timetable begins anew");
        Ok(Some((Cursor::beginning(now), condition)))
    };
    match dapr.get(CURSOR_KEY).await {
        Ok(None) => Ok(None),
        Ok(Some(document)) => {
            let unchanged = Condition::Unchanged(document.etag.clone());
            match document.read(CURSOR_KEY) {
                Ok(cursor) => Ok(Some((cursor, unchanged))),
                Err(error) => beginning(error, unchanged),
            }
        }
        Err(error @ DaprError::Corrupt { .. }) => beginning(error, Condition::Any),
        Err(error) => Err(error),
    }
}

/// The cursor; the first to ask makes it, so that the first tick knows where to begin.
async fn read_or_begin<D: Dapr>(dapr: &D, now: DateTime<Utc>) -> Result<Cursor, DaprError> {
    loop {
        if let Some((cursor, _)) = read_cursor(dapr, now).await? {
            return Ok(cursor);
        }
        let beginning = Write::put(CURSOR_KEY, &Cursor::beginning(now), Condition::Absent);
        match dapr.transact(vec![beginning]).await {
            Ok(()) | Err(DaprError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
}
