//! Times of day.

use chrono::Timelike;

use crate::matchers::day;
use crate::phrases::clock as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::lexicon::{day_part, digits, is_function_word, number, takes_a_number};
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::time::{Beside, ParsedTime};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// A time at the beginning of `words`.
pub fn time(words: Words<'_>, reading: &Reading) -> Option<Match> {
    // "Every noon" is more than one.
    if matches!(words.before(), "every" | "each") {
        return None;
    }
    if let Some(found) = day_part_alone(words).or_else(|| between(words)) {
        return Some(found);
    }
    let lead = words.skip_any(phrases::LEADS);
    let rest = words.from(lead);
    let (length, said, weight) = clock(rest, lead > 0)
        .or_else(|| glued_at(words).filter(|_| lead == 0))
        .or_else(|| bare_hour(rest, lead))?;
    let (length, said) = with_day_part(rest, length, said);
    let (length, said) = with_others(rest, length, said, reading);
    Some(Match {
        words: lead + length,
        meaning: Meaning::Time(said),
        weight,
    })
}

/// "between 5pm and 6pm", "between 5 and 6 pm". Hours without a half of the day are counted beside a date only.
fn between(words: Words<'_>) -> Option<Match> {
    let first = words.from(words.begin_with("between")?);
    let bare = |words: Words<'_>| {
        let hour = digits(words.get(0)).filter(|hour| (1..=24).contains(hour));
        Some((1, ParsedTime::open(hour?, 0)?))
    };
    let clock = |words| {
        written(words)
            .or_else(|| named(words))
            .or_else(|| bare(words))
    };
    let (length, begin) = clock(first)?;
    let second = first.from(length + 1);
    let (more, end) = clock(second).filter(|_| first.get(length) == "and")?;
    let is_bare = begin.open && end.open && !first.get(0).contains(':');
    let time = match begin.open && !end.open && end.time.hour() >= 12 {
        true if begin.other_half() < end.time => begin.other_half(),
        _ => begin.time,
    };
    let said = ParsedTime {
        time,
        open: begin.open && end.open,
        beside: Some(Beside::End),
        ..begin
    };
    Some(Match {
        words: 1 + length + 1 + more,
        meaning: Meaning::Time(said),
        weight: if is_bare {
            Weight::Beside
        } else {
            Weight::Firm
        },
    })
}

/// "10am to 11am", "8am and 8pm", "8am, 2pm and 8pm": a task has one time, the first.
fn with_others(
    words: Words<'_>,
    length: usize,
    said: ParsedTime,
    reading: &Reading,
) -> (usize, ParsedTime) {
    let mut behind = length;
    while words
        .token(behind.saturating_sub(1))
        .is_some_and(|token| token.closes)
    {
        let more = written(words.from(behind)).map(|(more, _)| more);
        let hour = || {
            digits(words.get(behind))
                .filter(|hour| (1..=24).contains(hour))
                .map(|_| 1)
        };
        match more.or_else(hour) {
            Some(more) => behind += more,
            None => break,
        }
    }
    let (end, listed) = with_another(words, behind, said, reading);
    match behind > length && end == behind {
        // "At 8am, 9:30 dentist" is no list.
        true => with_another(words, length, said, reading),
        false => (end, listed),
    }
}

fn with_another(
    words: Words<'_>,
    length: usize,
    said: ParsedTime,
    reading: &Reading,
) -> (usize, ParsedTime) {
    let (beside, joint) = match words.get(length) {
        "to" | "until" | "till" | "til" | "'til" | "-" | "–" => (Beside::End, 1),
        "and" | "&" | "or" => (
            Beside::Another,
            1 + words.from(length + 1).skip_any(&["at", "again at"]),
        ),
        _ => return (length, said),
    };
    let other = words.from(length + joint);
    // "From 9 to 10".
    let hour = || {
        let is_hour = digits(other.get(0)).is_some_and(|hour| (1..=24).contains(&hour));
        let ends = other.closed_after(1)
            || is_function_word(other.get(1))
            || day::date(other.from(1), reading).is_some();
        (is_hour && ends).then_some(1)
    };
    let clock = written(other).or_else(|| named(other));
    match clock.map(|(more, _)| more).or_else(hour) {
        Some(more) => (
            length + joint + more,
            ParsedTime {
                beside: Some(beside),
                ..said
            },
        ),
        None => (length, said),
    }
}

