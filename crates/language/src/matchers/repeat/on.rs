//! The days on which something comes again: "on mon, wed and fri", "on the 1st and 15th", "last friday".

use chrono::Weekday;
use domain::recurrence::Frequency;

use crate::matchers::calendar_date::{day_and_month, nth, nth_weekday};
use crate::phrases::repeat_on as phrases;
use crate::vocabulary::lexicon::{any_weekday, day_ordinal, digits, month};
use crate::vocabulary::recurrence::{RecurrenceDays, WORKDAYS};
use crate::vocabulary::token::Words;

/// What follows "every" itself: "monday and thursday", "24 december", "1st", "last friday (of the month)".
pub(super) fn after_every(words: Words<'_>) -> Option<(usize, Frequency, RecurrenceDays)> {
    if let Some((length, month, day)) = day_and_month(words) {
        return Some((length, Frequency::Yearly, year_day(month, day)?));
    }
    if let Some((length, ordinal, weekday, month)) = nth_weekday_of_a_month(words) {
        return Some((
            length,
            Frequency::Yearly,
            RecurrenceDays::NthWeekdayOf(ordinal, weekday, month),
        ));
    }
    if let Some((length, days)) = weekdays(words) {
        return Some((length, Frequency::Weekly, RecurrenceDays::Weekdays(days)));
    }
    if let Some((length, on)) = in_month(words) {
        let tail = words.from(length).skip_any(phrases::OF_A_MONTH);
        return Some((length + tail, Frequency::Monthly, on));
    }
    let month = month(words.get(0))?;
    Some((1, Frequency::Yearly, year_day(month, 1)?))
}

/// What follows the unit: "(every week) on monday", "(monthly) on the 15th", "(yearly) on 24 december".
pub(super) fn attached(words: Words<'_>, frequency: Frequency) -> Option<(usize, RecurrenceDays)> {
    let lead = words.skip_any(phrases::ATTACHED_LEADS);
    let rest = words.from(lead);
    let (length, on) = match frequency {
        // "Daily monday to friday"; with one day only it could be the first: "every day starting on monday".
        Frequency::Daily => weekdays(rest)
            .filter(|(_, days)| days.len() > 1)
            .map(|(length, days)| (length, RecurrenceDays::Weekdays(days)))?,
        Frequency::Weekly => {
            weekdays(rest).map(|(length, days)| (length, RecurrenceDays::Weekdays(days)))?
        }
        Frequency::Monthly => {
            let (length, on) = in_month(rest)?;
            (
                length + rest.from(length).skip_any(phrases::OF_THE_MONTH),
                on,
            )
        }
        Frequency::Yearly => match nth_weekday_of_a_month(rest) {
            Some((length, ordinal, weekday, month)) => (
                length,
                RecurrenceDays::NthWeekdayOf(ordinal, weekday, month),
            ),
            None => {
                let (length, month, day) = day_and_month(rest)?;
                (length, year_day(month, day)?)
            }
        },
    };
    // "Weekly Monday meeting" is a meeting, "weekly on Monday" a rule.
    (lead > 0 || rest.closed_after(length) || frequency != Frequency::Weekly)
        .then_some((lead + length, on))
}

fn year_day(month: u32, day: u32) -> Option<RecurrenceDays> {
    Some(RecurrenceDays::YearDay(
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    ))
}

/// Most days of a week or month that a list names; more are not read, so that a long text takes no longer a word.
const MOST_DAYS: usize = 7;

/// A list of weekdays: "mon, wed and fri", "mon/wed", "monday to friday", "weekdays", "weekends".
pub(super) fn weekdays(words: Words<'_>) -> Option<(usize, Vec<Weekday>)> {
    let mut days: Vec<Weekday> = Vec::new();
    let mut length = 0;
    for _ in 0..MOST_DAYS {
        let joined = match length {
            0 => 0,
            _ => match words.get(length) {
                "and" | "&" | "or" | "+" => 1,
                // With a comma or without: "mon, wed", "mon wed fri".
                _ => 0,
            },
        };
        let joined = joined + words.from(length + joined).skip_any(&["on", "every"]);
        let Some((more, named)) = one_or_range(words.from(length + joined)) else {
            break;
        };
        days.extend(named);
        length += joined + more;
    }
    days.sort_unstable_by_key(Weekday::num_days_from_monday);
    days.dedup();
    (!days.is_empty()).then_some((length, days))
}

fn one_or_range(words: Words<'_>) -> Option<(usize, Vec<Weekday>)> {
    if let Some(length) = words.begin_with_any(phrases::WORKDAYS) {
        return Some((length, WORKDAYS.to_vec()));
    }
    let word = words.get(0);
    match word {
        "weekday" | "weekdays" | "workday" | "workdays" => return Some((1, WORKDAYS.to_vec())),
        "weekend" | "weekends" => return Some((1, vec![Weekday::Sat, Weekday::Sun])),
        _ => {}
    }
    if let Some(day) = any_weekday(word) {
        if phrases::TO.contains(&words.get(1))
            && let Some(last) = any_weekday(words.get(2))
        {
            return Some((3, range(day, last)));
        }
        return Some((1, vec![day]));
    }
    if let Some((first, last)) = word.split_once(['-', '–']) {
        return Some((1, range(any_weekday(first)?, any_weekday(last)?)));
    }
    let parts = word.split(['/', ',', '&', '+']);
    Some((1, parts.map(any_weekday).collect::<Option<_>>()?))
}

