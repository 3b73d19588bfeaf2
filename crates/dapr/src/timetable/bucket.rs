//! Bucket documents: which entries lie where.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Condition, Dapr, DaprError, Document, Write};

/// Spreads one minute's entries over documents, so that writers meet less often.
pub(super) const SHARDS: u8 = 16;

/// Most entries of one document.
const CHUNK_ENTRIES: usize = 128;

/// How often a move tries again when others write the same bucket.
const TRIES: u32 = 16;

pub(super) const MINUTE_MS: i64 = 60_000;

/// Something due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in milliseconds since 1970.
    pub due: i64,
    /// Key of the document that says whether it still holds.
    pub owner: String,
    /// Which shard: from the user, so that one user's entries meet in one place.
    #[serde(skip)]
    pub shard: u8,
}

impl Entry {
    /// An entry of `user` at `due`.
    #[must_use]
    pub fn new(due: DateTime<Utc>, user: &str, owner: impl Into<String>) -> Self {
        // FNV-1a: stable across builds, which a hasher of the standard library is not.
        let hash = user.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let shard = (hash % u64::from(SHARDS)).to_le_bytes()[0];
        Self {
            due: due.timestamp_millis(),
            owner: owner.into(),
            shard,
        }
    }

    pub(super) fn not_before(mut self, earliest: i64) -> Self {
        self.due = self.due.max(earliest);
        self
    }

    fn bucket(&self) -> (i64, u8) {
        (self.due.div_euclid(MINUTE_MS), self.shard)
    }
}

/// One bucket document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Bucket {
    pub(super) entries: Vec<Entry>,
    /// In chunk 0: number of the last chunk.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) last: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// An entry, and the document that it was put into.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    pub(super) entry: Entry,
    key: String,
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
    let firsts = dapr.get_many(&first_keys).await?;
    let (mut placements, mut writes) = (Vec::new(), Vec::new());
    for (((minute, shard), entries), first) in groups.into_iter().zip(firsts) {
        let mut chain = Chain::load(dapr, minute, shard, first).await?;
        for entry in entries {
            let key = chain.push(entry.clone());
            placements.push(Placement { entry, key });
        }
        writes.extend(chain.writes());
    }
    Ok((placements, writes))
}

