//! When and where somebody says something.

use chrono::{DateTime, NaiveDateTime, Utc, Weekday};
use domain::zone::{self, Tz};

/// Longest text that is read, in characters. Callers refuse a longer one.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// When and where somebody says something.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Now.
    pub now: DateTime<Utc>,
    /// Whose clocks they mean.
    pub zone: Tz,
    /// The first day of their week.
    pub week_start: Weekday,
}

impl Context {
    /// What the person's clock shows.
    #[must_use]
    pub fn local(&self) -> NaiveDateTime {
        zone::local(self.now, self.zone)
    }
}

/// What matchers know of the person's clock and calendar.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// What the person's clock shows.
    pub now: NaiveDateTime,
    /// What was asked with the text.
    pub context: Context,
}

impl Reading {
    /// What `context` says to a matcher.
    pub fn new(context: &Context) -> Self {
        Self {
            now: context.local(),
            context: *context,
        }
    }

    /// The day on the person's calendar.
    pub fn today(&self) -> chrono::NaiveDate {
        self.now.date()
    }

    /// The zone of the person's clock.
    pub fn zone(&self) -> Tz {
        self.context.zone
    }

    /// The first day of the person's week.
    pub fn week_start(&self) -> Weekday {
        self.context.week_start
    }
}
