//! A stretch of a list, as one document: how many items it has, and under which key it lies.

use serde::{Deserialize, Serialize};

use crate::{DaprError, Document, Json};

/// Most items of one chunk; a fuller one is split in two.
pub const CHUNK_ITEMS: usize = 64;

/// A chunk that an edit leaves with fewer items than this is joined with a neighbour.
pub(super) const THIN_ITEMS: usize = CHUNK_ITEMS / 4;

/// Most items of two chunks that are joined, so that the next insert does not split them again.
pub(super) const JOINED_ITEMS: usize = CHUNK_ITEMS / 4 * 3;

/// One item: a sort key, unique in the list, and what a list shows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Sort key.
    pub key: String,
    /// Summary.
    pub value: Json,
}

/// The key of a chunk.
#[must_use]
pub fn chunk_key(prefix: &str, number: u32) -> String {
    format!("{prefix}/{number:06}")
}

/// The items of a chunk, in order; none where it has no document.
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
