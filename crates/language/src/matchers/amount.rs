//! Amounts of time.

use crate::phrases::amount as phrases;
use crate::vocabulary::amount::Amounts;
use crate::vocabulary::lexicon::{Unit, digits, is_function_word, number, unit};
use crate::vocabulary::token::Words;

/// Most amounts that are added up.
const MOST: usize = 4;

/// "2 days", "half an hour", "1h 30min", "2 hours and 15 minutes".
pub fn sum(words: Words<'_>) -> Option<(usize, Amounts)> {
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
pub fn one(words: Words<'_>) -> Option<(usize, Amounts)> {
    fixed(words)
        .or_else(|| glued(words.get(0)).map(|amounts| (1, amounts)))
        .or_else(|| counted(words))
}

/// What is said without a number of units.
fn fixed(words: Words<'_>) -> Option<(usize, Amounts)> {
    let (length, (count, unit)) = words.begin_with_one_of(phrases::FIXED)?;
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
    let (length, count) = match words.begin_with_one_of(phrases::VAGUE_NUMBERS) {
        Some(vague) => vague,
        None => (1, number(words.get(0))?),
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
