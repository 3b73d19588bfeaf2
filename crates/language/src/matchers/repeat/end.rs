//! When a recurrence ends: "until June", "10 times", "for 3 weeks".

use chrono::{Datelike, NaiveDate};

use super::frequency::beyond;
use crate::matchers::{amount, day};
use crate::phrases::repeat_end as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::lexicon::number;
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::recurrence::ParsedEnd;
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;
use crate::vocabulary::{calendar, lexicon};

/// "until June", "10 times", "for 3 weeks". It means something only beside a recurrence.
pub fn end(words: Words<'_>, reading: &Reading) -> Option<Match> {
    let (length, until) = until_date(words, reading)
        .or_else(|| times(words))
        .or_else(|| lasting(words))?;
    Some(Match {
        words: length,
        meaning: Meaning::End(until),
        weight: Weight::Firm,
    })
}

fn until_date(words: Words<'_>, reading: &Reading) -> Option<(usize, ParsedEnd)> {
    let lead = words.begin_with_any(phrases::UNTIL)?;
    let rest = words.from(lead);
    if let Some((length, first)) = month_alone(rest, reading) {
        return Some((lead + length, ParsedEnd::Date(first.pred_opt()?)));
    }
    let (length, said, _) = day::bare(rest, reading, true)?;
    Some((lead + length, ParsedEnd::Date(said.date)))
}

/// The first day of a month without a day: "until June" stops when June begins, "until 5 June" has that day in it.
fn month_alone(words: Words<'_>, reading: &Reading) -> Option<(usize, NaiveDate)> {
    let month = lexicon::month(words.get(0))?;
    if let Some(year) = lexicon::digits(words.get(1)).filter(|year| *year >= 2_000) {
        return Some((
            2,
            NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?,
        ));
    }
    if words.get(1).starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let first = NaiveDate::from_ymd_opt(reading.today().year(), month, 1)?;
    let next = if first <= reading.today() {
        calendar::plus(first, 12, 0)?
    } else {
        first
    };
    Some((1, next))
}

fn times(words: Words<'_>) -> Option<(usize, ParsedEnd)> {
    let lead = words.skip_any(phrases::TIMES_LEADS);
    // "3x daily", "3 times a day" count within a period.
    if beyond(words.from(lead)) || beyond(words.from(lead + 1)) {
        return None;
    }
    let (length, count) = match words.get(lead) {
        word if word.ends_with('x') => (1, lexicon::digits(word.trim_end_matches('x'))?),
        word if matches!(words.get(lead + 1), "times" | "occurrences" | "repetitions") => {
            (2, number(word)?)
        }
        _ => return None,
    };
    (1..=domain::recurrence::MAX_COUNT)
        .contains(&count)
        .then_some((lead + length, ParsedEnd::Count(count)))
}

fn lasting(words: Words<'_>) -> Option<(usize, ParsedEnd)> {
    let lead = words.begin_with_any(&["for", "for the next"])?;
    let (length, amounts) = amount::sum(words.from(lead))?;
    (!amounts.has_time()).then_some((lead + length, ParsedEnd::Lasting(amounts)))
}
