//! What a matcher returns for a date phrase.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::lexicon::DayPart;
use super::weight::Weight;

/// What a date phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedDate {
    /// The day on the person's calendar.
    pub date: NaiveDate,
    /// Said to the minute, as in "in 20 minutes".
    pub time: Option<NaiveTime>,
    /// The instant that was said, as in "in 20 minutes": a due date is one to the minute, and so may be later.
    pub exact: Option<DateTime<Utc>>,
    /// Said with a part of the day, as in "tomorrow morning".
    pub part: Option<DayPart>,
    /// The date to take instead when the time of day on `date` is past already ("on the 1st", said on the 1st).
    pub else_date: Option<NaiveDate>,
    /// Whether people differ over what it means, so that the answer should name the date.
    pub doubtful: bool,
    /// How it was introduced.
    pub lead: Lead,
}

/// How a date was introduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// By nothing in particular.
    Plain,
    /// "starting", "from": the first day of a recurrence.
    Start,
    /// "for": "tickets for Friday" may not be due on Friday, so that another date in the sentence is preferred.
    For,
}

impl ParsedDate {
    /// That day, of which nothing else was said.
    pub fn on(date: NaiveDate) -> Self {
        Self {
            date,
            time: None,
            exact: None,
            part: None,
            else_date: None,
            doubtful: false,
            lead: Lead::Plain,
        }
    }
}

/// A day that has a name of its own, seen from today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedDay {
    /// Today, at no time.
    Today,
    /// Today in the morning.
    ThisMorning,
    /// Today in the afternoon.
    ThisAfternoon,
    /// Today in the evening.
    ThisEvening,
    /// Today at night.
    Tonight,
    /// One day ahead.
    Tomorrow,
    /// Two days ahead.
    DayAfterTomorrow,
    /// Friday of this week, or its last day when Friday is past.
    EndOfWeek,
    /// Monday of next week.
    NextWeek,
    /// Monday of the week behind that.
    WeekAfterNext,
    /// The next Saturday; on a Sunday that day itself.
    Weekend,
    /// A week behind that.
    NextWeekend,
    /// The first day of next month.
    StartOfNextMonth,
    /// The last day of this month.
    EndOfMonth,
    /// The last day of next month.
    EndOfNextMonth,
    /// The first day of next year.
    NextYear,
    /// The last day of this year.
    EndOfYear,
    /// The last day of this quarter.
    EndOfQuarter,
    /// The first day of the next quarter.
    NextQuarter,
}

/// A date phrase without its preposition: how many words it has, what it says, and what it takes to mean that.
pub type DateMatch = (usize, ParsedDate, Weight);
