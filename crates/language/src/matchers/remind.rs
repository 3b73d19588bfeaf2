//! Reminders: "10 minutes before", "remind me at 8".

use domain::reminder::MAX_MINUTES_BEFORE;
use domain::task::MAX_REMINDERS;

use crate::matchers::{amount, clock, day};
use crate::phrases::remind as phrases;
use crate::vocabulary::amount::Amounts;
use crate::vocabulary::context::Reading;
use crate::vocabulary::date::ParsedDate;
use crate::vocabulary::lexicon::{day_part, digits, number};
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::reminder::ParsedReminder;
use crate::vocabulary::time::ParsedTime;
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// A reminder at the beginning of `words`.
pub fn reminder(words: Words<'_>, reading: &Reading) -> Option<Match> {
    let lead = words.skip_any(phrases::LEADS);
    let rest = words.from(lead);
    if let Some((length, days, time)) = on_a_day_before(rest, reading).filter(|_| lead > 0) {
        return Some(Match {
            words: lead + length,
            meaning: Meaning::Reminder(ParsedReminder::DaysBefore(days, time)),
            weight: Weight::Firm,
        });
    }
    if let Some((length, minutes)) = before_due(rest) {
        let weight = if lead > 0 { Weight::Firm } else { Weight::Edge };
        return Some(Match {
            words: lead + length,
            meaning: Meaning::Reminder(ParsedReminder::Before(minutes)),
            weight,
        });
    }
    let (length, date, time) = moment(rest, reading).filter(|_| lead > 0)?;
    Some(Match {
        words: lead + length,
        meaning: Meaning::Reminder(ParsedReminder::At { date, time }),
        weight: Weight::Firm,
    })
}

/// "two days before at 9am", "the evening before", "the night before at 8".
fn on_a_day_before(words: Words<'_>, reading: &Reading) -> Option<(usize, u32, ParsedTime)> {
    const DAY: u32 = 24 * 60;
    let part = day_part(words.get(1)).filter(|_| words.get(0) == "the" && words.get(2) == "before");
    let (length, days) = match part {
        Some(_) => (3, 1),
        None => match before_due(words)? {
            (length, minutes) if minutes.len() == 1 && minutes[0] % DAY == 0 => {
                (length, minutes[0] / DAY)
            }
            _ => return None,
        },
    };
    match (clock::time(words.from(length), reading), part) {
        (
            Some(Match {
                words: more,
                meaning: Meaning::Time(time),
                ..
            }),
            part,
        ) => {
            let time = part.map_or(time, |part| time.of(part));
            Some((length + more, days, time))
        }
        (_, Some(part)) => Some((length, days, ParsedTime::of_part(part))),
        _ => None,
    }
}

/// "10 minutes before", "1 day and 1 hour before", "the day before".
fn before_due(words: Words<'_>) -> Option<(usize, Vec<u32>)> {
    let mut length = 0;
    let mut minutes: Vec<u32> = Vec::new();
    // "5, 10 and 15 minutes before": the first ones have the unit of the last.
    let mut counts = 0;
    while counts < MAX_REMINDERS && is_one_of_many(words.from(counts)) {
        counts += 1;
    }
    if counts > 0 {
        let and = words.from(counts).skip_any(&["and"]);
        let (more, last) = unit_of(words.from(counts + and))?;
        let tail = words
            .from(counts + and + more)
            .begin_with_any(phrases::BEFORE_DUE)?;
        for at in 0..counts {
            minutes.push(number(words.get(at))?.checked_mul(last)?);
        }
        minutes.push(number(words.get(counts + and))?.checked_mul(last)?);
        minutes.sort_unstable();
        minutes.dedup();
        let sensible = minutes.iter().all(|minutes| *minutes <= MAX_MINUTES_BEFORE);
        return sensible.then_some((counts + and + more + tail, minutes));
    }
    for _ in 0..MAX_REMINDERS {
        let the = words.from(length).skip_any(&["the", "and the", "and"]);
        let here = words.from(length + the);
        let (more, amounts) = match here.get(0) {
            "day" if the > 0 => (
                1,
                Amounts {
                    days: 1,
                    ..Default::default()
                },
            ),
            "week" if the > 0 => (
                1,
                Amounts {
                    days: 7,
                    ..Default::default()
                },
            ),
            _ => amount::one(here)?,
        };
        let one = amounts
            .as_minutes()
            .filter(|minutes| *minutes <= MAX_MINUTES_BEFORE)?;
        match minutes.last_mut() {
            // "An hour and 30 minutes" is one amount, "a day and an hour" are two.
            Some(hours) if *hours < 24 * 60 && *hours % 60 == 0 && one < 60 => *hours += one,
            _ => minutes.push(one),
        }
        length += the + more;
        if let Some(tail) = words.from(length).begin_with_any(phrases::BEFORE_DUE) {
            minutes.sort_unstable();
            minutes.dedup();
            return Some((length + tail, minutes));
        }
    }
    None
}

/// The "5," of "5, 10 and 15 minutes", the "1 and" of "1 and 2 hours".
fn is_one_of_many(words: Words<'_>) -> bool {
    let goes_on = |at: usize| number(words.get(at)).is_some();
    let and = usize::from(words.get(1) == "and");
    let is_joined = and > 0 || words.closed_after(1);
    is_joined && digits(words.get(0)).is_some() && goes_on(1 + and)
}

/// "15 minutes": how many words, and how many minutes one of them has.
fn unit_of(words: Words<'_>) -> Option<(usize, u32)> {
    let count = number(words.get(0)).filter(|count| *count > 0)?;
    let (length, amounts) = amount::one(words)?;
    Some((length, amounts.as_minutes()? / count)).filter(|_| length == 2)
}

/// A date and a time in either order, or one of them.
pub fn moment(
    words: Words<'_>,
    reading: &Reading,
) -> Option<(usize, Option<ParsedDate>, Option<ParsedTime>)> {
    let mut length = 0;
    let (mut date, mut time) = (None, None);
    while let Some(found) = day::date(words.from(length), reading)
        .filter(|_| date.is_none())
        .or_else(|| clock::time(words.from(length), reading).filter(|_| time.is_none()))
    {
        if found.weight == Weight::Beside && date.is_none() {
            break;
        }
        match found.meaning {
            Meaning::Date(said) => date = Some(said),
            Meaning::Time(said) => time = Some(said),
            _ => break,
        }
        length += found.words;
        if date.is_some() && time.is_some() {
            break;
        }
    }
    (length > 0).then_some((length, date, time))
}