fn range(first: Weekday, last: Weekday) -> Vec<Weekday> {
    let mut days = vec![first];
    let mut day = first;
    while day != last {
        day = day.succ();
        days.push(day);
    }
    days
}

/// Days of a month: "the 1st and 15th", "the last day", "the last friday", "first monday and third monday".
pub(super) fn in_month(words: Words<'_>) -> Option<(usize, RecurrenceDays)> {
    last_or_workday(words)
        .or_else(|| shared_weekday(words))
        .or_else(|| nth_weekdays(words))
        .or_else(|| month_days(words))
}

fn last_or_workday(words: Words<'_>) -> Option<(usize, RecurrenceDays)> {
    let article = words.skip_any(&["the"]);
    let rest = words.from(article);
    // "The end of the quarter" is another day.
    let is_end = rest.get(0) == "end"
        && (rest.closed_after(1)
            || rest.from(1).begin_with("of").is_some()
                && (2..=4).any(|at| rest.get(at) == "month")
            || rest.get(1) != "of");
    let (length, on) = if let Some(length) = rest.begin_with("last day") {
        (length, RecurrenceDays::LastDay)
    } else if is_end {
        (1, RecurrenceDays::LastDay)
    } else if let Some(length) = rest.begin_with_any(&["first day", "1st day"]) {
        (length, RecurrenceDays::MonthDays(vec![1]))
    } else {
        let position = match rest.get(0) {
            "first" | "1st" => 1,
            "last" => -1,
            _ => return None,
        };
        let length = rest.from(1).begin_with_any(phrases::WORKDAY)?;
        (1 + length, RecurrenceDays::Workday(position))
    };
    Some((article + length, on))
}

/// "the 2nd and 4th tuesday".
fn shared_weekday(words: Words<'_>) -> Option<(usize, RecurrenceDays)> {
    let article = words.skip_any(&["the"]);
    let rest = words.from(article);
    let and = rest.from(1).begin_with_any(&["and", "and the"])?;
    let day = any_weekday(rest.get(2 + and))?;
    let days = [rest.get(0), rest.get(1 + and)].map(|word| Some((nth(word)?, day)));
    Some((
        article + 3 + and,
        RecurrenceDays::NthWeekdays(days.into_iter().collect::<Option<_>>()?),
    ))
}

fn nth_weekdays(words: Words<'_>) -> Option<(usize, RecurrenceDays)> {
    let mut days = Vec::new();
    let mut length = 0;
    for _ in 0..MOST_DAYS {
        let and = if length > 0 {
            words.from(length).skip_any(&["and"])
        } else {
            0
        };
        let Some((more, ordinal, day)) = nth_weekday(words.from(length + and)) else {
            break;
        };
        if length > 0 && and == 0 && !words.closed_after(length) {
            break;
        }
        days.push((ordinal, day));
        length += and + more;
    }
    (!days.is_empty()).then_some((length, RecurrenceDays::NthWeekdays(days)))
}

/// "the last thursday of november", "the second sunday in may".
fn nth_weekday_of_a_month(words: Words<'_>) -> Option<(usize, i8, Weekday, u8)> {
    let (length, nth, day) = nth_weekday(words)?;
    let of = words.from(length).begin_with_any(&["of", "in"])?;
    let month = month(words.get(length + of))?;
    Some((length + of + 1, nth, day, u8::try_from(month).ok()?))
}

/// "the 1st", "the 1st and 15th", "1st, 10th and 20th", "day 5".
fn month_days(words: Words<'_>) -> Option<(usize, RecurrenceDays)> {
    let day = words
        .begin_with_any(&["day", "the day"])
        .and_then(|lead| Some((lead + 1, digits(words.get(lead))?)));
    if let Some((length, day)) = day.filter(|(_, day)| (1..=31).contains(day)) {
        return Some((
            length,
            RecurrenceDays::MonthDays(vec![u8::try_from(day).ok()?]),
        ));
    }
    let mut days = Vec::new();
    let mut length = 0;
    for _ in 0..MOST_DAYS {
        let joint = if length > 0 {
            words.from(length).skip_any(&["and", "&", "and on"])
        } else {
            0
        };
        let the = joint + words.from(length + joint).skip_any(&["the", "on the"]);
        if length > 0 && joint == 0 && !words.closed_after(length) {
            break;
        }
        let Some(day) = day_ordinal(words.get(length + the)) else {
            break;
        };
        days.push(u8::try_from(day).ok()?);
        length += the + 1;
    }
    (!days.is_empty()).then_some((length, RecurrenceDays::MonthDays(days)))
}
