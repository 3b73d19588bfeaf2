//! Wall-clock time in an IANA time zone, and the two awkward hours of a year.

use chrono::{
    DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};
pub use chrono_tz::Tz;

/// The longest stretch of wall-clock time that a zone has ever left out: Samoa skipped the whole of 30 December 2011.
const LONGEST_GAP_MINUTES: i64 = 24 * 60;

/// A time zone name that is not in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an IANA time zone name, such as Europe/Berlin")]
pub struct UnknownZone(pub String);

/// Parses an IANA name (case-sensitive, as in the database). Offsets such as `+02:00` are refused: they don't know
/// daylight saving time.
///
/// # Errors
/// [`UnknownZone`] with the name as given.
pub fn parse(name: &str) -> Result<Tz, UnknownZone> {
    name.parse().map_err(|_| UnknownZone(name.to_owned()))
}

/// The instant at which the clocks of `zone` show `date` `time`.
///
/// A time that does not exist (the clocks went forward) is the first moment after the gap; a time that exists twice
/// (the clocks went back) is the first of the two.
#[must_use]
pub fn resolve(date: NaiveDate, time: NaiveTime, zone: Tz) -> DateTime<Utc> {
    let wall = date.and_time(time);
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(instant) => instant.to_utc(),
        LocalResult::Ambiguous(first, _) => first.to_utc(),
        LocalResult::None => after_gap(wall, zone),
    }
}

/// Whether the clocks of `zone` ever show `date` `time`.
#[must_use]
pub fn exists(date: NaiveDate, time: NaiveTime, zone: Tz) -> bool {
    !matches!(
        zone.from_local_datetime(&date.and_time(time)),
        LocalResult::None
    )
}

/// What the clocks of `zone` show at `instant`.
#[must_use]
pub fn local(instant: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    instant.with_timezone(&zone).naive_local()
}

/// Gaps begin and end on whole minutes, so stepping by minutes finds the first moment after one.
fn after_gap(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let minute = wall
        - Duration::seconds(i64::from(wall.second()))
        - Duration::nanoseconds(i64::from(wall.nanosecond()));
    (1..=LONGEST_GAP_MINUTES)
        .find_map(|step| {
            zone.from_local_datetime(&(minute + Duration::minutes(step)))
                .earliest()
        })
        .map_or_else(|| wall.and_utc(), |instant| instant.to_utc())
}
