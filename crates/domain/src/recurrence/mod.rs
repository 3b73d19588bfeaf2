//! Recurrence rules: RFC 5545 section 3.3.10 over dates.
//!
//! A rule says on which dates a task comes again. The wall-clock time and the zone live in the task's
//! [`Due`](crate::Due), so daylight saving time cannot shift an occurrence.

use chrono::{NaiveDate, Weekday};

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
    /// On this date, inclusive, in the task's zone (`UNTIL`).
    Until(NaiveDate),
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

// To be written beside (parse.rs, display, expand.rs, simple.rs, words.rs), the names that other crates use:
//   impl FromStr for Rule { type Err = RuleError }          "FREQ=WEEKLY;BYDAY=MO" (an "RRULE:" prefix is accepted)
//   impl Display for Rule                                    canonical text, no prefix
//   impl Rule {
//     pub fn every(frequency, interval: u16) -> Result<Rule, RuleError>            plain rule
//     pub fn occurrences(&self, start: NaiveDate) -> Occurrences                   iterator of dates from start (RFC: start is DTSTART; COUNT and UNTIL applied), bounded work
//     pub fn next_after(&self, start: NaiveDate, after: NaiveDate) -> Option<(u32, NaiveDate)>   first date > after, with its number (1 = first) counted from start
//     pub fn monthly_on_day(day: u8) -> Rule / yearly_on(month, day) -> Rule        the clamped forms
//     pub fn from_simple(kind: SimpleKind, interval, end, anchor: Option<NaiveDate>) / pub fn simple_kind(&self) -> SimpleKind (Daily|Weekly|Monthly|Yearly|Custom)
//     pub fn describe(&self) -> String                                             "every 2 weeks on Mon and Thu"
//   }
