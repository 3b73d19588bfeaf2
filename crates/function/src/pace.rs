//! How often a person may do something: a steady rate, and as much at once as a whole period allows.

use chrono::{DateTime, Duration, Utc};
use events::Timestamp;
use serde::{Deserialize, Serialize};

/// A rate and the period that it counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often in a period; 0 sets no limit.
    pub times: u32,
    /// The period.
    pub period: Duration,
}

impl Rate {
    /// So many a minute.
    #[must_use]
    pub fn per_minute(times: u32) -> Self {
        Self {
            times,
            period: Duration::minutes(1),
        }
    }

    /// So many an hour.
    #[must_use]
    pub fn per_hour(times: u32) -> Self {
        Self {
            times,
            period: Duration::hours(1),
        }
    }
}

/// What one person may do, where the operator says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Commands: whatever changes tasks or reminders.
    pub commands: Rate,
    /// E-mails; what is over the limit is told in the app only.
    pub mails: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            commands: Rate::per_minute(600),
            mails: Rate::per_hour(60),
        }
    }
}

/// What a person has used of a rate; part of a document that is written with whatever counts.
///
/// It is one instant: until when what was done keeps a steady rate busy (the generic cell rate algorithm of ITU-T I.371).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pace(Option<Timestamp>);

impl Pace {
    /// Whether nothing was done yet.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.0.is_none()
    }

    /// Counts one time.
    ///
    /// # Errors
    /// How many seconds later it may be tried again, when the rate is used up; then nothing is counted.
    pub fn take(&mut self, rate: Rate, now: DateTime<Utc>) -> Result<(), u32> {
        let Ok(times) = i32::try_from(rate.times) else {
            return Ok(());
        };
        if times == 0 {
            return Ok(());
        }
        let one = rate.period / times;
        let busy = self.0.map_or(now, Timestamp::utc);
        // What lies further ahead than a period was written by a clock that was ahead.
        let busy = if busy > now + rate.period {
            now
        } else {
            busy.max(now)
        };
        let after = busy + one;
        let over = after - now - rate.period;
        if over > Duration::zero() {
            let seconds = over
                .num_milliseconds()
                .max(0)
                .unsigned_abs()
                .div_ceil(1_000);
            return Err(u32::try_from(seconds).unwrap_or(u32::MAX).max(1));
        }
        self.0 = Some(Timestamp::clamped(after));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400 + seconds, 0).expect("an instant")
    }

    #[test]
    fn a_period_s_worth_at_once_and_then_a_steady_rate() {
        let rate = Rate::per_minute(60);
        let mut pace = Pace::default();
        let taken = (0..100).filter(|_| pace.take(rate, at(0)).is_ok()).count();
        assert_eq!(taken, 60);
        assert_eq!(pace.take(rate, at(0)), Err(1));
        assert_eq!(pace.take(rate, at(1)), Ok(()));
        assert_eq!(pace.take(rate, at(1)), Err(1));
        let taken = (0..100).filter(|_| pace.take(rate, at(31)).is_ok()).count();
        assert_eq!(taken, 30);
    }

    #[test]
    fn zero_sets_no_limit() {
        let mut pace = Pace::default();
        assert!((0..10_000).all(|_| pace.take(Rate::per_hour(0), at(0)).is_ok()));
        assert!(pace.is_unused());
    }

    #[test]
    fn a_clock_that_was_ahead_locks_nobody_out() {
        let rate = Rate::per_hour(2);
        let mut pace = Pace::default();
        assert_eq!(pace.take(rate, at(365 * 24 * 3_600)), Ok(()));
        assert_eq!(pace.take(rate, at(0)), Ok(()));
        assert_eq!(pace.take(rate, at(0)), Ok(()));
        assert_eq!(pace.take(rate, at(0)), Err(1_800));
    }
}
