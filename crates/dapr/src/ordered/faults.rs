//! What can be wrong with a list's documents, and how it is mended: by taking the chunk out of the directory and putting
//! what can be read of it in again.

use std::collections::BTreeSet;

use super::{Change, Directory, Edited, Item, chunk_key, edit};
use crate::{Condition, Dapr, DaprError, Document, Json, Write};

/// How far documents that no directory leads to are looked for: a directory that names a number far beyond is damaged.
const MOST_NUMBERS: u32 = 100_000;

/// How many documents that no directory should lead to are looked for at a time.
const BATCH: usize = 128;

/// How many chunks are erased at a time.
const ERASED_AT_ONCE: u32 = 8;

/// Something that is wrong with a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its number.
    pub number: u32,
    /// What is wrong with it.
    pub what: String,
}

/// A chunk as it is checked.
#[derive(Debug)]
pub struct Checked {
    /// What can be read of its items.
    pub items: Vec<Item>,
    /// What is wrong with it, if anything is.
    pub fault: Option<Fault>,
}

/// Looks at the chunk at position `at` of the directory.
///
/// # Errors
/// When the store did not answer.
pub async fn check_chunk<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &Directory,
    at: usize,
) -> Result<Option<Checked>, DaprError> {
    let Some(chunk) = directory.chunks().get(at) else {
        return Ok(None);
    };
    let document = dapr.get(&chunk_key(prefix, chunk.number)).await?;
    let (items, unreadable) = readable(document.as_ref());
    let next = directory.chunks().get(at + 1);
    let lies_here = |item: &Item| {
        (at == 0 || *chunk.first <= *item.key) && next.is_none_or(|next| *item.key < *next.first)
    };
    let what = if document.is_none() {
        Some("it is not there".to_owned())
    } else if unreadable > 0 {
        Some(format!("{unreadable} of its items can't be read"))
    } else if !items.is_sorted_by(|a, b| a.key < b.key) {
        Some("its items are not in order".to_owned())
    } else if !items.iter().all(lies_here) {
        Some("it has items of another chunk".to_owned())
    } else if items.len() != chunk.items as usize {
        let (has, says) = (items.len(), chunk.items);
        Some(format!("it has {has} items, and the directory says {says}"))
    } else {
        None
    };
    let number = chunk.number;
    Ok(Some(Checked {
        items,
        fault: what.map(|what| Fault { number, what }),
    }))
}

fn readable(document: Option<&Document>) -> (Vec<Item>, usize) {
    let Some(document) = document else {
        return (Vec::new(), 0);
    };
    let Ok(all) = document.value.read::<Vec<Json>>() else {
        return (Vec::new(), 1);
    };
    let items: Vec<Item> = all.iter().filter_map(|item| item.read().ok()).collect();
    let unreadable = all.len() - items.len();
    (items, unreadable)
}

/// Mends the chunk with this number: what can be read of it is put in where it belongs.
///
/// # Errors
/// As [`edit`].
pub async fn mend_chunk<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &mut Directory,
    number: u32,
) -> Result<Edited, DaprError> {
    let key = chunk_key(prefix, number);
    let document = dapr.get(&key).await?;
    let (items, _) = readable(document.as_ref());
    let Some(at) = directory.place_of(number) else {
        return Ok(Edited::default());
    };
    directory.remove(at);
    directory.open_at_the_front();
    let changes: Vec<Change> = items.into_iter().map(Change::Put).collect();
    let mut edited = edit(dapr, prefix, directory, &changes, &[]).await?;
    if let Some(document) = document {
        let unchanged = Condition::Unchanged(document.etag);
        edited.writes.push(Write::delete(key, unchanged));
    }
    Ok(edited)
}

/// What becomes of a chunk that the directory does not lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// It goes: its items are found by their sources.
    Drop,
    /// Its items come into the list again: they are nowhere else.
    Adopt,
}

