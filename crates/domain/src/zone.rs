//! Wall-clock time in an IANA time zone, and the two awkward hours of a year.

use chrono::{
    DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};
pub use chrono_tz::Tz;

/// The version of the IANA database whose rules are built in, such as `2025b`.
pub const RULES: &str = chrono_tz::IANA_TZDB_VERSION;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, wall: &str, expected: &str) {
        let wall: NaiveDateTime = wall.parse().expect("a wall-clock time");
        let zone = parse(zone).expect("a zone");
        assert_eq!(
            resolve(wall.date(), wall.time(), zone).to_rfc3339(),
            expected
        );
    }

    #[test]
    fn wall_clock_to_instant() {
        check(
            "Europe/Berlin",
            "2026-07-01T09:00:00",
            "2026-07-01T07:00:00+00:00",
        );
        check(
            "Europe/Berlin",
            "2026-12-01T09:00:00",
            "2026-12-01T08:00:00+00:00",
        );
        // 02:00 to 03:00 does not exist: the first moment after it is 03:00, which is 01:00 UTC.
        check(
            "Europe/Berlin",
            "2026-03-29T02:30:00",
            "2026-03-29T01:00:00+00:00",
        );
        // 02:00 to 03:00 comes twice: the first one counts.
        check(
            "Europe/Berlin",
            "2026-10-25T02:30:00",
            "2026-10-25T00:30:00+00:00",
        );
        // Half an hour is left out here.
        check(
            "Australia/Lord_Howe",
            "2026-10-04T02:10:00",
            "2026-10-03T15:30:00+00:00",
        );
        // A whole day is left out.
        check(
            "Pacific/Apia",
            "2011-12-30T09:00:00",
            "2011-12-30T10:00:00+00:00",
        );
        // Midnight itself is left out.
        check(
            "America/Asuncion",
            "2023-10-01T00:00:00",
            "2023-10-01T04:00:00+00:00",
        );
    }

    #[test]
    fn offsets_and_made_up_names_are_refused() {
        for name in ["+02:00", "europe/berlin", "Mars/Olympus", ""] {
            assert_eq!(parse(name), Err(UnknownZone(name.to_owned())));
        }
    }
}
