//! Stretches of due dates: "today", "this week", "in December".

use chrono::{Datelike, NaiveDate, Weekday};
use language::matchers::day;
use language::vocabulary::calendar::{self, Week};
use language::vocabulary::lexicon::{month, number};
use language::vocabulary::meaning::Meaning;
use language::vocabulary::token::Words;

use crate::intent::message::Message;
use crate::intent::phrases::period as phrases;
use crate::intent::vocabulary::{NamedPeriod, Period};

/// A stretch of due dates at the beginning of `here`.
pub(crate) fn period(message: &Message<'_>, here: Words<'_>) -> Option<(usize, Period)> {
    let lead = here.skip_any(phrases::LEADS);
    let led = here.from(lead);
    named_period(message, led)
        .or_else(|| days_ahead(message, led))
        .map(|(length, period)| (lead + length, period))
        .or_else(|| whole_month(message, here, lead))
        .or_else(|| {
            let found = day::date(here, message.reading)?;
            // "In 5 minutes" is a time rather than a day.
            let Meaning::Date(said) = found.meaning else {
                return None;
            };
            if said.time.is_some() {
                return None;
            }
            // "Before Friday" begins now.
            let open = ["before", "by", "due before", "due by"];
            let first = if here.begin_with_any(&open).is_some() {
                message.reading.today().min(said.date)
            } else {
                said.date
            };
            Some((found.words, Period::Between(first, said.date)))
        })
}

fn named_period(message: &Message<'_>, here: Words<'_>) -> Option<(usize, Period)> {
    let today = message.reading.today();
    let week = Week::of(today, message.reading.week_start());
    let between =
        |first: Option<NaiveDate>, last: Option<NaiveDate>| Some(Period::Between(first?, last?));
    let saturday = week.day(Weekday::Sat).max(today);
    let sunday = calendar::on_or_after(saturday, Weekday::Sun);
    let tomorrow = calendar::plus_days(today, 1);
    let yesterday = today.pred_opt();
    let (length, name) = here.begin_with_one_of(phrases::PERIODS)?;
    let period = match name {
        NamedPeriod::Today => Period::Today,
        NamedPeriod::Overdue => Period::Overdue,
        NamedPeriod::ThisWeek => Period::Week,
        NamedPeriod::Tomorrow => between(tomorrow, tomorrow)?,
        NamedPeriod::Yesterday => between(yesterday, yesterday)?,
        NamedPeriod::Weekend => Period::Between(saturday, sunday),
        NamedPeriod::NextWeek => {
            let next = week.next()?;
            Period::Between(next.first, next.last())
        }
        NamedPeriod::ThisMonth => between(
            calendar::first_of_month(today, 0),
            calendar::last_of_month(today, 0),
        )?,
        NamedPeriod::NextMonth => between(
            calendar::first_of_month(today, 1),
            calendar::last_of_month(today, 1),
        )?,
        NamedPeriod::ThisYear => between(
            NaiveDate::from_ymd_opt(today.year(), 1, 1),
            NaiveDate::from_ymd_opt(today.year(), 12, 31),
        )?,
        NamedPeriod::NoDue => Period::NoDue,
    };
    Some((length, period))
}

impl Period {
    /// What was said before this, too: "today and tomorrow" is both, if there is a period for it.
    pub(crate) fn with(self, other: Self, today: NaiveDate) -> Option<Self> {
        if self == Self::All || self == other {
            return Some(other);
        }
        let days = |period| match period {
            Self::Today => Some((today, today)),
            Self::Between(first, last) => Some((first, last)),
            _ => None,
        };
        let ((first, last), (begin, end)) = (days(self)?, days(other)?);
        let touch = begin <= last.succ_opt()? && first <= end.succ_opt()?;
        touch.then(|| Self::Between(first.min(begin), last.max(end)))
    }
}

/// "in the next 3 days", "next 2 weeks".
fn days_ahead(message: &Message<'_>, here: Words<'_>) -> Option<(usize, Period)> {
    let lead = here.begin_with_any(phrases::NEXT)?;
    let count = number(here.get(lead))?;
    let days = match here.get(lead + 1) {
        "day" | "days" => count,
        "week" | "weeks" => count.checked_mul(7)?,
        _ => return None,
    };
    let today = message.reading.today();
    Some((
        lead + 2,
        Period::Between(today, calendar::plus_days(today, days.into())?),
    ))
}

/// "in december", "due in december", "december": the next one, or this one. `lead` words stand before it.
fn whole_month(message: &Message<'_>, here: Words<'_>, lead: usize) -> Option<(usize, Period)> {
    let lead = lead + here.from(lead).skip_any(&["in", "for", "during"]);
    let number = month(here.get(lead)).filter(|_| lead > 0 || here.len() == 1)?;
    let today = message.reading.today();
    let year = if number < today.month() {
        today.year() + 1
    } else {
        today.year()
    };
    let first = NaiveDate::from_ymd_opt(year, number, 1)?;
    Some((
        lead + 1,
        Period::Between(first, calendar::last_of_month(first, 0)?),
    ))
}
