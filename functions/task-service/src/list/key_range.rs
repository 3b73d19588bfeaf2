//! Stretches of sort keys.

use chrono::{DateTime, Utc};

use crate::summary;

/// The stretch of sort keys that a filter can match.
pub(crate) struct KeyRange {
    /// The first key.
    pub(super) start: String,
    /// The key behind the last.
    pub(super) end: String,
}

impl KeyRange {
    pub(crate) fn all() -> Self {
        // "\u{7f}" sorts behind every key, also behind those without a due date.
        Self {
            start: String::new(),
            end: "\u{7f}".to_owned(),
        }
    }

    pub(crate) fn without_due() -> Self {
        Self {
            start: summary::NO_DUE.to_owned(),
            ..Self::all()
        }
    }

    pub(crate) fn between(start: Option<DateTime<Utc>>, end: DateTime<Utc>) -> Self {
        Self {
            start: start.map(summary::instant_key).unwrap_or_default(),
            end: summary::instant_key(end),
        }
    }
}
