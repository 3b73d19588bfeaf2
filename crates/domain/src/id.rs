//! Identifiers as newtypes, so that a task's id can't be passed where a user's is meant.

use std::fmt;

use uuid::Uuid;

/// An identifier that was not of the form its kind has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id")]
pub struct InvalidId {
    /// `task`, `reminder`, …
    pub kind: &'static str,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId { kind: $kind })
            }
        }
    };
}

uuid_id!(
    /// A task. Version 7 when a person makes it; version 5 of series and date when recurrence does.
    TaskId,
    "task"
);
uuid_id!(
    /// One reminder of a task. Unique together with its task.
    ReminderId,
    "reminder"
);
uuid_id!(
    /// All occurrences of one recurring task.
    SeriesId,
    "series"
);
uuid_id!(
    /// An event. Version 7 when new, version 5 when derived from a cause.
    EventId,
    "event"
);

impl EventId {
    /// The id of what `self` causes for `purpose`: the same however often the cause is handled.
    #[must_use]
    pub fn derive(self, purpose: &str) -> Self {
        Self(Uuid::new_v5(&self.0, purpose.as_bytes()))
    }
}

impl SeriesId {
    /// The task that is this series' occurrence number `number`: the same however often it is computed.
    #[must_use]
    pub fn occurrence(self, number: u32) -> TaskId {
        TaskId(Uuid::new_v5(&self.0, &number.to_be_bytes()))
    }
}

/// A person: base64url of SHA-256 over issuer and subject of their token (43 characters), or `anonymous`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

impl UserId {
    /// The user of events that belong to nobody, such as a refused token.
    pub const ANONYMOUS: &'static str = "anonymous";

    /// Takes an id as it stands in a key or an event.
    ///
    /// # Errors
    /// When it is empty, longer than 64 bytes, or has a character outside base64url.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=64).contains(&text.len());
        if fits
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { kind: "user" })
        }
    }

    /// The id of events that belong to nobody.
    #[must_use]
    pub fn anonymous() -> Self {
        Self(Self::ANONYMOUS.to_owned())
    }

    /// The id as it stands in keys and events.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