/// "in the morning", "at night".
fn day_part_alone(words: Words<'_>) -> Option<Match> {
    let lead = words.begin_with_any(phrases::PART_LEADS)?;
    let part = day_part(words.get(lead)).filter(|_| words.get(lead) != "tonight")?;
    let said = ParsedTime::of_part(part);
    let weight = if words.get(lead).starts_with("lunch") {
        Weight::Edge
    } else {
        Weight::Loose
    };
    Some(Match {
        words: lead + 1,
        meaning: Meaning::Time(said),
        weight,
    })
}

/// "9 in the morning", "8 at night".
fn with_day_part(words: Words<'_>, length: usize, said: ParsedTime) -> (usize, ParsedTime) {
    let after = words.from(length);
    let lead = after.skip_any(&["in the", "at"]);
    match day_part(after.get(lead)).filter(|_| lead > 0 && said.open) {
        Some(part) => (length + lead + 1, said.of(part)),
        None => (length, said),
    }
}

/// A time that says of itself that it is one.
fn clock(words: Words<'_>, led: bool) -> Option<(usize, ParsedTime, Weight)> {
    let alone = if led { Weight::Firm } else { Weight::Edge };
    named(words)
        .map(|(length, said)| (length, said, alone))
        .or_else(|| past_or_to(words).map(|(length, said)| (length, said, Weight::Firm)))
        .or_else(|| {
            written(words)
                .filter(|_| led || !takes_a_number(words.before()))
                .map(|(length, said)| (length, said, Weight::Firm))
        })
}

fn named(words: Words<'_>) -> Option<(usize, ParsedTime)> {
    let (length, hour) = words.begin_with_one_of(phrases::NAMED)?;
    Some((length, ParsedTime::sure(hour, 0)?))
}

/// "half past 8", "quarter to 9", "ten past six".
fn past_or_to(words: Words<'_>) -> Option<(usize, ParsedTime)> {
    let article = words.skip_any(&["a"]);
    let said = words.from(article);
    let minutes = match said.get(0) {
        "half" => 30,
        "quarter" => 15,
        other => number(other).filter(|minutes| matches!(minutes, 5 | 10 | 20 | 25))?,
    };
    let before = match said.get(1) {
        "past" | "after" => false,
        "to" | "before" if minutes != 30 => true,
        _ => return None,
    };
    let hour = number(said.get(2)).filter(|hour| (1..=12).contains(hour))?;
    let (length, half) = match meridiem(said.get(3)) {
        Some(half) => (4, Some(half)),
        None => (3, None),
    };
    // "5 to 9" is a working day rather than a time.
    if digits(said.get(0)).is_some() && half.is_none() {
        return None;
    }
    let (hour, minute) = if before {
        ((hour + 11) % 12, 60 - minutes)
    } else {
        (hour % 12, minutes)
    };
    let time = match half {
        Some(half) => ParsedTime::sure(half.of(hour), minute)?,
        None if hour == 0 => ParsedTime::sure(12, minute)?,
        None => ParsedTime::open(hour, minute)?,
    };
    Some((article + length, time))
}

/// `9am`, `9:30 pm`, `17:00`, `8 o'clock`, `9ish`.
fn written(words: Words<'_>) -> Option<(usize, ParsedTime)> {
    let first = words.get(0);
    if let Some(said) = range(first) {
        return Some((1, said));
    }
    if let Some(said) = with_meridiem(first) {
        return Some((1, said));
    }
    if let Some(half) = meridiem(words.get(1)) {
        let (hour, minute) = hour_and_minute(first).or_else(|| Some((number(first)?, 0)))?;
        return Some((2, twelve_hours(hour, minute, half)?));
    }
    if let Some((hour, minute)) = hour_and_minute(first) {
        // "09:00" is how the 24-hour clock writes a morning.
        let said = if first.starts_with('0') {
            ParsedTime::sure(hour, minute)
        } else {
            ParsedTime::open(hour, minute)
        };
        return Some((1, said?));
    }
    if matches!(words.get(1), "o'clock" | "oclock") {
        return Some((2, ParsedTime::open(number(first)?, 0)?));
    }
    let about = first
        .strip_suffix("-ish")
        .or_else(|| first.strip_suffix("ish"))?;
    let (hour, minute) = hour_and_minute(about).or_else(|| Some((digits(about)?, 0)))?;
    Some((1, ParsedTime::open(hour, minute)?))
}

