//! The clock by which documents expire.
//!
//! The wall clock may be wrong for a while: a machine that starts with another year, somebody who sets it. What has expired
//! by it is gone for good, answers to repeated requests and marks of seen events among it. So expiry has a clock of its own.
//! It is kept in the database, never goes back, and follows the wall clock at most twelve times as fast as time really
//! passes: a night that the machine was off is made up for within an hour, and a clock that is a year ahead for an hour
//! makes nothing older by more than half a day. While the wall clock is behind, it goes as time passes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many times as fast as time passes the wall clock is followed.
const FASTEST: i64 = 12;

/// Where the time comes from.
pub(crate) trait TimeSource: Send + Sync + 'static {
    /// The wall clock: milliseconds since 1970.
    fn wall_ms(&self) -> i64;
    /// How much time has passed since any one moment; goes on whatever the wall clock is set to.
    fn passed(&self) -> Duration;
}

/// The system's clocks.
pub(crate) struct System(Instant);

impl Default for System {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl TimeSource for System {
    fn wall_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, millis)
    }

    fn passed(&self) -> Duration {
        self.0.elapsed()
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The clock of expiry.
pub(crate) struct Clock {
    source: Box<dyn TimeSource>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    now_ms: i64,
    /// What had passed when that was so.
    passed: Duration,
}

impl Clock {
    /// Goes on from what was kept; a new one begins at the wall clock.
    pub(crate) fn new(source: Box<dyn TimeSource>, kept_ms: Option<i64>) -> Self {
        let state = State {
            now_ms: kept_ms.unwrap_or_else(|| source.wall_ms()),
            passed: source.passed(),
        };
        Self {
            source,
            state: Mutex::new(state),
        }
    }

    /// Milliseconds since 1970 by this clock.
    pub(crate) fn now_ms(&self) -> i64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (wall_ms, passed) = (self.source.wall_ms(), self.source.passed());
        let since = millis(passed.saturating_sub(state.passed));
        let behind = wall_ms.saturating_sub(state.now_ms);
        let step = behind.clamp(since, since.saturating_mul(FASTEST));
        *state = State {
            now_ms: state.now_ms.saturating_add(step),
            passed,
        };
        state.now_ms
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    /// Clocks that tests set.
    #[derive(Clone, Default)]
    pub(in crate::store) struct Fake(Arc<Mutex<(i64, Duration)>>);

    impl Fake {
        pub(in crate::store) fn at(wall_ms: i64) -> Self {
            Self(Arc::new(Mutex::new((wall_ms, Duration::ZERO))))
        }

        /// Time passes.
        pub(in crate::store) fn pass(&self, time: Duration) {
            let mut state = self.0.lock().expect("no panic");
            state.0 += millis(time);
            state.1 += time;
        }

        /// Somebody sets the wall clock.
        pub(in crate::store) fn set(&self, change_ms: i64) {
            self.0.lock().expect("no panic").0 += change_ms;
        }
    }

    impl TimeSource for Fake {
        fn wall_ms(&self) -> i64 {
            self.0.lock().expect("no panic").0
        }

        fn passed(&self) -> Duration {
            self.0.lock().expect("no panic").1
        }
    }

    /// It goes with the wall clock, however often it is looked at.
    #[test]
    fn in_step() {
        let source = Fake::at(1_000_000);
        let clock = Clock::new(Box::new(source.clone()), None);
        for step in 1..1_000 {
            source.pass(Duration::from_millis(step * 7));
            assert_eq!(clock.now_ms(), source.wall_ms());
        }
    }

    /// A wall clock that is wrong for an hour costs half a day, and afterwards time goes on as it passes.
    #[test]
    fn a_year_ahead_and_back() {
        let source = Fake::at(0);
        let clock = Clock::new(Box::new(source.clone()), None);
        source.set(millis(YEAR));
        for _ in 0..60 {
            source.pass(HOUR / 60);
            clock.now_ms();
        }
        let ahead = clock.now_ms();
        assert_eq!(ahead, millis(12 * HOUR));
        source.set(-millis(YEAR));
        source.pass(HOUR);
        assert_eq!(clock.now_ms(), millis(13 * HOUR));
        source.pass(DAY);
        assert_eq!(clock.now_ms(), millis(37 * HOUR));
    }

    /// A night off is made up for within an hour of the day.
    #[test]
    fn a_night_off() {
        let source = Fake::at(0);
        let clock = Clock::new(Box::new(source.clone()), None);
        source.pass(DAY);
        let kept = clock.now_ms();
        source.set(millis(11 * HOUR));
        let clock = Clock::new(Box::new(source.clone()), Some(kept));
        assert_eq!(clock.now_ms(), millis(DAY));
        source.pass(HOUR);
        assert_eq!(clock.now_ms(), source.wall_ms());
    }
}
