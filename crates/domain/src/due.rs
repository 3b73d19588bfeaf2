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
