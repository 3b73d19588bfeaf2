//! What can be done to one item of a list.

use super::chunk::Item;

/// One change of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Takes the item with this key out.
    Remove(String),
    /// Puts an item in, or replaces the one with its key.
    Put(Item),
}

impl Change {
    /// The sort key of the item that it is about.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Remove(key) => key,
            Self::Put(item) => &item.key,
        }
    }
}
