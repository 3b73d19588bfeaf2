//! How far numbers, dates and instants go: one place for every request, import, event and stored document.

use chrono::{DateTime, NaiveDate, Utc};

/// The first date on which anything is due.
pub const FIRST_DATE: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
/// The last date on which anything is due. What is counted from it (the end of its day, a later time zone, a snooze)
/// still is an instant.
pub const LAST_DATE: NaiveDate = NaiveDate::from_ymd_opt(9000, 12, 31).unwrap();

/// The first instant, 1970-01-01T00:00:00.000Z, in milliseconds since then.
const FIRST_MILLISECOND: i64 = 0;
/// The last instant, 9999-12-31T23:59:59.999Z: RFC 3339 has no fifth digit for a year.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// Highest number of an occurrence in its series: a day's task for 27,000 years.
pub const MAX_OCCURRENCE: u32 = 10_000_000;

/// Highest version that a task is brought in with: so many changes that no task comes to it, and far from where the
/// number ends.
pub const MAX_VERSION: u64 = 1_000_000_000;

/// Whether something can be due on `date`.
#[must_use]
pub fn is_due_date(date: NaiveDate) -> bool {
    (FIRST_DATE..=LAST_DATE).contains(&date)
}

/// The date itself, or the nearest on which something can be due.
#[must_use]
pub fn clamp_date(date: NaiveDate) -> NaiveDate {
    date.clamp(FIRST_DATE, LAST_DATE)
}

/// Whether `instant` lies between 1970-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z, both included.
#[must_use]
pub fn is_instant(instant: DateTime<Utc>) -> bool {
    clamp_instant(instant) == instant
}

/// The instant itself, or the nearest of the years 1970 to 9999.
#[must_use]
pub fn clamp_instant(instant: DateTime<Utc>) -> DateTime<Utc> {
    let at = |milliseconds| DateTime::from_timestamp_millis(milliseconds).unwrap_or(instant);
    instant.clamp(at(FIRST_MILLISECOND), at(LAST_MILLISECOND))
}
