//! Amounts of time.

use chrono::Duration;

use crate::lexicon::{Unit, digits, is_function_word, number, unit};
use crate::token::Words;

/// An amount of time, in what the calendar and the clock count separately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) months: u32,
    pub(crate) days: u64,
    pub(crate) minutes: i64,
    pub(crate) seconds: i64,
}

impl Amounts {
    fn of(count: u32, unit: Unit) -> Option<Self> {
        let nothing = Self::default();
        Some(match unit {
            Unit::Second => Self {
                seconds: count.into(),
                ..nothing
            },
            Unit::Minute => Self {
                minutes: count.into(),
                ..nothing
            },
            Unit::Hour => Self {
                minutes: i64::from(count) * 60,
                ..nothing
            },
            Unit::Day => Self {
                days: count.into(),
                ..nothing
            },
            Unit::Week => Self {
                days: u64::from(count) * 7,
                ..nothing
            },
            Unit::Month => Self {
                months: count,
                ..nothing
            },
            Unit::Quarter => Self {
                months: count.checked_mul(3)?,
                ..nothing
            },
            Unit::Year => Self {
                months: count.checked_mul(12)?,
                ..nothing
            },
        })
    }

    fn and(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            minutes: self.minutes.checked_add(other.minutes)?,
            seconds: self.seconds.checked_add(other.seconds)?,
        })
    }

    /// Whether it is counted by the clock, too.
    pub(crate) fn has_time(self) -> bool {
        self.minutes != 0 || self.seconds != 0
    }

    /// What the clock counts of it.
    pub(crate) fn time(self) -> Option<Duration> {
        let seconds = self.minutes.checked_mul(60)?.checked_add(self.seconds)?;
        Duration::try_seconds(seconds)
    }

    /// As minutes, where days are days of 24 hours; `None` with months, which have no length.
    pub(crate) fn as_minutes(self) -> Option<u32> {
        let days = i64::try_from(self.days).ok()?;
        let minutes = days.checked_mul(24 * 60)?.checked_add(self.minutes)?;
        u32::try_from(minutes)
            .ok()
            .filter(|_| self.months == 0 && self.seconds == 0)
    }
}

/// Most amounts that are added up.
const MOST: usize = 4;

/// "2 days", "half an hour", "1h 30min", "2 hours and 15 minutes".
pub(crate) fn sum(words: Words<'_>) -> Option<(usize, Amounts)> {
    let (mut length, mut total) = one(words)?;
    for _ in 1..MOST {
        let and = words.from(length).skip_any(&["and"]);
        let more = one(words.from(length + and)).filter(|_| !words.closed_after(length));
        let Some((more, amounts)) = more else { break };
        let Some(both) = total.and(amounts) else {
            break;
        };
        total = both;
        length += and + more;
    }
    Some((length, total))
}

/// One of the amounts that [`sum`] adds up.
pub(crate) fn one(words: Words<'_>) -> Option<(usize, Amounts)> {
    fixed(words)
        .or_else(|| glued(words.get(0)).map(|amounts| (1, amounts)))
        .or_else(|| counted(words))
}

/// What is said without a number of units.
fn fixed(words: Words<'_>) -> Option<(usize, Amounts)> {
    const PHRASES: [(&str, u32, Unit); 13] = [
        ("half an hour", 30, Unit::Minute),
        ("a half hour", 30, Unit::Minute),
        ("half hour", 30, Unit::Minute),
        ("an hour and a half", 90, Unit::Minute),
        ("one and a half hours", 90, Unit::Minute),
        ("a quarter of an hour", 15, Unit::Minute),
        ("quarter of an hour", 15, Unit::Minute),
        ("three quarters of an hour", 45, Unit::Minute),
        ("a minute or two", 2, Unit::Minute),
        ("half a day", 12, Unit::Hour),
        ("half a year", 6, Unit::Month),
        ("a fortnight", 14, Unit::Day),
        ("a year and a half", 18, Unit::Month),
    ];
    let (length, count, unit) = PHRASES
        .iter()
        .filter_map(|(phrase, count, unit)| Some((words.begin_with(phrase)?, *count, *unit)))
        .max_by_key(|(length, ..)| *length)?;
    Some((length, Amounts::of(count, unit)?))
}

/// `20min`, `2h`, `3d`, `1h30`, `1h30m`.
fn glued(word: &str) -> Option<Amounts> {
    let split = word.find(|c: char| c.is_ascii_alphabetic())?;
    let (count, name) = word.split_at(split);
    let count = digits(count)?;
    let behind_hours = name.strip_prefix('h').unwrap_or_default();
    if let Some(minutes) = digits(behind_hours.trim_end_matches("min").trim_end_matches('m')) {
        return Amounts::of(count, Unit::Hour)?.and(Amounts::of(minutes, Unit::Minute)?);
    }
    let unit = match name {
        "m" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        "y" => Unit::Year,
        name => unit(name)?,
    };
    Amounts::of(count, unit)
}

/// "2 days", "a couple of hours", "1.5 hours", "two and a half hours".
fn counted(words: Words<'_>) -> Option<(usize, Amounts)> {
    if let Some(halves) = words.get(0).strip_suffix(".5").and_then(digits) {
        let amounts = match unit(words.get(1))? {
            Unit::Hour => Amounts::of(halves.checked_mul(60)?.checked_add(30)?, Unit::Minute),
            Unit::Day => Amounts::of(halves.checked_mul(24)?.checked_add(12)?, Unit::Hour),
            _ => None,
        };
        return Some((2, amounts?));
    }
    let (length, count) = match words.begin_with_any(&["a couple of", "a couple", "couple of"]) {
        Some(length) => (length, 2),
        None => match words.begin_with_any(&["a few", "few"]) {
            Some(length) => (length, 3),
            None => (1, number(words.get(0))?),
        },
    };
    if words.from(length).begin_with("and a half hours").is_some() {
        return Some((
            length + 4,
            Amounts::of(count.checked_mul(60)?.checked_add(30)?, Unit::Minute)?,
        ));
    }
    let unit = unit_or_letter(words.get(length))?;
    let behind = words.from(length + 1);
    let amounts = Amounts::of(count, unit)?;
    let half = match unit {
        Unit::Hour => Amounts::of(30, Unit::Minute),
        Unit::Day => Amounts::of(12, Unit::Hour),
        Unit::Year => Amounts::of(6, Unit::Month),
        _ => None,
    };
    if let (Some(more), Some(half)) = (behind.begin_with("and a half"), half) {
        return Some((length + 1 + more, amounts.and(half)?));
    }
    // "In a day or two": the longer of both.
    let other = number(behind.get(1)).filter(|other| behind.get(0) == "or" && *other > count);
    let ends = behind.closed_after(2) || is_function_word(behind.get(2));
    match other.filter(|_| ends) {
        Some(other) => Some((length + 3, Amounts::of(other, unit)?)),
        None => Some((length + 1 + behind.skip_any(&["or so"]), amounts)),
    }
}

fn unit_or_letter(word: &str) -> Option<Unit> {
    match word {
        "h" => Some(Unit::Hour),
        word => unit(
            word.strip_suffix("'s")
                .or(word.strip_suffix('\''))
                .unwrap_or(word),
        ),
    }
}
