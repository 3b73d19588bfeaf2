//! Recurrences: "every 2 weeks on Monday", "monthly on the 31st", "weekdays until June".

mod end;
mod except;
mod on;
mod rule;

use domain::recurrence::Frequency;

use crate::lexicon::{self, DayPart, Unit, day_part, number, ordinal};
use crate::scan::{Match, Meaning, Reading, Weight};
use crate::token::Words;
pub(crate) use end::{Until, end};
pub(crate) use except::{except, lead as except_lead};
pub(crate) use on::On;

/// What a recurrence phrase says; the rule comes of it when the first date is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) frequency: Frequency,
    pub(crate) interval: u16,
    pub(crate) on: On,
    /// Said with a part of the day, as in "every morning".
    pub(crate) part: Option<DayPart>,
}

type Found = (usize, Said, Weight);

/// Whatever begins a recurrence.
const HEADS: [fn(Words<'_>) -> Option<Found>; 6] = [
    every,
    adverb,
    of_the_month,
    plural_weekdays,
    once_a,
    after_completion,
];

/// A recurrence at the beginning of `words`.
pub(crate) fn recurrence(words: Words<'_>, _: &Reading) -> Option<Match> {
    let lead = words.skip_any(&[
        "repeat",
        "repeating",
        "repeats",
        "and repeat",
        "recurring",
        "and repeat it",
        "repeat it",
    ]);
    // "Twice daily" is more often than a rule of days can say.
    if is_often(words.before()) {
        return None;
    }
    let (mut length, mut said, weight) = HEADS.iter().find_map(|head| head(words.from(lead)))?;
    length += lead;
    let is_plain = said.frequency != Frequency::Daily || said.interval == 1;
    if said.on == On::Nothing
        && is_plain
        && let Some((more, on)) = on::attached(words.from(length), said.frequency)
    {
        length += more;
        said.on = on;
        if said.frequency == Frequency::Daily {
            said.frequency = Frequency::Weekly;
        }
    }
    let the = words.from(length).skip_any(&["in the", "at"]);
    if let Some(part) = day_part(words.get(length + the)).filter(|_| said.part.is_none()) {
        length += the + 1;
        said.part = Some(part);
    }
    Some(Match {
        words: length,
        meaning: Meaning::Recurrence(said),
        weight,
    })
}

impl Said {
    fn plain(frequency: Frequency, interval: u16) -> Self {
        Self {
            frequency,
            interval,
            on: On::Nothing,
            part: None,
        }
    }

    fn on(frequency: Frequency, interval: u16, on: On) -> Self {
        Self {
            on,
            ..Self::plain(frequency, interval)
        }
    }
}

/// "every …", "each …".
fn every(words: Words<'_>) -> Option<Found> {
    let lead = words.begin_with_any(&[
        "every",
        "each",
        "on every",
        "on each",
        "every single",
        "in every",
    ])?;
    let rest = words.from(lead);
    let (length, said) = every_unit(rest)
        .or_else(|| every_other_day(rest))
        .or_else(|| every_part(rest))
        .or_else(|| {
            let (length, frequency, on) = on::after_every(rest)?;
            Some((length, Said::on(frequency, 1, on)))
        })?;
    Some((lead + length, said, Weight::Firm))
}

/// "day", "other week", "3 months", "second year", "quarter".
fn every_unit(words: Words<'_>) -> Option<(usize, Said)> {
    let (length, count) = match words.get(0) {
        "other" => (1, 2),
        "couple" if words.get(1) == "of" => (2, 2),
        word => match number(word)
            .filter(|_| word != "a" && word != "an")
            // "Every first day" is the first of a month.
            .or_else(|| ordinal(word).filter(|count| *count > 1))
        {
            Some(count) => (1, count),
            None => (0, 1),
        },
    };
    let (more, said) = unit(words.from(length), count)?;
    Some((length + more, said))
}

fn unit(words: Words<'_>, count: u32) -> Option<(usize, Said)> {
    if matches!(words.get(0), "fortnight" | "fortnights") {
        return Some((1, in_units(count.checked_mul(2)?, Unit::Week)?));
    }
    Some((1, in_units(count, lexicon::unit(words.get(0))?)?))
}

fn in_units(count: u32, unit: Unit) -> Option<Said> {
    let (frequency, factor) = match unit {
        Unit::Second | Unit::Minute | Unit::Hour => return None,
        Unit::Day => (Frequency::Daily, 1),
        Unit::Week => (Frequency::Weekly, 1),
        Unit::Month => (Frequency::Monthly, 1),
        Unit::Quarter => (Frequency::Monthly, 3),
        Unit::Year => (Frequency::Yearly, 1),
    };
    let interval = u16::try_from(count.checked_mul(factor)?).ok()?;
    let allowed = (1..=domain::recurrence::MAX_INTERVAL).contains(&interval);
    allowed.then(|| Said::plain(frequency, interval))
}

/// "other Tuesday", "second Tuesday" (every 2 weeks, unless a month is spoken of), "3rd Friday".
fn every_other_day(words: Words<'_>) -> Option<(usize, Said)> {
    let interval = match words.get(0) {
        "other" | "second" | "2nd" => 2,
        _ => return None,
    };
    let (length, days) = on::weekdays(words.from(1))?;
    let of_month = words.from(1 + length).begin_with("of").is_some();
    (!of_month).then(|| {
        (
            1 + length,
            Said::on(Frequency::Weekly, interval, On::Weekdays(days)),
        )
    })
}

/// "morning", "evening".
fn every_part(words: Words<'_>) -> Option<(usize, Said)> {
    let part = day_part(words.get(0)).filter(|_| words.get(0) != "tonight")?;
    Some((
        1,
        Said {
            part: Some(part),
            ..Said::plain(Frequency::Daily, 1)
        },
    ))
}

/// "daily", "weekly", "every day" in one word.
fn adverb(words: Words<'_>) -> Option<Found> {
    let (count, unit) = match words.get(0) {
        "daily" | "everyday" => (1, Unit::Day),
        "weekly" => (1, Unit::Week),
        "biweekly" | "bi-weekly" | "fortnightly" => (2, Unit::Week),
        "monthly" => (1, Unit::Month),
        "bimonthly" | "bi-monthly" => (2, Unit::Month),
        "quarterly" => (3, Unit::Month),
        "semiannually" | "half-yearly" | "biannually" => (6, Unit::Month),
        "yearly" | "annually" => (1, Unit::Year),
        "biennially" => (2, Unit::Year),
        _ => return None,
    };
    // "The daily news", "my weekly report": said of a thing, not of a time.
    let of_a_thing = matches!(
        words.before(),
        "the" | "a" | "my" | "our" | "your" | "his" | "her" | "their"
    );
    let said = in_units(count, unit).filter(|_| !of_a_thing)?;
    let attached = on::attached(words.from(1), said.frequency).is_some();
    Some((
        1,
        said,
        if attached {
            Weight::Firm
        } else {
            Weight::Loose
        },
    ))
}

/// "the 1st of every month", "last friday of the month".
fn of_the_month(words: Words<'_>) -> Option<Found> {
    let lead = words.skip_any(&["on", "by", "due on", "due"]);
    let (length, on) = on::in_month(words.from(lead))?;
    let after = words.from(lead + length);
    let (tail, said) = if let Some(tail) = after.begin_with_any(&["of every other month"]) {
        (tail, Said::on(Frequency::Monthly, 2, on))
    } else if let Some(tail) = after.begin_with_any(&[
        "of every month",
        "of each month",
        "every month",
        "each month",
    ]) {
        (tail, Said::on(Frequency::Monthly, 1, on))
    } else if let Some(tail) = after.begin_with_any(&["of every quarter", "of each quarter"]) {
        (tail, Said::on(Frequency::Monthly, 3, on))
    } else {
        // "The 1st of the month" is a date; "the last Friday of the month" comes again.
        let tail = after
            .begin_with("of the month")
            .filter(|_| matches!(on, On::NthWeekdays(_)))?;
        (tail, Said::on(Frequency::Monthly, 1, on))
    };
    Some((lead + length + tail, said, Weight::Firm))
}

/// "mondays and thursdays", "on weekends", "weekdays", "mon wed fri".
fn plural_weekdays(words: Words<'_>) -> Option<Found> {
    let lead = words.skip_any(&["on"]);
    let first = words.get(lead);
    let group = matches!(first, "weekdays" | "weekends" | "workdays");
    let (length, days) = on::weekdays(words.from(lead))?;
    // "Monday or Tuesday" is one day; three of them, as in "mon wed fri", are a habit.
    // From one day to another is a stay, but from Monday to Friday it is work.
    let is_stay = (0..length).any(|at| {
        let word = words.get(lead + at);
        matches!(word, "to" | "till" | "until" | "through" | "-" | "–")
    }) && days != on::WORKDAYS;
    // "Monday mornings".
    let parts = matches!(
        words.get(lead + length),
        "mornings" | "afternoons" | "evenings" | "nights"
    );
    let are_many = group || parts || lexicon::weekdays_plural(first).is_some();
    if !are_many && (days.len() < 3 || is_stay) {
        return None;
    }
    let weight = if lead > 0 {
        Weight::Firm
    } else {
        Weight::Loose
    };
    Some((
        lead + length,
        Said::on(Frequency::Weekly, 1, On::Weekdays(days)),
        weight,
    ))
}

/// "once a week", "once every 2 months".
fn once_a(words: Words<'_>) -> Option<Found> {
    let lead = words.begin_with_any(&["once a", "once per", "once an", "once"])?;
    if words.get(lead - 1) == "once" {
        let (length, said, weight) = every(words.from(lead))?;
        return Some((lead + length, said, weight));
    }
    let (length, said) = unit(words.from(lead), 1)?;
    Some((lead + length, said, Weight::Firm))
}

/// The "3 days" of "3 days after completion".
fn after_completion(words: Words<'_>) -> Option<Found> {
    number(words.get(0))?;
    let (length, said) = every_unit(words)?;
    words.from(length).begin_with_any(COMPLETIONS)?;
    Some((length, said, Weight::Firm))
}

/// What cannot be a recurrence of days, for a note that says so: "every 2 hours", "twice a week".
pub(crate) fn beyond(words: Words<'_>) -> bool {
    let unit_at = match words.get(0) {
        "hourly" => return true,
        "every" | "each" => {
            let counts = matches!(words.get(1), "other" | "half" | "single" | "few" | "couple")
                || number(words.get(1)).is_some()
                || ordinal(words.get(1)).is_some();
            1 + usize::from(counts)
                + words.from(2).skip_any(&["a", "an", "of"]) * usize::from(counts)
        }
        word => {
            let by_period = matches!(words.get(1), "a" | "an" | "per" | "each" | "every" | "the");
            let is_period = |word: &str| lexicon::unit(word).is_some();
            return is_often(word)
                && ((by_period && is_period(words.get(2))) || adverb(words.from(1)).is_some());
        }
    };
    matches!(
        lexicon::unit(words.get(unit_at)),
        Some(Unit::Hour | Unit::Minute | Unit::Second)
    )
}

/// "twice", `3x`, and the end of "three times".
fn is_often(word: &str) -> bool {
    let times = |word: &str| {
        word.strip_suffix('x')
            .is_some_and(|count| lexicon::digits(count).is_some())
    };
    matches!(word, "twice" | "thrice" | "times") || times(word)
}

const COMPLETIONS: &[&str] = &[
    "after completion",
    "from completion",
    "after completing",
    "after completing it",
    "after i complete it",
    "after i completed it",
    "after i did it",
    "after i do it",
    "after i last did it",
    "after i've done it",
    "after doing it",
    "after it's done",
    "after it is done",
    "after it's completed",
    "after i finish",
    "after i finish it",
    "after i finished it",
    "after finishing",
    "after finishing it",
    "after the last time",
    "since the last time",
    "since i last did it",
    "when done",
    "once done",
    "after i'm done",
    "after done",
];

/// "after completion", "after I did it": counted from when it was done.
pub(crate) fn basis(words: Words<'_>, _: &Reading) -> Option<Match> {
    let length = words.begin_with_any(COMPLETIONS)?;
    Some(Match {
        words: length,
        meaning: Meaning::Basis,
        weight: Weight::Firm,
    })
}
