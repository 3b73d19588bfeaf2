//! The RFC 5545 rule of what was said, and its first date.

use chrono::{Datelike, NaiveDate, Weekday};
use domain::Rule;
use domain::recurrence::{End, Frequency, SimpleKind, WeekdayNum};

use super::{On, Said, Until};
use crate::calendar;

impl Said {
    /// The rule, for a task whose first date is sought from `anchor` on.
    pub(crate) fn rule(&self, anchor: NaiveDate, week_start: Weekday) -> Option<Rule> {
        self.anchored(Some(anchor), week_start)
    }

    /// The rule for a task that has its date already: what was not said follows from that.
    pub(crate) fn unanchored(&self, week_start: Weekday) -> Option<Rule> {
        self.anchored(None, week_start)
    }

    fn anchored(&self, anchor: Option<NaiveDate>, week_start: Weekday) -> Option<Rule> {
        let rule = match &self.on {
            On::Nothing => {
                Rule::from_simple(self.kind(), self.interval, End::Never, anchor).ok()?
            }
            On::Weekdays(days) => Rule {
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
            On::MonthDays(days) => match days.as_slice() {
                [day] => Rule {
                    interval: self.interval,
                    ..Rule::monthly_on_day(*day).ok()?
                },
                days => Rule {
                    by_month_day: days.iter().map(|day| day.cast_signed()).collect(),
                    ..self.bare()?
                },
            },
            On::LastDay => Rule {
                by_month_day: vec![-1],
                ..self.bare()?
            },
            On::Workday(position) => Rule {
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
            On::NthWeekdays(days) => Rule {
                by_day: days
                    .iter()
                    .map(|(ordinal, weekday)| WeekdayNum {
                        ordinal: *ordinal,
                        weekday: *weekday,
                    })
                    .collect(),
                ..self.bare()?
            },
            On::YearDay(month, day) => Rule {
                interval: self.interval,
                ..Rule::yearly_on(*month, *day).ok()?
            },
            On::NthWeekdayOf(ordinal, weekday, month) => Rule {
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
    pub(crate) fn first(&self, from: NaiveDate) -> Option<NaiveDate> {
        if self.on == On::Nothing {
            return Some(from);
        }
        // A leap day every 4 years begins with one; every year it is the last of February where there is none.
        if self.on == On::YearDay(2, 29) && self.interval.is_multiple_of(4) {
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

impl Until {
    /// Whether it counts from the first date.
    pub(crate) fn is_relative(self) -> bool {
        matches!(self, Self::Lasting(_))
    }

    /// The end of a rule whose first date is `first`; `None` when it would end before that.
    pub(crate) fn end(self, first: NaiveDate) -> Option<End> {
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
