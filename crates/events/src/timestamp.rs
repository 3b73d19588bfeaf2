//! Instants on the wire: RFC 3339, UTC, milliseconds.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use domain::limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// An instant of the years 1970 to 9999, to the millisecond, as every document and event writes it:
/// `2026-04-01T06:50:00.000Z`. Any RFC 3339 form of such an instant is read, except for a leap second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// Not an instant that Nudge knows; the message says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an instant of the years 1970 to 9999, such as 2026-04-01T06:50:00Z")]
pub struct OutOfRange(String);

impl Timestamp {
    /// The instant, without what is smaller than a millisecond.
    ///
    /// # Errors
    /// Before 1970-01-01T00:00:00.000Z, after 9999-12-31T23:59:59.999Z, or within a leap second.
    pub fn new(instant: DateTime<Utc>) -> Result<Self, OutOfRange> {
        let is_leap_second = instant.nanosecond() >= 1_000_000_000;
        if limits::is_instant(instant) && !is_leap_second {
            Ok(Self::clamped(instant))
        } else {
            Err(OutOfRange(instant.to_rfc3339()))
        }
    }

    /// The instant, or the nearest that there is: for clocks, which may be anywhere, and for what older versions stored.
    #[must_use]
    pub fn clamped(instant: DateTime<Utc>) -> Self {
        let instant = limits::clamp_instant(instant);
        let milliseconds = instant.timestamp_millis();
        Self(DateTime::from_timestamp_millis(milliseconds).unwrap_or(instant))
    }

    /// The instant.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl FromStr for Timestamp {
    type Err = OutOfRange;

    fn from_str(text: &str) -> Result<Self, OutOfRange> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .and_then(|instant| Self::new(instant.to_utc()).ok())
            .ok_or_else(|| OutOfRange(text.to_owned()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Reads a field of a stored document or an event. Earlier versions took any instant of a person, so that documents of
/// theirs may have one which is out of range: it is read as the nearest that is not, or nobody could read, change or
/// delete that document any more.
pub(crate) fn clamped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    lenient(&text).ok_or_else(|| D::Error::custom(OutOfRange(text)))
}

/// The same for a field that may be absent.
pub(crate) fn clamped_option<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let timestamp = lenient(&text);
    timestamp
        .map(Some)
        .ok_or_else(|| D::Error::custom(OutOfRange(text)))
}

/// Also reads what chrono writes of other years: a sign and as many digits as it takes.
fn lenient(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(Timestamp::clamped(instant.to_utc()));
    }
    let (sign, rest) = text.split_at_checked(1)?;
    let is_date = rest.len() > 4 && rest.bytes().take(4).all(|byte| byte.is_ascii_digit());
    match sign {
        "+" if is_date => Some(Timestamp::clamped(DateTime::<Utc>::MAX_UTC)),
        "-" if is_date => Some(Timestamp::clamped(DateTime::<Utc>::MIN_UTC)),
        _ => None,
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}
