//! Bucket documents: which entries lie where.
//!
//! The entries of one minute and shard lie in chunks 0 to `last`, each owner in the chunk that its hash names (linear
//! hashing, W. Litwin, 1980: one chunk is split whenever some chunk is full, so that nothing else has to move). So an
//! owner is found without reading the others, and comes into a bucket once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Condition, Dapr, DaprError, Document, Write, get_each};

/// Spreads one minute's entries over documents, so that writers meet less often.
pub(super) const SHARDS: u8 = 16;

/// A chunk with more entries than this has the bucket grow by one.
const CHUNK_ENTRIES: usize = 128;

/// How often a change tries again when others write the same bucket.
const TRIES: u32 = 16;

pub(super) const MINUTE_MS: i64 = 60_000;

/// Something due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, in milliseconds since 1970.
    pub due: i64,
    /// Key of the document that says whether it still holds.
    pub owner: String,
    /// Which shard: from the user, so that one user's entries meet in one place.
    pub(super) shard: u8,
}

impl Entry {
    /// An entry of `user` at `due`.
    #[must_use]
    pub fn new(due: DateTime<Utc>, user: &str, owner: impl Into<String>) -> Self {
        Self {
            due: due.timestamp_millis(),
            owner: owner.into(),
            shard: (hash(user) % u64::from(SHARDS)).to_le_bytes()[0],
        }
    }

    pub(super) fn not_before(mut self, earliest: i64) -> Self {
        self.due = self.due.max(earliest);
        self
    }

    /// Its minute and shard.
    pub(super) fn bucket(&self) -> (i64, u8) {
        (self.due.div_euclid(MINUTE_MS), self.shard)
    }
}

/// FNV-1a: stable across builds, which a hasher of the standard library is not.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Which of `chunks` an owner belongs into.
fn address(owner: &str, chunks: u32) -> u32 {
    // The low bits of FNV are its weakest; the high ones are folded in.
    let hash = hash(owner);
    let hash = hash ^ (hash >> 32);
    let round = 1_u64 << chunks.max(1).ilog2();
    let finer = hash % (round * 2);
    let address = match finer < u64::from(chunks) {
        true => finer,
        false => hash % round,
    };
    u32::try_from(address).unwrap_or(0)
}

/// One bucket document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    pub(super) entries: Vec<Planned>,
    /// In chunk 0: number of the last chunk.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) last: u32,
}

/// An owner in a bucket, and when in its minute to look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Planned {
    /// The first time, in milliseconds since 1970.
    pub(super) due: i64,
    pub(super) owner: String,
    /// Further times, ascending; at most one a second.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) also: Vec<i64>,
}

impl Planned {
    fn new(entry: &Entry) -> Self {
        Self {
            due: entry.due,
            owner: entry.owner.clone(),
            also: Vec::new(),
        }
    }

    /// Looks at the owner at `due` as well. Of two times in one second the later one serves both.
    fn add(&mut self, due: i64) {
        let mut times: BTreeMap<i64, i64> = BTreeMap::new();
        for time in self.times().chain([due]) {
            let latest = times.entry(time.div_euclid(1_000)).or_insert(time);
            *latest = time.max(*latest);
        }
        let mut times = times.into_values();
        self.due = times.next().unwrap_or(due);
        self.also = times.collect();
    }

    fn times(&self) -> impl Iterator<Item = i64> {
        [self.due].into_iter().chain(self.also.clone())
    }

    /// What is left of it once the owner was looked at as of `target`.
    fn after(&self, target: i64) -> Option<Self> {
        let mut later = self.times().filter(|time| *time > target);
        Some(Self {
            due: later.next()?,
            owner: self.owner.clone(),
            also: later.collect(),
        })
    }
}

