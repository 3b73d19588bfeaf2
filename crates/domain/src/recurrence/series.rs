//! Where a series goes on: the next date after one that is done, and which number it has.

use chrono::NaiveDate;

use super::expand::Occurrences;
use super::rule::{End, Rule};

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

    /// As [`next_not_past`](Self::next_not_past); adds to `looked_at` how many days, weeks, months or years of the rule it looked
    /// at.
    pub(super) fn look_ahead(
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
}
