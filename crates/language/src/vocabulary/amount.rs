//! Amounts of time.

use chrono::Duration;

use super::lexicon::Unit;

/// An amount of time, in what the calendar and the clock count separately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Months of the calendar.
    pub months: u32,
    /// Days of the calendar.
    pub days: u64,
    /// Minutes of the clock.
    pub minutes: i64,
    /// Seconds of the clock.
    pub seconds: i64,
}

impl Amounts {
    /// So many of a unit; `None` beyond what can be counted.
    pub fn of(count: u32, unit: Unit) -> Option<Self> {
        let nothing = Self::default();
        Some(match unit {
            Unit::Second => Self {
                seconds: count.into(),
                ..nothing
            },
            Unit::Minute => Self {
                minutes: count.into(),
                ..nothing
            },
            Unit::Hour => Self {
                minutes: i64::from(count) * 60,
                ..nothing
            },
            Unit::Day => Self {
                days: count.into(),
                ..nothing
            },
            Unit::Week => Self {
                days: u64::from(count) * 7,
                ..nothing
            },
            Unit::Month => Self {
                months: count,
                ..nothing
            },
            Unit::Quarter => Self {
                months: count.checked_mul(3)?,
                ..nothing
            },
            Unit::Year => Self {
                months: count.checked_mul(12)?,
                ..nothing
            },
        })
    }

    /// Both together; `None` beyond what can be counted.
    pub fn and(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            minutes: self.minutes.checked_add(other.minutes)?,
            seconds: self.seconds.checked_add(other.seconds)?,
        })
    }

    /// Whether it is counted by the clock, too.
    pub fn has_time(self) -> bool {
        self.minutes != 0 || self.seconds != 0
    }

    /// What the clock counts of it.
    pub fn time(self) -> Option<Duration> {
        let seconds = self.minutes.checked_mul(60)?.checked_add(self.seconds)?;
        Duration::try_seconds(seconds)
    }

    /// As minutes, where days are days of 24 hours; `None` with months, which have no length.
    pub fn as_minutes(self) -> Option<u32> {
        let days = i64::try_from(self.days).ok()?;
        let minutes = days.checked_mul(24 * 60)?.checked_add(self.minutes)?;
        u32::try_from(minutes)
            .ok()
            .filter(|_| self.months == 0 && self.seconds == 0)
    }
}
