//! What comes again as a whole phrase: "every 2 weeks on Monday", "monthly on the 31st", "weekdays until June".

use domain::recurrence::Frequency;

use super::frequency::{adverb, in_units, is_often};
use super::on;
use crate::phrases::repeat as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::lexicon::{self, Unit, day_part, number, ordinal};
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::recurrence::{ParsedRecurrence, RecurrenceDays, RecurrenceMatch, WORKDAYS};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// Whatever begins a recurrence.
const HEADS: [fn(Words<'_>) -> Option<RecurrenceMatch>; 6] = [
    every,
    adverb,
    of_the_month,
    plural_weekdays,
    once_a,
    after_completion,
];

/// A recurrence at the beginning of `words`.
pub fn recurrence(words: Words<'_>, _: &Reading) -> Option<Match> {
    let lead = words.skip_any(phrases::LEADS);
    // "Twice daily" is more often than a rule of days can say.
    if is_often(words.before()) {
        return None;
    }
    let (mut length, mut said, weight) = HEADS.iter().find_map(|head| head(words.from(lead)))?;
    length += lead;
    let is_plain = said.frequency != Frequency::Daily || said.interval == 1;
    if said.on == RecurrenceDays::Nothing
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

/// "every …", "each …".
fn every(words: Words<'_>) -> Option<RecurrenceMatch> {
    let lead = words.begin_with_any(phrases::EVERY)?;
    let rest = words.from(lead);
    let (length, said) = every_unit(rest)
        .or_else(|| every_other_day(rest))
        .or_else(|| every_part(rest))
        .or_else(|| {
            let (length, frequency, on) = on::after_every(rest)?;
            Some((length, ParsedRecurrence::on(frequency, 1, on)))
        })?;
    Some((lead + length, said, Weight::Firm))
}

/// "day", "other week", "3 months", "second year", "quarter".
fn every_unit(words: Words<'_>) -> Option<(usize, ParsedRecurrence)> {
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

fn unit(words: Words<'_>, count: u32) -> Option<(usize, ParsedRecurrence)> {
    if matches!(words.get(0), "fortnight" | "fortnights") {
        return Some((1, in_units(count.checked_mul(2)?, Unit::Week)?));
    }
    Some((1, in_units(count, lexicon::unit(words.get(0))?)?))
}

/// "other Tuesday", "second Tuesday" (every 2 weeks, unless a month is spoken of), "3rd Friday".
fn every_other_day(words: Words<'_>) -> Option<(usize, ParsedRecurrence)> {
    let interval = match words.get(0) {
        "other" | "second" | "2nd" => 2,
        _ => return None,
    };
    let (length, days) = on::weekdays(words.from(1))?;
    let of_month = words.from(1 + length).begin_with("of").is_some();
    (!of_month).then(|| {
        (
            1 + length,
            ParsedRecurrence::on(Frequency::Weekly, interval, RecurrenceDays::Weekdays(days)),
        )
    })
}

/// "morning", "evening".
fn every_part(words: Words<'_>) -> Option<(usize, ParsedRecurrence)> {
    let part = day_part(words.get(0)).filter(|_| words.get(0) != "tonight")?;
    Some((
        1,
        ParsedRecurrence {
            part: Some(part),
            ..ParsedRecurrence::plain(Frequency::Daily, 1)
        },
    ))
}

/// "the 1st of every month", "last friday of the month".
fn of_the_month(words: Words<'_>) -> Option<RecurrenceMatch> {
    let lead = words.skip_any(&["on", "by", "due on", "due"]);
    let (length, on) = on::in_month(words.from(lead))?;
    let after = words.from(lead + length);
    let (tail, said) = if let Some(tail) = after.begin_with_any(&["of every other month"]) {
        (tail, ParsedRecurrence::on(Frequency::Monthly, 2, on))
    } else if let Some(tail) = after.begin_with_any(phrases::EVERY_MONTH) {
        (tail, ParsedRecurrence::on(Frequency::Monthly, 1, on))
    } else if let Some(tail) = after.begin_with_any(&["of every quarter", "of each quarter"]) {
        (tail, ParsedRecurrence::on(Frequency::Monthly, 3, on))
    } else {
        // "The 1st of the month" is a date; "the last Friday of the month" comes again.
        let tail = after
            .begin_with("of the month")
            .filter(|_| matches!(on, RecurrenceDays::NthWeekdays(_)))?;
        (tail, ParsedRecurrence::on(Frequency::Monthly, 1, on))
    };
    Some((lead + length + tail, said, Weight::Firm))
}

/// "mondays and thursdays", "on weekends", "weekdays", "mon wed fri".
fn plural_weekdays(words: Words<'_>) -> Option<RecurrenceMatch> {
    let lead = words.skip_any(&["on"]);
    let first = words.get(lead);
    let group = matches!(first, "weekdays" | "weekends" | "workdays");
    let (length, days) = on::weekdays(words.from(lead))?;
    // "Monday or Tuesday" is one day; three of them, as in "mon wed fri", are a habit.
    // From one day to another is a stay, but from Monday to Friday it is work.
    let is_stay = (0..length).any(|at| {
        let word = words.get(lead + at);
        phrases::RANGE.contains(&word)
    }) && days != WORKDAYS;
    // "Monday mornings".
    let parts = phrases::PARTS.contains(&words.get(lead + length));
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
        ParsedRecurrence::on(Frequency::Weekly, 1, RecurrenceDays::Weekdays(days)),
        weight,
    ))
}

/// "once a week", "once every 2 months".
fn once_a(words: Words<'_>) -> Option<RecurrenceMatch> {
    let lead = words.begin_with_any(phrases::ONCE)?;
    if words.get(lead - 1) == "once" {
        let (length, said, weight) = every(words.from(lead))?;
        return Some((lead + length, said, weight));
    }
    let (length, said) = unit(words.from(lead), 1)?;
    Some((lead + length, said, Weight::Firm))
}

/// The "3 days" of "3 days after completion".
fn after_completion(words: Words<'_>) -> Option<RecurrenceMatch> {
    number(words.get(0))?;
    let (length, said) = every_unit(words)?;
    words.from(length).begin_with_any(phrases::COMPLETIONS)?;
    Some((length, said, Weight::Firm))
}

/// "after completion", "after I did it": counted from when it was done.
pub fn basis(words: Words<'_>, _: &Reading) -> Option<Match> {
    let length = words.begin_with_any(phrases::COMPLETIONS)?;
    Some(Match {
        words: length,
        meaning: Meaning::Basis,
        weight: Weight::Firm,
    })
}
