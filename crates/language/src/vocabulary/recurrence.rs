//! What a matcher returns for a recurrence, the RFC 5545 rule that comes of it, and its first date.

use chrono::{Datelike, NaiveDate, Weekday};
use domain::Rule;
use domain::recurrence::{End, Frequency, SimpleKind, WeekdayNum};

use super::amount::Amounts;
use super::calendar;
use super::lexicon::DayPart;
use super::weight::Weight;

/// What a recurrence phrase says; the rule comes of it when the first date is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedRecurrence {
    /// Of which unit its periods are.
    pub frequency: Frequency,
    /// In which of these periods it comes: every so many. 1 to the most that a rule may have.
    pub interval: u16,
    /// On which days of a period.
    pub on: RecurrenceDays,
    /// Said with a part of the day, as in "every morning".
    pub part: Option<DayPart>,
}

/// A recurrence phrase: how many words it has, what it says, and what it takes to mean that.
pub type RecurrenceMatch = (usize, ParsedRecurrence, Weight);

/// On which days of its period something comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecurrenceDays {
    /// Nothing was said: the days follow from the first date.
    Nothing,
    /// These days of the week.
    Weekdays(Vec<Weekday>),
    /// These days of the month, 1 to 31; in shorter months the last day.
    MonthDays(Vec<u8>),
    /// The last day of the month.
    LastDay,
    /// The first (1) or last (-1) Monday to Friday of the month.
    Workday(i16),
    /// Numbered weekdays of the month; -1 is the last.
    NthWeekdays(Vec<(i8, Weekday)>),
    /// A day of the year: month and day.
    YearDay(u8, u8),
    /// A numbered weekday of a month of the year.
    NthWeekdayOf(i8, Weekday, u8),
}

/// When a recurrence ends, as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParsedEnd {
    /// "10 times".
    Count(u32),
    /// "until friday", that day included.
    Date(NaiveDate),
    /// "for 3 weeks", from its first date on.
    Lasting(Amounts),
}

/// Monday to Friday.
pub const WORKDAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

impl ParsedRecurrence {
    /// At this interval, without days.
    pub fn plain(frequency: Frequency, interval: u16) -> Self {
        Self {
            frequency,
            interval,
            on: RecurrenceDays::Nothing,
            part: None,
        }
    }

    /// At this interval, on these days.
    pub fn on(frequency: Frequency, interval: u16, on: RecurrenceDays) -> Self {
        Self {
            on,
            ..Self::plain(frequency, interval)
        }
    }
}

impl ParsedRecurrence {
    /// The same without these days, where a rule can say so and something is left.
    pub fn without(&self, days: &[Weekday]) -> Option<Self> {
        let all: Vec<Weekday> = match (self.frequency, &self.on) {
            (Frequency::Daily, RecurrenceDays::Nothing) => {
                [WORKDAYS.as_slice(), &[Weekday::Sat, Weekday::Sun]].concat()
            }
            (Frequency::Weekly, RecurrenceDays::Weekdays(all)) => all.clone(),
            _ => return None,
        };
        let left: Vec<Weekday> = all.into_iter().filter(|day| !days.contains(day)).collect();
        (self.interval == 1 && !left.is_empty()).then(|| Self {
            frequency: Frequency::Weekly,
            on: RecurrenceDays::Weekdays(left),
            ..self.clone()
        })
    }
}

impl ParsedRecurrence {
    /// The rule, for a task whose first date is sought from `anchor` on.
    pub fn rule(&self, anchor: NaiveDate, week_start: Weekday) -> Option<Rule> {
        self.anchored(Some(anchor), week_start)
    }

    /// The rule for a task that has its date already: what was not said follows from that.
    pub fn unanchored(&self, week_start: Weekday) -> Option<Rule> {
        self.anchored(None, week_start)
    }