/// Mends a chunk that the directory does not lead to. Nothing is to be written when it does, as where somebody has added
/// the chunk since it was looked for: the owner writes the directory on condition that it is unchanged.
///
/// # Errors
/// As [`edit`].
pub async fn mend_forgotten<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &mut Directory,
    number: u32,
    what: Forgotten,
) -> Result<Edited, DaprError> {
    let key = chunk_key(prefix, number);
    let document = dapr.get(&key).await?;
    let Some(document) = document.filter(|_| directory.place_of(number).is_none()) else {
        return Ok(Edited::default());
    };
    let mut edited = match what {
        Forgotten::Drop => Edited::default(),
        Forgotten::Adopt => {
            directory.begin_behind(number);
            let (items, _) = readable(Some(&document));
            let changes: Vec<Change> = items.into_iter().map(Change::Put).collect();
            edit(dapr, prefix, directory, &changes, &[]).await?
        }
    };
    let unchanged = Condition::Unchanged(document.etag);
    edited.writes.push(Write::delete(key, unchanged));
    Ok(edited)
}

/// What [`erase`] took out of a list.
#[derive(Debug, Default)]
pub struct Taken {
    /// The items, as far as they could be read.
    pub items: Vec<Item>,
    /// The writes that remove their chunks.
    pub writes: Vec<Write>,
}

/// Takes up to 8 chunks out of a list that nobody adds to any more, those among them that the directory no longer leads
/// to; `None` once there are none left. The directory has changed; its owner writes it in the same transaction.
///
/// # Errors
/// When the store did not answer.
pub async fn erase<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &mut Directory,
) -> Result<Option<Taken>, DaprError> {
    let end = match directory.next_number() {
        0 => end_of_forgotten(dapr, prefix).await?,
        end => end,
    };
    if end == 0 {
        return Ok(None);
    }
    let begin = end.saturating_sub(ERASED_AT_ONCE);
    let keys: Vec<String> = (begin..end)
        .map(|number| chunk_key(prefix, number))
        .collect();
    let documents = dapr.get_many(&keys).await?;
    directory.cut(begin);
    let mut taken = Taken::default();
    for (key, document) in keys.into_iter().zip(documents) {
        let Some(document) = document else { continue };
        taken
            .items
            .extend(document.read::<Vec<Item>>(&key).unwrap_or_default());
        taken.writes.push(Write::delete(key, Condition::Any));
    }
    Ok(Some(taken))
}

/// One more than the highest number of the chunks that a directory which was lost has left behind; 0 when there are none.
async fn end_of_forgotten<D: Dapr>(dapr: &D, prefix: &str) -> Result<u32, DaprError> {
    let forgotten = forgotten_chunks(dapr, prefix, &Directory::default()).await?;
    Ok(forgotten.last().map_or(0, |number| number + 1))
}

/// The numbers of documents that are there although the directory does not lead to them. One that somebody added after the
/// directory was read is among them.
///
/// # Errors
/// When the store did not answer.
pub async fn forgotten_chunks<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &Directory,
) -> Result<Vec<u32>, DaprError> {
    let known: BTreeSet<u32> = directory
        .chunks()
        .iter()
        .map(|chunk| chunk.number)
        .collect();
    let next = directory.next_number().min(MOST_NUMBERS);
    let others = (0..next).filter(|number| !known.contains(number));
    // A directory that was lost began anew, and does not know how far its numbers went.
    let others: Vec<u32> = others.chain(next..next + BATCH as u32).collect();
    let mut forgotten = Vec::new();
    for numbers in others.chunks(BATCH) {
        let keys: Vec<String> = numbers
            .iter()
            .map(|&number| chunk_key(prefix, number))
            .collect();
        let documents = dapr.get_many(&keys).await?;
        let found = numbers.iter().zip(documents);
        forgotten.extend(found.filter_map(|(&number, document)| document.map(|_| number)));
    }
    Ok(forgotten)
}