impl Bucket {
    /// Takes the due times up to `target` out of the entries of whoever `is_handled`; whether that changed anything.
    pub(super) fn settle(&mut self, target: i64, is_handled: impl Fn(&str) -> bool) -> bool {
        let before = std::mem::take(&mut self.entries);
        let mut changed = false;
        for planned in before {
            if planned.due > target || !is_handled(&planned.owner) {
                self.entries.push(planned);
                continue;
            }
            changed = true;
            self.entries.extend(planned.after(target));
        }
        changed
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// An entry that was put into a bucket.
#[derive(Debug, Clone)]
pub(super) struct Placement(pub(super) Entry);

impl Placement {
    pub(super) fn minute(&self) -> i64 {
        self.0.bucket().0
    }
}

/// `timetable/202604010700/03/0000`
pub(super) fn key(minute: i64, shard: u8, chunk: u32) -> String {
    let stamp = DateTime::<Utc>::from_timestamp(minute * 60, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
    format!(
        "timetable/{}/{shard:02}/{chunk:04}",
        stamp.format("%Y%m%d%H%M")
    )
}

/// Finds room for each entry, and says what to write.
pub(super) async fn place<D: Dapr>(
    dapr: &D,
    entries: Vec<Entry>,
) -> Result<(Vec<Placement>, Vec<Write>), DaprError> {
    let mut groups: BTreeMap<(i64, u8), Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        groups.entry(entry.bucket()).or_default().push(entry);
    }
    let first_keys: Vec<String> = groups
        .keys()
        .map(|&(minute, shard)| key(minute, shard, 0))
        .collect();
    let firsts = get_each(dapr, &first_keys).await?;
    let (mut placements, mut writes) = (Vec::new(), Vec::new());
    for (((minute, shard), entries), first) in groups.into_iter().zip(firsts) {
        let mut chunks = Chunks::open(minute, shard, first);
        for entry in entries {
            chunks.put(dapr, &entry).await?;
            placements.push(Placement(entry));
        }
        writes.extend(chunks.writes());
    }
    Ok((placements, writes))
}

/// Puts entries in at `due`, or later where they are, in a transaction of its own.
pub(super) async fn put<D: Dapr>(
    dapr: &D,
    entries: Vec<Entry>,
    due: i64,
) -> Result<Vec<Placement>, DaprError> {
    let entries: Vec<Entry> = entries
        .into_iter()
        .map(|entry| entry.not_before(due))
        .collect();
    for _ in 0..TRIES {
        let (placements, writes) = place(dapr, entries.clone()).await?;
        match dapr.transact(writes).await {
            Ok(()) => return Ok(placements),
            Err(DaprError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(DaprError::Conflict)
}

/// Whether the bucket of `entry` has its owner.
pub(super) async fn has<D: Dapr>(dapr: &D, entry: &Entry) -> Result<bool, DaprError> {
    let (minute, shard) = entry.bucket();
    let first = readable(dapr.get(&key(minute, shard, 0)).await)?;
    let mut chunks = Chunks::open(minute, shard, first);
    // An older version filled one chunk after the other.
    for chunk in 0..=chunks.head().last {
        let chunk = chunks.load(dapr, chunk).await?;
        if chunk
            .bucket
            .entries
            .iter()
            .any(|planned| planned.owner == entry.owner)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The chunks of one minute and shard, as far as they were read.
///
/// Whoever adds a chunk or takes one away writes chunk 0 as well, which says how many there are: so a chunk that exists is
/// one that chunk 0 leads to, and a write to it under its ETag can't go to where nobody looks any more.
struct Chunks {
    minute: i64,
    shard: u8,
    loaded: BTreeMap<u32, Chunk>,
}

struct Chunk {
    bucket: Bucket,
    condition: Condition,
    changed: bool,
}

impl Chunk {
    fn read(key: &str, document: Result<Option<Document>, DaprError>) -> Self {
        let (bucket, condition) = match document {
            Ok(document) => (
                document.as_ref().map(|document| read(key, document)),
                Condition::as_read(document.as_ref()),
            ),
            Err(error) => {
                eprintln!("{error}; its entries are lost");
                (None, Condition::Any)
            }
        };
        Self {
            bucket: bucket.unwrap_or_default(),
            condition,
            changed: false,
        }
    }
}

/// Tells a document that is corrupt from a store that does not answer.
fn readable(
    read: Result<Option<Document>, DaprError>,
) -> Result<Result<Option<Document>, DaprError>, DaprError> {
    match read {
        Err(error @ DaprError::Corrupt { .. }) => Ok(Err(error)),
        Err(error) => Err(error),
        Ok(document) => Ok(Ok(document)),
    }
}

/// What a bucket document says. One that nobody can read counts as empty: everybody whose entries come into the same minute
/// would have to wait for it.
pub(super) fn read(key: &str, document: &Document) -> Bucket {
    document.read(key).unwrap_or_else(|error| {
        eprintln!("{error}; its entries are lost");
        Bucket::default()
    })
}

impl Chunks {
    fn open(minute: i64, shard: u8, first: Result<Option<Document>, DaprError>) -> Self {
        let head = Chunk::read(&key(minute, shard, 0), first);
        Self {
            minute,
            shard,
            loaded: BTreeMap::from([(0, head)]),
        }
    }

    fn head(&self) -> &Bucket {
        &self.loaded[&0].bucket
    }

    async fn load<D: Dapr>(&mut self, dapr: &D, chunk: u32) -> Result<&mut Chunk, DaprError> {
        let key = key(self.minute, self.shard, chunk);
        let read = match self.loaded.contains_key(&chunk) {
            true => None,
            false => Some(Chunk::read(&key, readable(dapr.get(&key).await)?)),
        };
        // A chunk that chunk 0 leads to and that is not there is made again, by writing both.
        let is_lost = read
            .as_ref()
            .is_some_and(|chunk| chunk.condition == Condition::Absent);
        if let Some(head) = self.loaded.get_mut(&0).filter(|_| is_lost) {
            head.changed = true;
        }
        let absent = || Chunk {
            bucket: Bucket::default(),
            condition: Condition::Absent,
            changed: false,
        };
        Ok(self
            .loaded
            .entry(chunk)
            .or_insert_with(|| read.unwrap_or_else(absent)))
    }

    async fn put<D: Dapr>(&mut self, dapr: &D, entry: &Entry) -> Result<(), DaprError> {
        let target = address(&entry.owner, self.head().last + 1);
        let chunk = self.load(dapr, target).await?;
        // Written also where nothing changes: the tick that takes the owner out meanwhile must meet this.
        chunk.changed = true;
        let entries = &mut chunk.bucket.entries;
        match entries
            .iter_mut()
            .find(|planned| planned.owner == entry.owner)
        {
            Some(planned) => planned.add(entry.due),
            None => entries.push(Planned::new(entry)),
        }
        if entries.len() > CHUNK_ENTRIES {
            self.grow(dapr).await?;
        }
        Ok(())
    }

    /// Splits the chunk whose turn it is.
    async fn grow<D: Dapr>(&mut self, dapr: &D) -> Result<(), DaprError> {
        let new = self.head().last + 1;
        let source = new - (1 << new.ilog2());
        let chunk = self.load(dapr, source).await?;
        let entries = std::mem::take(&mut chunk.bucket.entries);
        let (moved, kept): (Vec<Planned>, Vec<Planned>) = entries
            .into_iter()
            .partition(|planned| address(&planned.owner, new + 1) == new);
        chunk.bucket.entries = kept;
        chunk.changed = true;
        // Usually there is none; what somebody left there is found again.
        let chunk = self.load(dapr, new).await?;
        chunk.bucket.entries.extend(moved);
        chunk.changed = true;
        if let Some(head) = self.loaded.get_mut(&0) {
            head.bucket.last = new;
            head.changed = true;
        }
        Ok(())
    }

    fn writes(self) -> Vec<Write> {
        let Self {
            minute,
            shard,
            loaded,
        } = self;
        loaded
            .into_iter()
            .filter(|(_, chunk)| chunk.changed)
            .map(|(number, chunk)| {
                Write::put(key(minute, shard, number), &chunk.bucket, chunk.condition)
            })
            .collect()
    }
}
