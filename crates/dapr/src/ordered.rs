//! A list in order, in chunks: reading a page or changing an item touches one or two documents, however long it is.
//!
//! The [`Directory`] (first key and length of each chunk) lives in a document that its owner reads and writes anyway,
//! such as a user's head; the chunks are documents `{prefix}/{number}`. [`edit`] is the only way to change a list, and
//! [`scan`] and [`read_settled`] are the only ways to read one, so that nobody can touch a chunk that was not read.

mod change;
mod chunk;
mod directory;
mod faults;
mod reading;

use std::collections::{BTreeMap, BTreeSet};

pub use change::Change;
pub use chunk::{CHUNK_ITEMS, Item, chunk_key, read_chunk};
pub use directory::{ChunkRef, Directory};
pub use faults::{
    Checked, Fault, Forgotten, Taken, check_chunk, erase, forgotten_chunks, mend_chunk,
    mend_forgotten,
};
pub use reading::{Reading, find, read_settled, scan};

use chunk::{JOINED_ITEMS, THIN_ITEMS};

use crate::{Condition, Dapr, DaprError, Document, Write};

/// What an edit comes to. The directory has changed too; its owner writes it in the same transaction.
#[derive(Debug, Default)]
pub struct Edited {
    /// The writes of the chunks.
    pub writes: Vec<Write>,
    /// The documents that were read beside the chunks, in the order in which their keys were given.
    pub beside: Vec<Option<Document>>,
    /// Keys that were to be removed and were not there: the list and the owners of its items had drifted apart.
    pub missing: Vec<String>,
}

impl Edited {
    /// Says on the log that `list` of `user` did not have what its owners thought it had.
    pub fn warn_of_drift(&self, list: &str, user: &str) {
        for key in &self.missing {
            eprintln!("{list} of {user} had nothing at {key:?}: a check with repair mends it");
        }
    }
}

/// Makes `changes`, one after the other, and reads the documents of `beside` in the same bulk read.
///
/// # Errors
/// What the store answered; [`DaprError::Corrupt`] when a chunk is not a list of items.
pub async fn edit<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &mut Directory,
    changes: &[Change],
    beside: &[String],
) -> Result<Edited, DaprError> {
    let numbers = directory.needed(changes);
    let keys: Vec<String> = numbers
        .iter()
        .map(|&number| chunk_key(prefix, number))
        .chain(beside.iter().cloned())
        .collect();
    let mut documents = match keys.is_empty() {
        true => Vec::new(),
        false => dapr.get_many(&keys).await?,
    };
    let beside = documents.split_off(numbers.len());
    let mut editor = Editor {
        prefix,
        directory,
        loaded: BTreeMap::new(),
        missing: Vec::new(),
    };
    for (number, document) in numbers.into_iter().zip(documents) {
        editor.load(number, document.as_ref())?;
    }
    for change in changes {
        editor.apply(change)?;
    }
    editor.split_and_join();
    let missing = std::mem::take(&mut editor.missing);
    editor.number_edit();
    Ok(Edited {
        writes: editor.writes(),
        beside,
        missing,
    })
}

/// From which end a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// In the order of the keys.
    Ascending,
    /// Against it.
    Descending,
}

/// A list in the middle of an edit, with the chunks that the edit needs.
struct Editor<'a> {
    prefix: &'a str,
    directory: &'a mut Directory,
    loaded: BTreeMap<u32, Loaded>,
    missing: Vec<String>,
}

struct Loaded {
    items: Vec<Item>,
    condition: Condition,
    changed: bool,
    /// Whether all that was put in came at its end, as where items are sorted by when they were made.
    appended: bool,
}

