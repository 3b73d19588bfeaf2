//! A rule in words, for chat answers and screens.

use chrono::{NaiveDate, Weekday};

use super::rule::{End, Frequency, Rule, Until, WeekdayNum};
use super::{Basis, Recurrence};

const WEEKDAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

impl Recurrence {
    /// The recurrence in English: its rule, and whether that counts from the day on which the task is done.
    #[must_use]
    pub fn describe(&self) -> String {
        let rule = self.rule.describe();
        match self.basis {
            Basis::Due => rule,
            Basis::Completion => format!("{rule} after it is done"),
        }
    }
}

impl Rule {
    /// The rule in English, such as `every 2 weeks on Mon and Thu, 10 times`. A rule that words would not make clearer
    /// is given as it is.
    #[must_use]
    pub fn describe(&self) -> String {
        let words = match self.frequency {
            _ if self.is_plain() => Some(self.every_unit()),
            Frequency::Daily => None,
            Frequency::Weekly => self.weekly(),
            Frequency::Monthly => self.monthly(),
            Frequency::Yearly => self.yearly(),
        };
        let end = match self.end {
            End::Never => String::new(),
            End::Count(1) => ", once".to_owned(),
            End::Count(count) => format!(", {count} times"),
            End::Until(Until::Date(date)) => format!(", until {}", date.format("%-d %b %Y")),
            End::Until(Until::Local(at)) => format!(", until {}", at.format("%-d %b %Y at %H:%M")),
            End::Until(Until::Instant(at)) => {
                format!(", until {} UTC", at.format("%-d %b %Y at %H:%M"))
            }
        };
        words.map_or_else(
            || format!("by the rule {self}"),
            |words| format!("{words}{end}"),
        )
    }

    fn every_unit(&self) -> String {
        let unit = match self.frequency {
            Frequency::Daily => "day",
            Frequency::Weekly => "week",
            Frequency::Monthly => "month",
            Frequency::Yearly => "year",
        };
        match self.interval {
            1 => format!("every {unit}"),
            2 => format!("every other {unit}"),
            n => format!("every {n} {unit}s"),
        }
    }

    fn weekly(&self) -> Option<String> {
        if !(self.by_month.is_empty() && self.by_set_pos.is_empty()) {
            return None;
        }
        let days: Vec<Weekday> = self.by_day.iter().map(|day| day.weekday).collect();
        Some(match (self.interval, days.as_slice()) {
            (1, days) if days == WEEKDAYS => "every weekday".to_owned(),
            (1, [Weekday::Sat, Weekday::Sun]) => "every Sat and Sun".to_owned(),
            (1, [day]) => format!("every {}", long_name(*day)),
            (1, days) => format!("every {}", and(days.iter().map(Weekday::to_string))),
            (_, [day]) => format!("{} on {}", self.every_unit(), long_name(*day)),
            (_, days) => format!(
                "{} on {}",
                self.every_unit(),
                and(days.iter().map(Weekday::to_string))
            ),
        })
    }

    fn monthly(&self) -> Option<String> {
        if !self.by_month.is_empty() {
            return None;
        }
        let on = match self.single_month_day() {
            Some(day) => month_day(day),
            None => self.month_days().or_else(|| self.month_weekdays())?,
        };
        Some(format!("{} on the {on}", self.every_unit()))
    }

    fn month_days(&self) -> Option<String> {
        let plain = self.by_day.is_empty() && self.by_set_pos.is_empty();
        (plain && !self.by_month_day.is_empty())
            .then(|| and(self.by_month_day.iter().map(|day| month_day(*day))))
    }

    fn month_weekdays(&self) -> Option<String> {
        if !self.by_month_day.is_empty() {
            return None;
        }
        match (self.by_day.as_slice(), self.by_set_pos.as_slice()) {
            (days, []) if days.iter().all(|day| day.ordinal != 0) => {
                Some(and(days.iter().map(ordinal_day)))
            }
            ([day], [position]) if day.ordinal == 0 => {
                let ordinal = i8::try_from(*position).ok()?;
                Some(ordinal_day(&WeekdayNum { ordinal, ..*day }))
            }
            (days, [position])
                if days
                    .iter()
                    .map(|day| (day.ordinal, day.weekday))
                    .eq(WEEKDAYS.map(|day| (0, day))) =>
            {
                Some(format!("{} weekday", position_word((*position).into())))
            }
            _ => None,
        }
    }

    fn yearly(&self) -> Option<String> {
        let [month] = self.by_month.as_slice() else {
            return None;
        };
        let month = NaiveDate::from_ymd_opt(2024, (*month).into(), 1)?
            .format("%B")
            .to_string();
        let on = match self.single_month_day() {
            Some(day) if day > 0 => format!("{day} {month}"),
            Some(day) => format!("the {} of {month}", month_day(day)),
            None => format!("the {} of {month}", self.month_weekdays()?),
        };
        Some(format!("{} on {on}", self.every_unit()))
    }
}

/// `1st`, `22nd`, `last day`, `3rd last day`.
fn month_day(day: i8) -> String {
    match day {
        -1 => "last day".to_owned(),
        ..=-2 => format!("{} last day", ordinal(day.unsigned_abs().into())),
        _ => ordinal(day.unsigned_abs().into()),
    }
}

fn ordinal_day(day: &WeekdayNum) -> String {
    format!(
        "{} {}",
        position_word(day.ordinal.into()),
        long_name(day.weekday)
    )
}

fn position_word(position: i32) -> String {
    match position {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        -1 => "last".to_owned(),
        ..=-2 => format!("{} last", position_word(-position)),
        _ => ordinal(position.unsigned_abs()),
    }
}

fn ordinal(number: u32) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

fn long_name(day: Weekday) -> &'static str {
    [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ][day.num_days_from_monday() as usize]
}

fn and(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
