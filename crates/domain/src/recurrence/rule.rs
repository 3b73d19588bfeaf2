//! A rule: its parts, what they may be, and when it ends.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};

use crate::zone::{self, Tz};

/// Largest `INTERVAL`.
pub const MAX_INTERVAL: u16 = 1_000;
/// Largest `COUNT`.
pub const MAX_COUNT: u32 = 10_000;
/// Longest text of a rule, in bytes.
pub const MAX_RULE_BYTES: usize = 512;

/// What to write where an `INTERVAL` is refused.
pub(super) const INTERVAL_ALLOWED: &str = "use a whole number from 1 to 1000";

/// `FREQ` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// `FREQ=DAILY`
    Daily,
    /// `FREQ=WEEKLY`
    Weekly,
    /// `FREQ=MONTHLY`
    Monthly,
    /// `FREQ=YEARLY`
    Yearly,
}

/// A weekday of `BYDAY`, with its ordinal (`-1FR` is the last Friday); 0 means every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekdayNum {
    /// -53..=53; 0 when there is no ordinal.
    pub ordinal: i8,
    /// The day.
    pub weekday: Weekday,
}

/// When a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    /// Never.
    #[default]
    Never,
    /// After this many occurrences, the first one included (`COUNT`, 1 to 10,000).
    Count(u32),
    /// With the last occurrence on this day or up to this moment (`UNTIL`).
    Until(Until),
}

/// The value of `UNTIL`, as precise as it was given (RFC 5545 section 3.3.10), inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A date in the task's zone: `20261231`.
    Date(NaiveDate),
    /// What the clocks of the task's zone show: `20261231T200000`.
    Local(NaiveDateTime),
    /// An instant: `20261231T190000Z`.
    Instant(DateTime<Utc>),
}

impl Until {
    /// The last date on which an occurrence at `time` in `zone` may be. Of a whole day it is the day of the moment.
    #[must_use]
    pub fn last_date(self, time: Option<NaiveTime>, zone: Tz) -> NaiveDate {
        let (date, is_late) = match self {
            Self::Date(date) => (date, false),
            Self::Local(at) => (at.date(), time.is_some_and(|time| time > at.time())),
            Self::Instant(at) => {
                let date = zone::local(at, zone).date();
                let is_late = |time| zone::resolve(date, time, zone) > at;
                (date, time.is_some_and(is_late))
            }
        };
        if is_late {
            date.pred_opt().unwrap_or(date)
        } else {
            date
        }
    }

    /// The date as it was written, in whatever zone.
    pub(super) fn written_date(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Local(at) => at.date(),
            Self::Instant(at) => at.date_naive(),
        }
    }
}

/// An RFC 5545 recurrence rule over dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `FREQ`
    pub frequency: Frequency,
    /// `INTERVAL`, 1 to 1,000.
    pub interval: u16,
    /// `BYMONTH`, 1 to 12, ascending.
    pub by_month: Vec<u8>,
    /// `BYMONTHDAY`, -31..=-1 and 1..=31.
    pub by_month_day: Vec<i8>,
    /// `BYDAY`
    pub by_day: Vec<WeekdayNum>,
    /// `BYSETPOS`, -366..=-1 and 1..=366.
    pub by_set_pos: Vec<i16>,
    /// `WKST`; Monday when absent.
    pub week_start: Weekday,
    /// `COUNT` or `UNTIL`.
    pub end: End,
}

/// A rule that RFC 5545 or Nudge does not allow; the message says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Over [`MAX_RULE_BYTES`].
    #[error("is longer than {MAX_RULE_BYTES} bytes")]
    TooLong,
    /// Not `NAME=VALUE` parts with semicolons between them.
    #[error("{0:?} is not NAME=VALUE; write a rule such as FREQ=WEEKLY;BYDAY=MO")]
    NotAPart(String),
    /// The same part twice.
    #[error("has {0} twice")]
    Twice(String),
    /// A part that is not in RFC 5545.
    #[error("{0} is not a part of a recurrence rule (RFC 5545 section 3.3.10)")]
    UnknownPart(String),
    /// A part of RFC 5545 that counts in something else than days of months and weeks.
    #[error("{0} is not supported; use BYMONTH, BYMONTHDAY, BYDAY and BYSETPOS")]
    Unsupported(String),
    /// No `FREQ`.
    #[error("needs FREQ: DAILY, WEEKLY, MONTHLY or YEARLY")]
    NoFrequency,
    /// `FREQ` below a day, or unknown.
    #[error("FREQ={0} is not supported; use DAILY, WEEKLY, MONTHLY or YEARLY")]
    BadFrequency(String),
    /// A value outside what its part allows.
    #[error("{part}={value} is not allowed; {allowed}")]
    BadValue {
        /// The part's name.
        part: &'static str,
        /// The value as given.
        value: String,
        /// What would be.
        allowed: &'static str,
    },
    /// Two parts that exclude each other.
    #[error("{0}")]
    Contradiction(&'static str),
}

impl Rule {
    /// Every so many days, weeks, months or years, with nothing else said.
    ///
    /// # Errors
    /// When `interval` is 0 or over [`MAX_INTERVAL`].
    pub fn every(frequency: Frequency, interval: u16) -> Result<Self, RuleError> {
        if interval == 0 || interval > MAX_INTERVAL {
            return Err(RuleError::BadValue {
                part: "INTERVAL",
                value: interval.to_string(),
                allowed: INTERVAL_ALLOWED,
            });
        }
        Ok(Self {
            frequency,
            interval,
            by_month: Vec::new(),
            by_month_day: Vec::new(),
            by_day: Vec::new(),
            by_set_pos: Vec::new(),
            week_start: Weekday::Mon,
            end: End::Never,
        })
    }

    /// The rule for occurrences at `time` in `zone`: where `UNTIL` is a moment, it becomes the last date.
    #[must_use]
    pub fn dated(&self, time: Option<NaiveTime>, zone: Tz) -> Self {
        let end = match self.end {
            End::Until(until) => End::Until(Until::Date(until.last_date(time, zone))),
            end => end,
        };
        Self {
            end,
            ..self.clone()
        }
    }

    /// Whether nothing but frequency, interval and end is said.
    pub(super) fn is_plain(&self) -> bool {
        self.by_month.is_empty()
            && self.by_month_day.is_empty()
            && self.by_day.is_empty()
            && self.by_set_pos.is_empty()
    }
}
