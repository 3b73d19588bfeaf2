//! When a task is due: a wall-clock date, perhaps a time, and the zone whose clocks are meant.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::zone::{self, Tz};

/// When reminders of an all-day task count as "at the due time": 09:00 on its day.
pub const ALL_DAY_REMINDER_TIME: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).unwrap();

/// A due date; without a time it is an all-day task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The day, in `zone`.
    pub date: NaiveDate,
    /// The wall-clock time to the minute; `None` means the whole day.
    pub time: Option<NaiveTime>,
    /// Whose clocks.
    pub zone: Tz,
}

impl Due {
    /// The instant that reminders count from: the due time, or 09:00 of an all-day task.
    #[must_use]
    pub fn reminder_instant(&self) -> DateTime<Utc> {
        zone::resolve(
            self.date,
            self.time.unwrap_or(ALL_DAY_REMINDER_TIME),
            self.zone,
        )
    }

    /// The instant after which the task is overdue: the due time, or the end of an all-day task's day.
    #[must_use]
    pub fn overdue_after(&self) -> DateTime<Utc> {
        match (self.time, self.date.succ_opt()) {
            (Some(time), _) => zone::resolve(self.date, time, self.zone),
            (None, Some(next)) => zone::resolve(next, NaiveTime::MIN, self.zone),
            (None, None) => zone::resolve(self.date, NaiveTime::MIN, self.zone),
        }
    }

    /// The same wall-clock time on another day: what the next occurrence of a recurring task is due.
    #[must_use]
    pub fn on(&self, date: NaiveDate) -> Self {
        Self { date, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_day_tasks_ring_at_nine_and_are_overdue_the_next_day() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 29).expect("a date");
        let all_day = Due {
            date: day,
            time: None,
            zone: zone::parse("Europe/Berlin").expect("a zone"),
        };
        assert_eq!(
            all_day.reminder_instant().to_rfc3339(),
            "2026-03-29T07:00:00+00:00"
        );
        assert_eq!(
            all_day.overdue_after().to_rfc3339(),
            "2026-03-29T22:00:00+00:00"
        );
        let timed = Due {
            time: NaiveTime::from_hms_opt(8, 30, 0),
            ..all_day
        };
        assert_eq!(timed.reminder_instant(), timed.overdue_after());
        assert_eq!(timed.on(day.succ_opt().expect("a date")).time, timed.time);
    }
}