/// Moves entries to `due`, out of the buckets they are in.
pub(super) async fn relocate<D: Dapr>(
    dapr: &D,
    placements: Vec<Placement>,
    due: i64,
) -> Result<Vec<Placement>, DaprError> {
    for _ in 0..TRIES {
        let moved = placements
            .iter()
            .map(|placed| placed.entry.clone().not_before(due))
            .collect();
        let (new, mut writes) = place(dapr, moved).await?;
        for write in removals(dapr, &placements).await? {
            // Old and new may be the same document; then the new content already holds, and the old entry in it is
            // a hint that finds out it is stale.
            if !writes.iter().any(|other| other.key == write.key) {
                writes.push(write);
            }
        }
        match dapr.transact(writes).await {
            Ok(()) => return Ok(new),
            Err(DaprError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(DaprError::Conflict)
}

/// Takes entries out of the documents they were put into, where those are still there.
async fn removals<D: Dapr>(dapr: &D, placements: &[Placement]) -> Result<Vec<Write>, DaprError> {
    let mut keys: Vec<String> = placements.iter().map(|placed| placed.key.clone()).collect();
    keys.sort();
    keys.dedup();
    let documents = dapr.get_many(&keys).await?;
    let mut writes = Vec::new();
    for (key, document) in keys.into_iter().zip(documents) {
        let Some(document) = document else { continue };
        let mut bucket: Bucket = document.read(&key)?;
        bucket.entries.retain(|entry| {
            !placements.iter().any(|placed| {
                placed.key == key
                    && placed.entry.due == entry.due
                    && placed.entry.owner == entry.owner
            })
        });
        let unchanged = Condition::Unchanged(document.etag);
        // Chunk 0 leads to the others, so it may go only when it is the last.
        writes.push(
            if bucket.entries.is_empty() && bucket.last == 0 && key.ends_with("/0000") {
                Write::delete(key, unchanged)
            } else {
                Write::put(key, &bucket, unchanged)
            },
        );
    }
    Ok(writes)
}

/// The first and the last document of one minute and shard: where entries are added.
struct Chain {
    minute: i64,
    shard: u8,
    first: Option<Document>,
    head: Bucket,
    tail: Option<(u32, Bucket, Condition)>,
    head_changed: bool,
    full: Vec<Write>,
}

impl Chain {
    async fn load<D: Dapr>(
        dapr: &D,
        minute: i64,
        shard: u8,
        first: Option<Document>,
    ) -> Result<Self, DaprError> {
        let head: Bucket = match &first {
            Some(document) => document.read(&key(minute, shard, 0))?,
            None => Bucket::default(),
        };
        let tail = if head.last > 0 {
            let tail_key = key(minute, shard, head.last);
            let document = dapr.get(&tail_key).await?;
            let bucket = document
                .as_ref()
                .map(|document| document.read(&tail_key))
                .transpose()?
                .unwrap_or_default();
            Some((head.last, bucket, Condition::as_read(document.as_ref())))
        } else {
            None
        };
        Ok(Self {
            minute,
            shard,
            first,
            head,
            tail,
            head_changed: false,
            full: Vec::new(),
        })
    }

    /// Adds an entry and returns the key of the document that takes it.
    fn push(&mut self, entry: Entry) -> String {
        if self.tail.is_none() && self.head.entries.len() < CHUNK_ENTRIES {
            self.head.entries.push(entry);
            self.head_changed = true;
            return key(self.minute, self.shard, 0);
        }
        if self
            .tail
            .as_ref()
            .is_none_or(|(_, bucket, _)| bucket.entries.len() >= CHUNK_ENTRIES)
        {
            self.head.last += 1;
            self.head_changed = true;
            let full = self
                .tail
                .replace((self.head.last, Bucket::default(), Condition::Absent));
            self.full.extend(
                full.map(|(chunk, bucket, condition)| self.write(chunk, &bucket, condition)),
            );
        }
        let chunk = self.head.last;
        if let Some((_, bucket, _)) = &mut self.tail {
            bucket.entries.push(entry);
        }
        key(self.minute, self.shard, chunk)
    }

    fn writes(mut self) -> Vec<Write> {
        let mut writes = std::mem::take(&mut self.full);
        if let Some((chunk, bucket, condition)) = self.tail.take() {
            writes.push(self.write(chunk, &bucket, condition));
        }
        if self.head_changed {
            writes.push(self.write(0, &self.head, Condition::as_read(self.first.as_ref())));
        }
        writes
    }

    fn write(&self, chunk: u32, bucket: &Bucket, condition: Condition) -> Write {
        Write::put(key(self.minute, self.shard, chunk), bucket, condition)
    }
}

/// A bucket document as a tick found it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) minute: i64,
    pub(super) key: String,
    pub(super) etag: String,
    pub(super) entries: Vec<Entry>,
}

/// Reads every bucket document of the minutes `from..=to`.
pub(super) async fn read_minutes<D: Dapr>(
    dapr: &D,
    from: i64,
    to: i64,
) -> Result<Vec<Found>, DaprError> {
    let places: Vec<(i64, u8)> = (from..=to)
        .flat_map(|minute| (0..SHARDS).map(move |shard| (minute, shard)))
        .collect();
    let keys: Vec<String> = places
        .iter()
        .map(|&(minute, shard)| key(minute, shard, 0))
        .collect();
    let firsts = dapr.get_many(&keys).await?;
    let mut found = Vec::new();
    let mut further = Vec::new();
    for ((&(minute, shard), key_0), document) in places.iter().zip(keys).zip(firsts) {
        let Some(document) = document else { continue };
        let bucket: Bucket = document.read(&key_0)?;
        further.extend((1..=bucket.last).map(|chunk| (minute, key(minute, shard, chunk))));
        found.push(Found {
            minute,
            key: key_0,
            etag: document.etag,
            entries: bucket.entries,
        });
    }
    let further_keys: Vec<String> = further.iter().map(|(_, key)| key.clone()).collect();
    for ((minute, key), document) in further.into_iter().zip(dapr.get_many(&further_keys).await?) {
        let Some(document) = document else { continue };
        let bucket: Bucket = document.read(&key)?;
        found.push(Found {
            minute,
            key,
            etag: document.etag,
            entries: bucket.entries,
        });
    }
    Ok(found)
}
