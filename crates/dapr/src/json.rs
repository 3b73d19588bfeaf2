//! JSON that stays text until somebody wants to know what is in it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON value as it is written. A list's chunk has a hundred of them, of which a command reads or changes one: the
/// others pass through unread.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// `value` as JSON.
    ///
    /// # Panics
    /// When `value` is no JSON: a document has string keys, and numbers that are finite.
    #[must_use]
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        // A component that traps writes nothing; `null` in the place of a document would be lost data.
        Self(serde_json::value::to_raw_value(value).expect("a document with string keys"))
    }

    /// What is in it.
    ///
    /// # Errors
    /// When it has another shape than `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// All that is in it.
    #[must_use]
    pub fn value(&self) -> Value {
        // What is JSON reads as a value, unless it is nested deeper than any document.
        self.read().unwrap_or_default()
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text() == "null"
    }
}

/// By what is in it: a store may give back other white space and another order of fields than it was given.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() || self.value() == other.value()
    }
}

impl Eq for Json {}
