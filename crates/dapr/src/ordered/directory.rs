//! Where each stretch of a list is.

use std::collections::BTreeSet;
use std::ops::Bound;

use events::UnknownFields;
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::chunk::{JOINED_ITEMS, THIN_ITEMS};

/// Where each stretch of the list is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    chunks: Vec<ChunkRef>,
    next: u32,
    /// How many edits there were.
    #[serde(default, skip_serializing_if = "is_none")]
    edits: u64,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// One chunk, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRef {
    /// Part of the chunk's key.
    pub number: u32,
    /// No item of the chunk sorts before it. The first chunk takes what sorts before all, whatever this says of it.
    pub first: String,
    /// How many items it has.
    pub items: u32,
    /// The number of the edit that changed it last, so that who reads the list knows whether it has changed since.
    #[serde(default, skip_serializing_if = "is_none")]
    pub edit: u64,
}

impl Directory {
    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.chunks.iter().map(|chunk| chunk.items).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The chunks, in order.
    #[must_use]
    pub fn chunks(&self) -> &[ChunkRef] {
        &self.chunks
    }

    /// The chunks in which items between two keys can be.
    #[must_use]
    pub fn between(&self, from: Bound<&str>, to: Bound<&str>) -> &[ChunkRef] {
        let start = match from {
            Bound::Unbounded => 0,
            Bound::Included(key) | Bound::Excluded(key) => self.position(key).unwrap_or(0),
        };
        let end = match to {
            Bound::Unbounded => self.chunks.len(),
            Bound::Included(key) => self.chunks.partition_point(|chunk| *chunk.first <= *key),
            Bound::Excluded(key) => self.chunks.partition_point(|chunk| *chunk.first < *key),
        };
        // The first chunk reaches back to the beginning of the list.
        let end = end.max(self.chunks.len().min(1));
        self.chunks.get(start..end).unwrap_or_default()
    }

    /// Position of the chunk where `key` is or would be; `None` when the list is empty.
    #[must_use]
    pub fn position(&self, key: &str) -> Option<usize> {
        let behind = self.chunks.partition_point(|chunk| *chunk.first <= *key);
        (!self.chunks.is_empty()).then(|| behind.saturating_sub(1))
    }

    /// The numbers of the chunks that `changes` touch, and of those neighbours that may have to be joined with them.
    pub(super) fn needed(&self, changes: &[Change]) -> Vec<u32> {
        let mut left: Vec<(usize, usize)> = Vec::new();
        for change in changes {
            let Some(at) = self.position(change.key()) else {
                continue;
            };
            let removed = usize::from(matches!(change, Change::Remove(_)));
            match left.iter_mut().find(|(position, _)| *position == at) {
                Some((_, removals)) => *removals += removed,
                None => left.push((at, removed)),
            }
        }
        let touched = left.clone();
        for (at, removed) in touched {
            let items = (self.chunks[at].items as usize).saturating_sub(removed);
            if removed == 0 || items >= THIN_ITEMS {
                continue;
            }
            let fits = |&neighbour: &usize| {
                self.chunks
                    .get(neighbour)
                    .is_some_and(|chunk| chunk.items as usize + items <= JOINED_ITEMS)
            };
            let neighbours = [at + 1, at.wrapping_sub(1)];
            left.extend(neighbours.into_iter().find(fits).map(|at| (at, 0)));
        }
        let mut numbers: Vec<u32> = left.iter().map(|(at, _)| self.chunks[*at].number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    pub(super) fn len_chunks(&self) -> usize {
        self.chunks.len()
    }

    pub(super) fn set_items(&mut self, at: usize, items: usize) {
        self.chunks[at].items = count(items);
    }

    pub(super) fn remove(&mut self, at: usize) {
        self.chunks.remove(at);
    }

    /// Puts a new chunk at `at` and returns its number.
    pub(super) fn add(&mut self, at: usize, first: String, items: usize) -> u32 {
        let number = self.next;
        self.next += 1;
        let items = count(items);
        self.chunks.insert(
            at,
            ChunkRef {
                number,
                first,
                items,
                edit: self.edits,
            },
        );
        number
    }

    /// Forgets all chunks from the number `begin` on, and that there were any.
    pub(super) fn cut(&mut self, begin: u32) {
        self.chunks.retain(|chunk| chunk.number < begin);
        self.next = begin;
        if begin == 0 {
            self.edits = 0;
        }
    }

    /// The position of the chunk with this number.
    pub(super) fn place_of(&self, number: u32) -> Option<usize> {
        let numbers = self.chunks.iter().map(|chunk| chunk.number);
        numbers.into_iter().position(|other| other == number)
    }

    /// Gives no new chunk a number up to this one.
    pub(super) fn begin_behind(&mut self, number: u32) {
        self.next = self.next.max(number.saturating_add(1));
    }

    /// Says that one more edit has changed the chunks with these numbers.
    pub(super) fn number_edit(&mut self, numbers: &BTreeSet<u32>) {
        if numbers.is_empty() {
            return;
        }
        self.edits += 1;
        let chunks = self.chunks.iter_mut();
        for chunk in chunks.filter(|chunk| numbers.contains(&chunk.number)) {
            chunk.edit = self.edits;
        }
    }

    /// One more than the highest number that a chunk ever had.
    pub(super) fn next_number(&self) -> u32 {
        self.next
    }

    /// Says of the first chunk that it reaches back to the beginning, which readers of every version understand.
    pub(super) fn open_at_the_front(&mut self) {
        if let Some(chunk) = self.chunks.first_mut() {
            chunk.first.clear();
        }
    }
}

/// An older version numbers no edits.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_none(number: &u64) -> bool {
    *number == 0
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
