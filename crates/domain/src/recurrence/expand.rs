//! The dates of a rule: RFC 5545 section 3.3.10, period by period.
//!
//! A period is a day, week, month or year of the frequency. Its candidates are expanded and limited as the table of the
//! RFC says, put in order, and `BYSETPOS` chooses from them.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::rule::{End, Frequency, Rule, WeekdayNum};
use crate::limits::LAST_DATE;

/// How many periods without a date are looked at before a rule counts as never coming true again: over 50 years of
/// days, and more than the 40 years that can lie between two leap days on the same weekday.
const MAX_EMPTY_PERIODS: u32 = 20_000;

/// How many periods are looked at in all: 137 years of days, more than the calendar has years.
pub(super) const MAX_PERIODS: u32 = 50_000;

/// The dates of a rule, oldest first. Made by [`Rule::occurrences`].
#[derive(Debug, Clone)]
pub struct Occurrences<'a> {
    rule: &'a Rule,
    start: NaiveDate,
    /// No date before this one is told.
    from: NaiveDate,
    /// First day of the next period.
    period: Option<NaiveDate>,
    /// Dates of the current period that are still to come, last first.
    waiting: Vec<NaiveDate>,
    left: Option<u32>,
    /// How many periods were looked at.
    pub(super) looked_at: u32,
}

impl<'a> Occurrences<'a> {
    pub(super) fn new(rule: &'a Rule, start: NaiveDate) -> Self {
        let left = match rule.end {
            End::Count(count) => Some(count),
            End::Never | End::Until(_) => None,
        };
        Self::from(rule, start, start, left)
    }

    /// The dates on or after `from`, at most `left` of them. Nothing before is looked at: the first period is the one that
    /// `from` lies in.
    pub(super) fn from(
        rule: &'a Rule,
        start: NaiveDate,
        from: NaiveDate,
        left: Option<u32>,
    ) -> Self {
        let from = from.max(start);
        Self {
            rule,
            start,
            from,
            period: period_of(rule, start, from),
            waiting: Vec::new(),
            left,
            looked_at: 0,
        }
    }

    /// Whether it ended because too many periods were looked at, not because there is no further date.
    pub(super) fn gave_up(&self) -> bool {
        self.looked_at >= MAX_PERIODS
    }

    fn fill(&mut self) -> Option<()> {
        for _ in 0..MAX_EMPTY_PERIODS {
            let period = self.period.filter(|day| *day <= LAST_DATE)?;
            if self.gave_up() {
                return None;
            }
            self.looked_at += 1;
            self.period = step(self.rule, period, 1);
            let mut dates = self.rule.dates_in(period, self.start);
            dates.retain(|date| (self.from..=LAST_DATE).contains(date));
            if !dates.is_empty() {
                dates.reverse();
                self.waiting = dates;
                return Some(());
            }
        }
        None
    }
}

impl Iterator for Occurrences<'_> {
    type Item = NaiveDate;

    fn next(&mut self) -> Option<NaiveDate> {
        if self.left == Some(0) {
            return None;
        }
        if self.waiting.is_empty() {
            self.fill()?;
        }
        let date = self.waiting.pop()?;
        if matches!(self.rule.end, End::Until(last) if date > last.written_date()) {
            self.left = Some(0);
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(date)
    }
}

/// First day of the period that `date` lies in, or of the last one before it: of `INTERVAL=2` every other one counts from
/// `start`, which is not after `date`.
fn period_of(rule: &Rule, start: NaiveDate, date: NaiveDate) -> Option<NaiveDate> {
    let days = |first: NaiveDate| date.signed_duration_since(first).num_days();
    let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    let (first, units) = match rule.frequency {
        Frequency::Daily => (start, days(start)),
        Frequency::Weekly => {
            let first =
                start.checked_sub_days(Days::new(days_into_week(start, rule.week_start)))?;
            (first, days(first) / 7)
        }
        Frequency::Monthly => (start.with_day(1)?, months(date) - months(start)),
        Frequency::Yearly => (
            NaiveDate::from_ymd_opt(start.year(), 1, 1)?,
            i64::from(date.year()) - i64::from(start.year()),
        ),
    };
    let periods = units / i64::from(rule.interval);
    step(rule, first, u32::try_from(periods).ok()?)
}

/// First day of the period that comes `periods` after the one that begins on `period`.
fn step(rule: &Rule, period: NaiveDate, periods: u32) -> Option<NaiveDate> {
    let units = u32::from(rule.interval).checked_mul(periods)?;
    match rule.frequency {
        Frequency::Daily => period.checked_add_days(Days::new(units.into())),
        Frequency::Weekly => period.checked_add_days(Days::new(u64::from(units) * 7)),
        Frequency::Monthly => period.checked_add_months(Months::new(units)),
        Frequency::Yearly => period.checked_add_months(Months::new(units.checked_mul(12)?)),
    }
}

fn days_into_week(date: NaiveDate, week_start: Weekday) -> u64 {
    u64::from(date.weekday().days_since(week_start))
}