impl Editor<'_> {
    fn load(&mut self, number: u32, document: Option<&Document>) -> Result<(), DaprError> {
        let loaded = Loaded {
            items: read_chunk(self.prefix, number, document)?,
            condition: Condition::as_read(document),
            changed: false,
            appended: true,
        };
        self.loaded.insert(number, loaded);
        Ok(())
    }

    fn apply(&mut self, change: &Change) -> Result<(), DaprError> {
        let key = change.key();
        let number = match (self.directory.position(key), change) {
            (Some(at), _) => self.directory.chunks()[at].number,
            (None, Change::Put(_)) => self.add_chunk(0, String::new(), Vec::new()),
            (None, Change::Remove(key)) => {
                self.missing.push(key.clone());
                return Ok(());
            }
        };
        let chunk = self
            .loaded
            .get_mut(&number)
            .ok_or_else(|| DaprError::Corrupt {
                key: chunk_key(self.prefix, number),
                detail: "an edit needs it and did not read it".to_owned(),
            })?;
        let found = chunk
            .items
            .binary_search_by(|item| item.key.as_str().cmp(key));
        match (change, found) {
            (Change::Remove(key), Err(_)) => {
                self.missing.push(key.clone());
                return Ok(());
            }
            (Change::Remove(_), Ok(at)) => {
                chunk.items.remove(at);
            }
            (Change::Put(item), Ok(at)) => chunk.items[at] = item.clone(),
            (Change::Put(item), Err(at)) => {
                chunk.appended &= at == chunk.items.len();
                chunk.items.insert(at, item.clone());
            }
        }
        chunk.changed = true;
        Ok(())
    }

    /// Brings every chunk that was read to its size, and the directory to what the chunks have. Only now, so that
    /// while changes are made each key keeps its chunk.
    fn split_and_join(&mut self) {
        let mut at = 0;
        while at < self.directory.len_chunks() {
            at += self.fit(at);
        }
        self.directory.open_at_the_front();
    }

    /// Fits the chunk at position `at`; returns how many positions further the next one is.
    fn fit(&mut self, at: usize) -> usize {
        let number = self.directory.chunks()[at].number;
        let Some(chunk) = self.loaded.get_mut(&number) else {
            return 1;
        };
        if chunk.items.is_empty() {
            chunk.changed = true;
            self.directory.remove(at);
            return 0;
        }
        if chunk.items.len() > CHUNK_ITEMS {
            return self.split(at, number);
        }
        self.directory.set_items(at, chunk.items.len());
        if chunk.changed && chunk.items.len() < THIN_ITEMS && self.join(at) {
            return 0;
        }
        1
    }

    fn split(&mut self, at: usize, number: u32) -> usize {
        let is_last = at + 1 == self.directory.len_chunks();
        let Some(chunk) = self.loaded.get_mut(&number) else {
            return 1;
        };
        chunk.changed = true;
        let middle = match is_last && chunk.appended {
            // What is only ever added to at its end is left full.
            true => CHUNK_ITEMS,
            false => chunk.items.len() / 2,
        };
        let upper = chunk.items.split_off(middle);
        let lower_last = chunk.items.last().map(|item| item.key.as_str());
        let first = separator(lower_last.unwrap_or_default(), &upper[0].key);
        self.directory.set_items(at, middle);
        self.add_chunk(at + 1, first, upper);
        // Both halves are looked at again: a chunk of another version may have been much fuller.
        0
    }

    /// Joins the thin chunk at `at` with a neighbour that was read as well; whether it did.
    fn join(&mut self, at: usize) -> bool {
        let lefts = [at, at.wrapping_sub(1)];
        let left = lefts.into_iter().find(|&left| {
            let pair = self.directory.chunks().get(left..=left.wrapping_add(1));
            pair.is_some_and(|pair| {
                let lengths = pair.iter().map(|chunk| self.loaded.get(&chunk.number));
                lengths
                    .map(|loaded| loaded.map(|loaded| loaded.items.len()))
                    .sum::<Option<usize>>()
                    .is_some_and(|items| items <= JOINED_ITEMS)
            })
        });
        let Some(left) = left else {
            return false;
        };
        let (lower, upper) = (
            self.directory.chunks()[left].number,
            self.directory.chunks()[left + 1].number,
        );
        let moved = self.loaded.get_mut(&upper).map(|upper| {
            upper.changed = true;
            std::mem::take(&mut upper.items)
        });
        if let Some(lower) = self.loaded.get_mut(&lower) {
            lower.items.extend(moved.unwrap_or_default());
            lower.changed = true;
            self.directory.set_items(left, lower.items.len());
        }
        self.directory.remove(left + 1);
        true
    }

    /// Lets the directory say which chunks this edit has changed.
    fn number_edit(&mut self) {
        let changed = self.loaded.iter().filter(|(_, chunk)| chunk.changed);
        let numbers: BTreeSet<u32> = changed.map(|(number, _)| *number).collect();
        self.directory.number_edit(&numbers);
    }

    fn writes(self) -> Vec<Write> {
        let prefix = self.prefix;
        self.loaded
            .into_iter()
            .filter(|(_, chunk)| chunk.changed)
            .filter(|(_, chunk)| {
                !chunk.items.is_empty() || matches!(chunk.condition, Condition::Unchanged(_))
            })
            .map(|(number, chunk)| {
                let key = chunk_key(prefix, number);
                if chunk.items.is_empty() {
                    Write::delete(key, chunk.condition)
                } else {
                    Write::put(key, &chunk.items, chunk.condition)
                }
            })
            .collect()
    }

    fn add_chunk(&mut self, at: usize, first: String, items: Vec<Item>) -> u32 {
        let number = self.directory.add(at, first, items.len());
        // The directory is written on a condition. What may lie there is of one that was lost, and would be in the way.
        let loaded = Loaded {
            items,
            condition: Condition::Any,
            changed: true,
            appended: true,
        };
        self.loaded.insert(number, loaded);
        number
    }
}

/// The shortest key behind `lower` that `upper` does not sort before: directories stay small.
fn separator(lower: &str, upper: &str) -> String {
    upper
        .char_indices()
        .map(|(at, c)| &upper[..at + c.len_utf8()])
        .find(|start| *start > lower)
        .unwrap_or(upper)
        .to_owned()
}