    fn anchored(&self, anchor: Option<NaiveDate>, week_start: Weekday) -> Option<Rule> {
        let rule = match &self.on {
            RecurrenceDays::Nothing => {
                Rule::from_simple(self.kind(), self.interval, End::Never, anchor).ok()?
            }
            RecurrenceDays::Weekdays(days) => Rule {
                by_day: days
                    .iter()
                    .map(|day| WeekdayNum {
                        ordinal: 0,
                        weekday: *day,
                    })
                    .collect(),
                // Which days share a week matters only when weeks are left out.
                week_start: if self.interval > 1 {
                    week_start
                } else {
                    Weekday::Mon
                },
                ..self.bare()?
            },
            RecurrenceDays::MonthDays(days) => match days.as_slice() {
                [day] => Rule {
                    interval: self.interval,
                    ..Rule::monthly_on_day(*day).ok()?
                },
                days => Rule {
                    by_month_day: days.iter().map(|day| day.cast_signed()).collect(),
                    ..self.bare()?
                },
            },
            RecurrenceDays::LastDay => Rule {
                by_month_day: vec![-1],
                ..self.bare()?
            },
            RecurrenceDays::Workday(position) => Rule {
                by_day: [
                    Weekday::Mon,
                    Weekday::Tue,
                    Weekday::Wed,
                    Weekday::Thu,
                    Weekday::Fri,
                ]
                .map(|weekday| WeekdayNum {
                    ordinal: 0,
                    weekday,
                })
                .to_vec(),
                by_set_pos: vec![*position],
                ..self.bare()?
            },
            RecurrenceDays::NthWeekdays(days) => Rule {
                by_day: days
                    .iter()
                    .map(|(ordinal, weekday)| WeekdayNum {
                        ordinal: *ordinal,
                        weekday: *weekday,
                    })
                    .collect(),
                ..self.bare()?
            },
            RecurrenceDays::YearDay(month, day) => Rule {
                interval: self.interval,
                ..Rule::yearly_on(*month, *day).ok()?
            },
            RecurrenceDays::NthWeekdayOf(ordinal, weekday, month) => Rule {
                by_month: vec![*month],
                by_day: vec![WeekdayNum {
                    ordinal: *ordinal,
                    weekday: *weekday,
                }],
                ..self.bare()?
            },
        };
        // Read back from its own text: what stands here is what every other part accepts.
        rule.to_string().parse().ok()
    }

    /// The first date of the rule on or after `from`, whatever the interval: "every 2 weeks on Tuesday" begins next
    /// Tuesday.
    pub fn first(&self, from: NaiveDate) -> Option<NaiveDate> {
        if self.on == RecurrenceDays::Nothing {
            return Some(from);
        }
        // A leap day every 4 years begins with one; every year it is the last of February where there is none.
        if self.on == RecurrenceDays::YearDay(2, 29) && self.interval.is_multiple_of(4) {
            let mut years = from.year()..=from.year() + 8;
            return years.find_map(|year| {
                NaiveDate::from_ymd_opt(year, 2, 29).filter(|date| *date >= from)
            });
        }
        let every_period = Self {
            interval: 1,
            ..self.clone()
        };
        every_period
            .rule(from, Weekday::Mon)?
            .occurrences(from)
            .next()
    }

    fn bare(&self) -> Option<Rule> {
        Rule::every(self.frequency, self.interval).ok()
    }

    fn kind(&self) -> SimpleKind {
        match self.frequency {
            Frequency::Daily => SimpleKind::Daily,
            Frequency::Weekly => SimpleKind::Weekly,
            Frequency::Monthly => SimpleKind::Monthly,
            Frequency::Yearly => SimpleKind::Yearly,
        }
    }
}

impl ParsedEnd {
    /// Whether it counts from the first date.
    pub fn is_relative(self) -> bool {
        matches!(self, Self::Lasting(_))
    }

    /// The end of a rule whose first date is `first`; `None` when it would end before that.
    pub fn end(self, first: NaiveDate) -> Option<End> {
        match self {
            Self::Count(count) => Some(End::Count(count)),
            Self::Date(last) => {
                (last >= first).then_some(End::Until(domain::recurrence::Until::Date(last)))
            }
            Self::Lasting(amounts) => {
                let behind = calendar::plus(first, amounts.months, amounts.days)?;
                behind
                    .pred_opt()
                    .filter(|last| *last >= first)
                    .map(|last| End::Until(domain::recurrence::Until::Date(last)))
            }
        }
    }
}
