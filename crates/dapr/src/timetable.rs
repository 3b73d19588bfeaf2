//! "What is due by now?" on a key-value store without queries, at a cost that grows with what is due.
//!
//! Entries lie in bucket documents `timetable/{minute}/{shard}/{chunk}`; a cursor document says how far ticks have
//! come. An entry is a hint: the owner's document says whether it still holds, so moving or cancelling writes only
//! that. Bucket keys begin with the sortable UTC minute, so "is work due before T?" is one range query from outside.
//!
//! The race between an insert and a tick is settled by `announced`: a tick announces T before it reads the buckets it
//! will close, and an insert reads the cursor after it was committed. One of the two sees the other.

mod bucket;
mod tick;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

pub use bucket::Entry;
use bucket::Placement;
pub use tick::{Ticked, tick};

use crate::{Condition, Dapr, DaprError, Document, Write};

/// The cursor's key. It sorts behind all buckets.
pub const CURSOR_KEY: &str = "timetable/cursor";

/// How far back a new timetable begins: more than clocks of two replicas differ.
const FIRST_LOOK_BACK: Duration = Duration::minutes(10);

/// How often an insert that ticks keep overtaking is moved before it gives up.
const MOVES: u32 = 16;

/// How far the ticks have come. Milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// A tick has begun, or is about to begin, to close everything up to here.
    pub announced: i64,
    /// Everything due up to here has been handled.
    pub done: i64,
    /// Who is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// The right to handle what is due; short, so that a crash holds nothing up for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// An id of the tick's own.
    pub holder: String,
    /// Until when.
    pub until: i64,
}

impl Cursor {
    fn beginning(now: DateTime<Utc>) -> Self {
        let start = (now - FIRST_LOOK_BACK).timestamp_millis();
        Self {
            announced: start,
            done: start,
            lease: None,
        }
    }
}

/// Entries on their way into the timetable.
///
/// [`Insert::plan`] says what to write together with the owner's document; [`Insert::confirm`] must follow the commit,
/// before anything is acknowledged.
#[derive(Debug)]
pub struct Insert {
    placements: Vec<Placement>,
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
        Ok((Self { placements }, writes))
    }

    /// Makes sure that a tick will see the entries: whichever a tick has already passed are moved to just after it.
    ///
    /// # Errors
    /// When the store did not answer; the commit holds all the same, and its caller may say so only after a later try.
    pub async fn confirm<D: Dapr>(self, dapr: &D, now: DateTime<Utc>) -> Result<(), DaprError> {
        let mut placements = self.placements;
        for _ in 0..MOVES {
            let announced = read_or_begin(dapr, now).await?.announced;
            let passed: Vec<Placement> = placements
                .into_iter()
                .filter(|placed| placed.entry.due <= announced)
                .collect();
            if passed.is_empty() {
                return Ok(());
            }
            placements = bucket::relocate(dapr, passed, announced + 1).await?;
        }
        Err(DaprError::Unavailable {
            what: "state",
            detail: "the timetable keeps running ahead".to_owned(),
        })
    }
}

/// Plans, writes and confirms an entry whose owner's document needs no writing.
///
/// # Errors
/// When the store did not answer, or others kept changing the same bucket.
pub async fn insert<D: Dapr>(dapr: &D, entry: Entry, now: DateTime<Utc>) -> Result<(), DaprError> {
    for _ in 0..MOVES {
        let (insert, writes) = Insert::plan(dapr, vec![entry.clone()], now).await?;
        match dapr.transact(writes).await {
            Ok(()) => return insert.confirm(dapr, now).await,
            Err(DaprError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(DaprError::Conflict)
}

async fn read_cursor<D: Dapr>(dapr: &D) -> Result<Option<(Cursor, Document)>, DaprError> {
    let Some(document) = dapr.get(CURSOR_KEY).await? else {
        return Ok(None);
    };
    Ok(Some((document.read(CURSOR_KEY)?, document)))
}

/// The cursor; the first to ask makes it, so that the first tick knows where to begin.
async fn read_or_begin<D: Dapr>(dapr: &D, now: DateTime<Utc>) -> Result<Cursor, DaprError> {
    loop {
        if let Some((cursor, _)) = read_cursor(dapr).await? {
            return Ok(cursor);
        }
        let beginning = Write::put(CURSOR_KEY, &Cursor::beginning(now), Condition::Absent);
        match dapr.transact(vec![beginning]).await {
            Ok(()) | Err(DaprError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
}
