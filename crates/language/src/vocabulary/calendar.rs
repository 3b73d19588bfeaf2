//! Arithmetic of the calendar: weeks, weekdays and month ends, never beyond the years that rules know.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// A week, by its first day.
#[derive(Clone, Copy)]
pub struct Week {
    /// Its first day.
    pub first: NaiveDate,
}

impl Week {
    /// The week that has `day` in it.
    pub fn of(day: NaiveDate, start: Weekday) -> Self {
        Self {
            first: on_or_before(day, start),
        }
    }

    /// The week behind it.
    pub fn next(self) -> Option<Self> {
        plus_days(self.first, 7).map(|first| Self { first })
    }

    /// Its day of that name.
    pub fn day(self, day: Weekday) -> NaiveDate {
        on_or_after(self.first, day)
    }

    /// Its last day.
    pub fn last(self) -> NaiveDate {
        plus_days(self.first, 6).unwrap_or(self.first)
    }

    /// Friday, or the last day when Friday is past.
    pub fn end_of_work(self, today: NaiveDate) -> Option<NaiveDate> {
        Some(self.day(Weekday::Fri))
            .filter(|friday| *friday >= today)
            .or(Some(self.last()))
    }
}

/// Saturday of this week; on a Sunday that day itself.
pub fn weekend(today: NaiveDate) -> NaiveDate {
    if today.weekday() == Weekday::Sun {
        today
    } else {
        on_or_after(today, Weekday::Sat)
    }
}

/// The first such weekday from `date` on.
pub fn on_or_after(date: NaiveDate, day: Weekday) -> NaiveDate {
    plus_days(date, day.days_since(date.weekday()).into()).unwrap_or(date)
}

/// The last such weekday up to `date`.
pub fn on_or_before(date: NaiveDate, day: Weekday) -> NaiveDate {
    let back = date.weekday().days_since(day);
    date.checked_sub_days(Days::new(back.into()))
        .unwrap_or(date)
}

/// So many days later; `None` beyond the year 9999.
pub fn plus_days(date: NaiveDate, days: u64) -> Option<NaiveDate> {
    plus(date, 0, days)
}

/// Months first, then days.
pub fn plus(date: NaiveDate, months: u32, days: u64) -> Option<NaiveDate> {
    date.checked_add_months(Months::new(months))?
        .checked_add_days(Days::new(days))
        .filter(|date| date.year() <= 9_999)
}

/// The first day of the month so many months ahead.
pub fn first_of_month(today: NaiveDate, ahead: u32) -> Option<NaiveDate> {
    plus(today.with_day(1)?, ahead, 0)
}

/// The last day of the month so many months ahead.
pub fn last_of_month(today: NaiveDate, ahead: u32) -> Option<NaiveDate> {
    first_of_month(today, ahead + 1)?.pred_opt()
}