/// `10am-11am`, `10-11am`, `10:00-11:00`.
fn range(word: &str) -> Option<ParsedTime> {
    let (first, last) = word.split_once(['-', '–'])?;
    let half = last.get(last.len().checked_sub(2)?..).and_then(meridiem);
    let end = with_meridiem(last).or_else(|| {
        hour_and_minute(last).and_then(|(hour, minute)| ParsedTime::open(hour, minute))
    })?;
    let begin = with_meridiem(first)
        .or_else(|| {
            let (hour, minute) = hour_and_minute(first)?;
            ParsedTime::open(hour, minute)
        })
        .or_else(|| twelve_hours(digits(first)?, 0, half?))?;
    let is_before = begin.open || end.open || begin.time < end.time;
    is_before.then_some(ParsedTime {
        beside: Some(Beside::End),
        ..begin
    })
}

/// `@9`, `@5pm`.
fn glued_at(words: Words<'_>) -> Option<(usize, ParsedTime, Weight)> {
    let clock = words.get(0).strip_prefix('@')?;
    let said = with_meridiem(clock).or_else(|| {
        let (hour, minute) = hour_and_minute(clock).or_else(|| Some((digits(clock)?, 0)))?;
        ParsedTime::open(hour, minute)
    })?;
    Some((1, said, Weight::Firm))
}

/// "at 9", and "tomorrow 9"; but "at 9 Baker Street" is a place, and "for 2 people" a number.
fn bare_hour(words: Words<'_>, lead: usize) -> Option<(usize, ParsedTime, Weight)> {
    let word = words.get(0);
    let spelt = number(word).filter(|hour| (1..=12).contains(hour) && word.len() > 2);
    let hour = digits(word)
        .filter(|_| word.len() <= 2)
        .or(spelt.filter(|_| lead > 0))?;
    let weight = match words.before() {
        "at" | "@" | "around" | "about" | "exactly" if lead > 0 => Weight::Loose,
        "by" | "before" | "after" | "from" | "than" if lead > 0 => Weight::Edge,
        _ if lead == 0 => Weight::Beside,
        _ => return None,
    };
    Some((1, ParsedTime::open(hour, 0)?, weight))
}

/// An hour where nothing but a time is asked for.
pub fn hour(word: &str) -> Option<ParsedTime> {
    ParsedTime::open(number(word)?, 0)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

impl Half {
    /// The hour of the day, from one of 0 to 11.
    fn of(self, hour: u32) -> u32 {
        match self {
            Self::Morning => hour,
            Self::Afternoon => hour + 12,
        }
    }
}

fn meridiem(word: &str) -> Option<Half> {
    match word {
        "am" | "a.m" | "a.m." => Some(Half::Morning),
        "pm" | "p.m" | "p.m." => Some(Half::Afternoon),
        _ => None,
    }
}

/// `9am`, `9:30pm`, `9.30pm`.
fn with_meridiem(word: &str) -> Option<ParsedTime> {
    let split = word.find(|c: char| c.is_ascii_alphabetic())?;
    let (clock, half) = word.split_at(split);
    let half = meridiem(half)?;
    let (hour, minute) = match clock.split_once([':', '.']) {
        Some((hour, minute)) => clock_digits(hour, minute)?,
        None => (digits(clock)?, 0),
    };
    twelve_hours(hour, minute, half)
}

fn twelve_hours(hour: u32, minute: u32, half: Half) -> Option<ParsedTime> {
    if !(1..=12).contains(&hour) {
        return None;
    }
    ParsedTime::sure(half.of(hour % 12), minute)
}

/// `9:30`, `17:00`, `17h30`.
fn hour_and_minute(word: &str) -> Option<(u32, u32)> {
    let (hour, minute) = word.split_once([':', 'h'])?;
    clock_digits(hour, minute)
}

fn clock_digits(hour: &str, minute: &str) -> Option<(u32, u32)> {
    let minute = digits(minute).filter(|_| minute.len() == 2)?;
    let hour = digits(hour).filter(|_| hour.len() <= 2)?;
    (hour < 24 && minute < 60).then_some((hour, minute))
}
