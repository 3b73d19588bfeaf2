//! The parts of a task as requests say them.
//!
//! A request is read strictly: a field that this version does not know is refused, and an instant that is out of range. The
//! documents of the same parts, which are stored and published, are read leniently.

use chrono::{NaiveDate, NaiveTime};
use events::{
    BasisDocument, ChecklistItemDocument, DueDocument, RecurrenceDocument, RecurrenceEndDocument,
    ReminderDocument, Timestamp, UnknownFields,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Declares the strict twin of a document: the same fields, and no others. What stands behind `with`
/// has a twin itself.
macro_rules! strict {
    (
        $(#[$doc:meta])* $name:ident as $document:ident {
            $($(#[$attribute:meta])* $field:ident: $kind:ty,)*
        }
        $(with { $part:ident: $part_kind:ty })?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$attribute])* pub(crate) $field: $kind,)*
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub(crate) $part: Option<$part_kind>,
            )?
        }

        impl From<$name> for $document {
            fn from(request: $name) -> Self {
                Self {
                    $($field: request.$field,)*
                    $($part: request.$part.map(Into::into),)?
                    unknown: UnknownFields::default(),
                }
            }
        }

        impl From<$document> for $name {
            fn from(document: $document) -> Self {
                Self {
                    $($field: document.$field,)*
                    $($part: document.$part.map(Into::into),)?
                }
            }
        }
    };
}

strict! {
    /// A step of a checklist.
    ChecklistItem as ChecklistItemDocument {
        text: String,
        #[serde(default)]
        done: bool,
    }
}

strict! {
    /// A due date.
    Due as DueDocument {
        date: NaiveDate,
        #[serde(default, with = "events::hours_and_minutes", skip_serializing_if = "Option::is_none")]
        time: Option<NaiveTime>,
        time_zone: String,
    }
}

strict! {
    /// A reminder.
    Reminder as ReminderDocument {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_due_minutes: Option<u32>,
    }
}

strict! {
    /// How a task comes again.
    Recurrence as RecurrenceDocument {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recurrence_type: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recurrence_interval: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rrule: Option<String>,
        #[serde(default)]
        basis: BasisDocument,
    }
    with { recurrence_end: RecurrenceEnd }
}

strict! {
    /// When a recurrence ends.
    RecurrenceEnd as RecurrenceEndDocument {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
    }
}