impl Rule {
    /// The dates of the rule on or after `start` (`DTSTART`), oldest first. Where `UNTIL` is a moment, its date as it is written
    /// counts; [`dated`](Self::dated) makes it exact. A `start` that the rule does not say is not
    /// among them. Ends with `COUNT`, `UNTIL`, the last date on which anything is due
    /// ([`LAST_DATE`](crate::limits::LAST_DATE)), when the rule can't come true any more, or when 50,000 days, weeks, months
    /// or years of it were looked at.
    #[must_use]
    pub fn occurrences(&self, start: NaiveDate) -> Occurrences<'_> {
        Occurrences::new(self, start)
    }

    /// The dates of the period that begins on `first`, in order.
    fn dates_in(&self, first: NaiveDate, start: NaiveDate) -> Vec<NaiveDate> {
        let mut dates = match self.frequency {
            Frequency::Daily => self.day(first),
            Frequency::Weekly => self.week(first, start),
            Frequency::Monthly => self.month(first, start, &self.weekdays_in(&Span::month(first))),
            Frequency::Yearly => self.year(first, start),
        };
        dates.sort_unstable();
        dates.dedup();
        if self.by_set_pos.is_empty() {
            dates
        } else {
            choose(&dates, &self.by_set_pos)
        }
    }

    fn day(&self, date: NaiveDate) -> Vec<NaiveDate> {
        let fits = self.month_fits(date) && self.month_day_fits(date) && self.weekday_fits(date);
        if fits { vec![date] } else { Vec::new() }
    }

    fn week(&self, first: NaiveDate, start: NaiveDate) -> Vec<NaiveDate> {
        let wanted = |date: &NaiveDate| {
            if self.by_day.is_empty() {
                date.weekday() == start.weekday()
            } else {
                self.weekday_fits(*date)
            }
        };
        first
            .iter_days()
            .take(7)
            .filter(|date| self.month_fits(*date))
            .filter(wanted)
            .collect()
    }

    /// The dates that `BYDAY` names in `span`, in order.
    fn weekdays_in(&self, span: &Span) -> Vec<NaiveDate> {
        let mut dates = expand_weekdays(&self.by_day, span);
        dates.sort_unstable();
        dates.dedup();
        dates
    }

    /// The dates of a month. `weekdays` are those that `BYDAY` names in the month or in its year.
    fn month(&self, first: NaiveDate, start: NaiveDate, weekdays: &[NaiveDate]) -> Vec<NaiveDate> {
        if !self.month_fits(first) {
            return Vec::new();
        }
        if !self.by_month_day.is_empty() {
            let fits = |date: &NaiveDate| {
                let weekday_fits = self.by_day.is_empty() || weekdays.binary_search(date).is_ok();
                weekday_fits && self.month_day_fits(*date)
            };
            return first
                .iter_days()
                .take(days_in_month(first) as usize)
                .filter(fits)
                .collect();
        }
        if !self.by_day.is_empty() {
            return weekdays.to_vec();
        }
        first.with_day(start.day()).into_iter().collect()
    }

    fn year(&self, first: NaiveDate, start: NaiveDate) -> Vec<NaiveDate> {
        let spans_year = self.by_month.is_empty();
        if spans_year && self.by_month_day.is_empty() && self.by_day.is_empty() {
            return start.with_year(first.year()).into_iter().collect();
        }
        let of_year = match spans_year {
            true => self.weekdays_in(&Span::year(first)),
            false => Vec::new(),
        };
        if spans_year && self.by_month_day.is_empty() {
            return of_year;
        }
        let months = (1..=12).filter_map(|month| first.with_month(month));
        months
            .filter(|month| self.month_fits(*month))
            .flat_map(|month| match spans_year {
                true => self.month(month, start, &of_year),
                false => self.month(month, start, &self.weekdays_in(&Span::month(month))),
            })
            .collect()
    }

    fn month_fits(&self, date: NaiveDate) -> bool {
        self.by_month.is_empty()
            || self
                .by_month
                .iter()
                .any(|month| u32::from(*month) == date.month())
    }

    fn month_day_fits(&self, date: NaiveDate) -> bool {
        let from_end = date.day() as i32 - days_in_month(date) as i32 - 1;
        self.by_month_day.is_empty()
            || self
                .by_month_day
                .iter()
                .any(|day| i32::from(*day) == date.day() as i32 || i32::from(*day) == from_end)
    }

    fn weekday_fits(&self, date: NaiveDate) -> bool {
        self.by_day.is_empty() || self.by_day.iter().any(|day| day.weekday == date.weekday())
    }
}

/// A month or year, in which `2MO` is the second Monday.
#[derive(Clone, Copy)]
struct Span {
    first: NaiveDate,
    length: u32,
}

impl Span {
    fn month(first: NaiveDate) -> Self {
        Self {
            first,
            length: days_in_month(first),
        }
    }

    fn year(first: NaiveDate) -> Self {
        Self {
            first,
            length: if first.leap_year() { 366 } else { 365 },
        }
    }
}

/// The dates that `days` name in `span`.
fn expand_weekdays(days: &[WeekdayNum], span: &Span) -> Vec<NaiveDate> {
    let Span { first, length } = *span;
    let mut dates = Vec::new();
    for day in days {
        let offset = day.weekday.days_since(first.weekday());
        let all: Vec<NaiveDate> = (offset..length)
            .step_by(7)
            .filter_map(|days| first.checked_add_days(Days::new(days.into())))
            .collect();
        match day.ordinal {
            0 => dates.extend(all),
            ordinal => dates.extend(nth(&all, ordinal.into())),
        }
    }
    dates
}

fn choose(dates: &[NaiveDate], positions: &[i16]) -> Vec<NaiveDate> {
    let mut chosen: Vec<NaiveDate> = positions
        .iter()
        .filter_map(|position| nth(dates, (*position).into()))
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Counted from 1, or from -1 at the end.
fn nth(dates: &[NaiveDate], position: i32) -> Option<NaiveDate> {
    let at = match position {
        1.. => usize::try_from(position - 1).ok()?,
        _ => dates.len().checked_sub(position.unsigned_abs() as usize)?,
    };
    dates.get(at).copied()
}

fn days_in_month(date: NaiveDate) -> u32 {
    u32::from(date.num_days_in_month())
}
