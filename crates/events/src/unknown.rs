//! What a newer version wrote into a document and this one does not know.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The fields of a JSON object that this version does not know.
///
/// Stored documents and events are read leniently: each object of theirs has a `#[serde(flatten)]` field of this type, so
/// that a field which a newer version added is still there when this version writes the document again. Requests are
/// strict and have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnknownFields(Map<String, Value>);

impl UnknownFields {
    /// Whether every field was known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what `older` has and `self` has not: what a document keeps when it is made anew from its known fields.
    pub fn keep(&mut self, older: &Self) {
        for (name, value) in &older.0 {
            if !self.0.contains_key(name) {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }
}
