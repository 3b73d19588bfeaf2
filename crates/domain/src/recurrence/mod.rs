//! Recurrence rules: RFC 5545 section 3.3.10 over dates.
//!
//! A rule says on which dates a task comes again. The wall-clock time and the zone live in the task's
//! [`Due`](crate::Due), so daylight saving time cannot shift an occurrence.

mod expand;
mod parse;
mod simple;
#[cfg(test)]
mod tests;
mod words;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};

use crate::Due;
use crate::zone::{self, Tz};

pub use expand::Occurrences;
pub use simple::{SimpleKind, UnknownKind};

/// Largest `INTERVAL`.
pub const MAX_INTERVAL: u16 = 1_000;
/// Largest `COUNT`.
pub const MAX_COUNT: u32 = 10_000;
/// Longest text of a rule, in bytes.
pub const MAX_RULE_BYTES: usize = 512;

/// How a task comes again: the rule, and what the next date is counted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// The RFC 5545 rule.
    pub rule: Rule,
    /// What the next date is counted from.
    pub basis: Basis,
}

/// What the next date of a recurring task is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// The dates of the rule, wherever the person completes: "every Monday".
    #[default]
    Due,
    /// The date of completion: "3 days after I last watered the plants".
    Completion,
}

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
    fn written_date(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Local(at) => at.date(),
            Self::Instant(at) => at.date_naive(),
        }
    }
}

impl Recurrence {
    /// The recurrence of a task that is due so: an end that is a moment is the last date before it.
    #[must_use]
    pub fn dated(&self, due: &Due) -> Self {
        Self {
            rule: self.rule.dated(due.time, due.zone),
            basis: self.basis,
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

/// Where a series stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here {
    /// The date that the rule is expanded from (`DTSTART`).
    pub start: NaiveDate,
    /// The date of the occurrence.
    pub date: NaiveDate,
    /// Its number in the series.
    pub number: u32,
    /// A date before which all is past: where to look on when too many dates were missed to go through them all.
    pub resume: NaiveDate,
}

/// A date further on in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// The date.
    pub date: NaiveDate,
    /// How many dates of the rule further on it is, from 1.
    pub number: u32,
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
                allowed: parse::INTERVAL_ALLOWED,
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

    /// The dates of the rule on or after `start` (`DTSTART`), oldest first. Where `UNTIL` is a moment, its date as it is written
    /// counts; [`dated`](Self::dated) makes it exact. A `start` that the rule does not say is not
    /// among them. Ends with `COUNT`, `UNTIL`, the last date on which anything is due
    /// ([`LAST_DATE`](crate::limits::LAST_DATE)), when the rule can't come true any more, or when 50,000 days, weeks, months
    /// or years of it were looked at.
    #[must_use]
    pub fn occurrences(&self, start: NaiveDate) -> Occurrences<'_> {
        Occurrences::new(self, start)
    }

    /// The first date of the rule after `after`, whatever its `COUNT` says. `start` is what `INTERVAL` counts from; how far
    /// back it lies makes no difference to the work.
    #[must_use]
    pub fn next_after(&self, start: NaiveDate, after: NaiveDate) -> Option<NaiveDate> {
        Occurrences::from(self, start, after.succ_opt()?, None).next()
    }

    /// How many dates of the rule lie between `start` and `date`, both included: the number of the occurrence on
    /// `date`, if there is one. `None` when that is too far to count: after 50,000 days, weeks, months or years of the rule.
    #[must_use]
    pub fn number_at(&self, start: NaiveDate, date: NaiveDate) -> Option<u32> {
        self.count_to(start, date, &mut 0)
    }

    fn count_to(&self, start: NaiveDate, date: NaiveDate, looked_at: &mut u32) -> Option<u32> {
        let mut dates = self.occurrences(start);
        let mut number = 0;
        let is_reached = dates.by_ref().any(|other| {
            let is_behind = other > date;
            number += u32::from(!is_behind);
            is_behind
        });
        *looked_at += dates.looked_at;
        (is_reached || !dates.gave_up()).then_some(number)
    }

    /// The first date of the rule after `here` that is not past.
    ///
    /// The work does not grow with the way from `start`, but for a rule with `COUNT`, which is counted from there. Where the
    /// way is more than 50,000 days, weeks, months or years of the rule, the number that the series keeps stands in for the
    /// count, and dates that are past are not counted on their way to the first that is not.
    #[must_use]
    pub fn next_not_past(&self, here: Here, is_past: impl Fn(NaiveDate) -> bool) -> Option<Ahead> {
        self.look_ahead(here, is_past, &mut 0)
    }

    fn look_ahead(
        &self,
        here: Here,
        is_past: impl Fn(NaiveDate) -> bool,
        looked_at: &mut u32,
    ) -> Option<Ahead> {
        let left = match self.end {
            End::Count(count) => {
                let counted = self.count_to(here.start, here.date, looked_at);
                Some(count.saturating_sub(counted.unwrap_or(here.number)))
            }
            End::Never | End::Until(_) => None,
        };
        let mut dates = Occurrences::from(self, here.start, here.date.succ_opt()?, left);
        let mut number = 0;
        let found = dates.by_ref().find(|date| {
            number += 1;
            !is_past(*date)
        });
        *looked_at += dates.looked_at;
        if found.is_none() && dates.gave_up() && left.is_none() {
            let from = here.resume.max(here.date.succ_opt()?);
            let mut dates = Occurrences::from(self, here.start, from, None);
            let date = dates.by_ref().find(|date| !is_past(*date));
            *looked_at += dates.looked_at;
            let number = number + 1;
            return date.map(|date| Ahead { date, number });
        }
        found.map(|date| Ahead { date, number })
    }

    /// Whether nothing but frequency, interval and end is said.
    fn is_plain(&self) -> bool {
        self.by_month.is_empty()
            && self.by_month_day.is_empty()
            && self.by_day.is_empty()
            && self.by_set_pos.is_empty()
    }
}
