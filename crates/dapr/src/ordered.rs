//! A list in order, in chunks: reading a page or changing an item touches one or two documents, however long it is.
//!
//! The [`Directory`] (first key and length of each chunk) lives in a document that its owner reads and writes anyway,
//! such as a user's head; the chunks are documents `{prefix}/{number}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Condition, DaprError, Document, Json, Write};

/// Most items of one chunk; a fuller one is split in two.
pub const CHUNK_ITEMS: usize = 64;

/// Where each stretch of the list is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    chunks: Vec<ChunkRef>,
    next: u32,
}

/// One chunk, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRef {
    /// Part of the chunk's key.
    pub number: u32,
    /// No item of the chunk sorts before it (the first chunk takes what sorts before all).
    pub first: String,
    /// How many items it has.
    pub items: u32,
}

/// One item: a sort key, unique in the list, and what a list shows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Sort key.
    pub key: String,
    /// Summary.
    pub value: Json,
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

    /// Position of the chunk where `key` is or would be; `None` when the list is empty.
    #[must_use]
    pub fn position(&self, key: &str) -> Option<usize> {
        match self
            .chunks
            .partition_point(|chunk| chunk.first.as_str() <= key)
        {
            0 if self.chunks.is_empty() => None,
            0 => Some(0),
            after => Some(after - 1),
        }
    }

    /// The numbers of the chunks that an edit of `keys` needs.
    #[must_use]
    pub fn needed<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
        let mut numbers: Vec<u32> = keys
            .into_iter()
            .filter_map(|key| self.position(key))
            .map(|at| self.chunks[at].number)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The key of a chunk.
#[must_use]
pub fn chunk_key(prefix: &str, number: u32) -> String {
    format!("{prefix}/{number:06}")
}

/// Reads a chunk.
///
/// # Errors
/// [`DaprError::Corrupt`] when it is not a list of items.
pub fn read_chunk(
    prefix: &str,
    number: u32,
    document: Option<&Document>,
) -> Result<Vec<Item>, DaprError> {
    document.map_or_else(
        || Ok(Vec::new()),
        |document| document.read(&chunk_key(prefix, number)),
    )
}

/// Changes to a list whose needed chunks were read.
#[derive(Debug)]
pub struct Editor<'a> {
    prefix: String,
    directory: &'a mut Directory,
    loaded: BTreeMap<u32, Loaded>,
}

#[derive(Debug)]
struct Loaded {
    items: Vec<Item>,
    condition: Condition,
    changed: bool,
}

impl<'a> Editor<'a> {
    /// Begins to edit, with the chunks that [`Directory::needed`] named.
    ///
    /// # Errors
    /// [`DaprError::Corrupt`] when a chunk is not a list of items.
    pub fn new(
        prefix: &str,
        directory: &'a mut Directory,
        chunks: impl IntoIterator<Item = (u32, Option<Document>)>,
    ) -> Result<Self, DaprError> {
        let mut loaded = BTreeMap::new();
        for (number, document) in chunks {
            let items = read_chunk(prefix, number, document.as_ref())?;
            let condition = Condition::as_read(document.as_ref());
            loaded.insert(
                number,
                Loaded {
                    items,
                    condition,
                    changed: false,
                },
            );
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            directory,
            loaded,
        })
    }

    /// Takes the item with `key` out.
    pub fn remove(&mut self, key: &str) {
        let Some(at) = self.directory.position(key) else {
            return;
        };
        let Some(chunk) = self.loaded.get_mut(&self.directory.chunks[at].number) else {
            return;
        };
        let Ok(found) = chunk
            .items
            .binary_search_by(|item| item.key.as_str().cmp(key))
        else {
            return;
        };
        chunk.items.remove(found);
        chunk.changed = true;
        self.directory.chunks[at].items -= 1;
        if chunk.items.is_empty() {
            self.directory.chunks.remove(at);
        }
    }

    /// Puts an item in, or replaces the one with its key.
    pub fn insert(&mut self, item: Item) {
        let at = match self.directory.position(&item.key) {
            Some(at) => at,
            None => self.add_chunk(0, item.key.clone(), Vec::new()),
        };
        let Some(chunk) = self.loaded.get_mut(&self.directory.chunks[at].number) else {
            return;
        };
        chunk.changed = true;
        match chunk
            .items
            .binary_search_by(|other| other.key.cmp(&item.key))
        {
            Ok(found) => chunk.items[found] = item,
            Err(free) => {
                chunk.items.insert(free, item);
                self.directory.chunks[at].items += 1;
            }
        }
        if chunk.items.len() > CHUNK_ITEMS {
            let upper = chunk.items.split_off(chunk.items.len() / 2);
            self.directory.chunks[at].items -= upper.len() as u32;
            let first = upper[0].key.clone();
            self.add_chunk(at + 1, first, upper);
        }
    }

    /// What to write. The directory has changed too; its owner writes it.
    #[must_use]
    pub fn writes(self) -> Vec<Write> {
        let prefix = self.prefix;
        self.loaded
            .into_iter()
            .filter(|(_, chunk)| chunk.changed)
            .filter(|(_, chunk)| !(chunk.items.is_empty() && chunk.condition == Condition::Absent))
            .map(|(number, chunk)| {
                let key = chunk_key(&prefix, number);
                if chunk.items.is_empty() {
                    Write::delete(key, chunk.condition)
                } else {
                    Write::put(key, &chunk.items, chunk.condition)
                }
            })
            .collect()
    }

    fn add_chunk(&mut self, at: usize, first: String, items: Vec<Item>) -> usize {
        let number = self.directory.next;
        self.directory.next += 1;
        let count = items.len() as u32;
        self.directory.chunks.insert(
            at,
            ChunkRef {
                number,
                first,
                items: count,
            },
        );
        self.loaded.insert(
            number,
            Loaded {
                items,
                condition: Condition::Absent,
                changed: true,
            },
        );
        at
    }
}
