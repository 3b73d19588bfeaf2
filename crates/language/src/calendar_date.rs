//! Dates by their number: "March 3rd", "on the 15th", "24.12.", "2026-12-24".

use chrono::{Datelike, NaiveDate};
use domain::zone::Tz;

use crate::calendar::{first_of_month, last_of_month, plus_days};
use crate::day::{Found, Said};
use crate::lexicon::{day_ordinal, digits, is_ambiguous_month, month, takes_a_number};
use crate::scan::{Reading, Weight};
use crate::token::Words;

/// "march 3", "3 march", "the 3rd of march 2027", "the 15th", "end of june", "in june", "christmas".
pub(crate) fn written(words: Words<'_>, reading: &Reading, led: bool) -> Option<Found> {
    month_and_day(words, reading)
        .or_else(|| part_of_month(words, reading, led))
        .or_else(|| day_of_month(words, reading, led))
        .or_else(|| holiday(words, reading, led))
}

/// Day and month, in either order: how many words, month and day. Recurrences are anchored by it too.
pub(crate) fn day_and_month(words: Words<'_>) -> Option<(usize, u32, u32)> {
    let article = words.skip_any(&["the"]);
    let rest = words.from(article);
    let day = |word: &str| {
        day_ordinal(word)
            .or_else(|| digits(word).filter(|_| word.len() <= 2))
            .filter(|day| (1..=31).contains(day))
    };
    if let Some(number) = month(rest.get(0)) {
        let the = rest.from(1).skip_any(&["the"]);
        return Some((article + 2 + the, number, day(rest.get(1 + the))?));
    }
    let number = day(rest.get(0))?;
    let of = rest.from(1).skip_any(&["of"]);
    Some((article + 2 + of, month(rest.get(1 + of))?, number))
}

fn month_and_day(words: Words<'_>, reading: &Reading) -> Option<Found> {
    let (length, month, day) = day_and_month(words)?;
    // "may 2 people come?" asks; "May 2" and "2 may" are dates.
    let first = words.token(0)?;
    let weak = is_ambiguous_month(&first.word) && !first.capital;
    let weight = if weak { Weight::Loose } else { Weight::Firm };
    if let Some(year) = digits(words.get(length)).filter(|year| (1_900..=2_199).contains(year)) {
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        return Some((length + 1, Said::on(date), Weight::Firm));
    }
    Some((
        length,
        Said::on(next_month_day(reading.today(), month, day)?),
        weight,
    ))
}

/// "end of june", "beginning of march", and "in june", which is its first day.
fn part_of_month(words: Words<'_>, reading: &Reading, led: bool) -> Option<Found> {
    const ENDS: &[&str] = &["end of", "the end of", "late", "the last day of"];
    const STARTS: &[&str] = &[
        "start of",
        "the start of",
        "beginning of",
        "the beginning of",
        "early",
        "first of",
    ];
    let today = reading.today();
    if let Some(lead) = words.begin_with_any(ENDS) {
        let first = next_month_first(words.get(lead), today, true)?;
        return Some((lead + 1, Said::on(last_of_month(first, 0)?), Weight::Firm));
    }
    let lead = words.skip_any(STARTS).max(words.skip_any(&["mid"]));
    if lead > 0 {
        let first = next_month_first(words.get(lead), today, false)?;
        let middle = if words.get(0) == "mid" {
            plus_days(first, 14)?
        } else {
            first
        };
        return Some((lead + 1, Said::on(middle), Weight::Firm));
    }
    // "In June" and "by June", but "for June" and "from June" speak of somebody or something else.
    let lead = words.skip_any(&["in", "early in"]);
    let by = led && matches!(words.before(), "by" | "before" | "until" | "in" | "due");
    if lead == 0 && !by {
        return None;
    }
    let said = Said {
        doubtful: true,
        ..Said::on(next_month_first(words.get(lead), today, false)?)
    };
    let year = digits(words.get(lead + 1)).filter(|year| (2_000..=2_199).contains(year));
    match year.and_then(|year| i32::try_from(year).ok()) {
        Some(year) => Some((
            lead + 2,
            Said {
                date: said.date.with_year(year)?,
                ..said
            },
            Weight::Edge,
        )),
        None => Some((lead + 1, said, Weight::Edge)),
    }
}

/// The first of the next such month; of this month when it may have begun.
fn next_month_first(name: &str, today: NaiveDate, begun: bool) -> Option<NaiveDate> {
    let number = month(name)?;
    let first = NaiveDate::from_ymd_opt(today.year(), number, 1)?;
    let over = if begun {
        last_of_month(first, 0)? < today
    } else {
        first < today
    };
    if over {
        first.with_year(today.year() + 1)
    } else {
        Some(first)
    }
}

/// "the 15th", "the 1st of the month", "the last day of the month".
fn day_of_month(words: Words<'_>, reading: &Reading, led: bool) -> Option<Found> {
    let today = reading.today();
    if let Some(length) =
        words.begin_with_any(&["the last day of the month", "last day of the month"])
    {
        return Some((length, Said::on(last_of_month(today, 0)?), Weight::Firm));
    }
    let article = words.skip_any(&["the"]);
    let day = day_ordinal(words.get(article))?;
    let tail = words.from(article + 1);
    if let Some(of) = tail.begin_with_any(&["of next month", "next month"]) {
        let date = first_of_month(today, 1)?.with_day(day)?;
        return Some((article + 1 + of, Said::on(date), Weight::Firm));
    }
    let of = tail.skip_any(&["of the month", "of this month"]);
    // Without a preposition "the 2nd" is the second of anything.
    if !led && of == 0 {
        return None;
    }
    let weight = if of > 0 { Weight::Firm } else { Weight::Loose };
    let else_date = next_day_of_month(plus_days(today, 1)?, day);
    let said = Said {
        else_date,
        ..Said::on(next_day_of_month(today, day)?)
    };
    Some((article + 1 + of, said, weight))
}

/// Days that everybody knows by name. "Presents for Christmas" are not due then, "by Christmas" they are.
fn holiday(words: Words<'_>, reading: &Reading, led: bool) -> Option<Found> {
    const DAYS: [(&str, u32, u32); 8] = [
        ("christmas", 12, 25),
        ("christmas day", 12, 25),
        ("christmas eve", 12, 24),
        ("new year's eve", 12, 31),
        ("new year's day", 1, 1),
        ("new year", 1, 1),
        ("valentine's day", 2, 14),
        ("halloween", 10, 31),
    ];
    if !led || words.before() == "for" || words.before() == "from" {
        return None;
    }
    let (length, month, day) = DAYS
        .iter()
        .filter_map(|(name, month, day)| Some((words.begin_with(name)?, *month, *day)))
        .max_by_key(|(length, ..)| *length)?;
    Some((
        length,
        Said::on(next_month_day(reading.today(), month, day)?),
        Weight::Loose,
    ))
}

/// `2026-12-24`, `24.12.2026`, `24.12.`, `12/24`, `12/24/2026`.
pub(crate) fn numeric(words: Words<'_>, reading: &Reading, led: bool) -> Option<Found> {
    let token = words.token(0)?;
    let word = words.get(0);
    if !led && takes_a_number(words.before()) {
        return None;
    }
    if word.len() == 10 && word.as_bytes()[4] == b'-' {
        let date = word
            .parse()
            .ok()
            .filter(|date: &NaiveDate| date.year() > 1_900)?;
        return Some((1, Said::on(date), Weight::Firm));
    }
    let separator = if word.contains('/') { '/' } else { '.' };
    let parts: Vec<u32> = word
        .splitn(4, separator)
        .map(digits)
        .collect::<Option<_>>()?;
    let (&[first, second] | &[first, second, _]) = parts.as_slice() else {
        return None;
    };
    let month_first =
        separator == '/' && (second > 12 || (first <= 12 && writes_month_first(reading.zone())));
    let (day, month) = if month_first {
        (second, first)
    } else {
        (first, second)
    };
    let doubtful = separator == '/' && first <= 12 && second <= 12 && first != second;
    if let Some(&year) = parts.get(2) {
        let year = if year < 100 { 2_000 + year } else { year };
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let sensible = (1_900..=9_999).contains(&year);
        return sensible.then_some((
            1,
            Said {
                doubtful,
                ..Said::on(date)
            },
            Weight::Firm,
        ));
    }
    let weight = match separator {
        _ if word == "24/7" || words.get(1) == "of" => return None,
        _ if led => Weight::Firm,
        '/' => Weight::Apart,
        // "2.1" is a version or a price; "2.1." is the second of January.
        _ if token.dotted => Weight::Loose,
        _ => return None,
    };
    let date = next_month_day(reading.today(), month, day)?;
    Some((
        1,
        Said {
            doubtful,
            ..Said::on(date)
        },
        weight,
    ))
}

/// Whether people there write `12/24` for Christmas Eve. Where both readings are possible the answer names the date.
fn writes_month_first(zone: Tz) -> bool {
    const ELSEWHERE: &[&str] = &[
        "Argentina",
        "Sao_Paulo",
        "Bogota",
        "Lima",
        "Santiago",
        "Mexico",
        "Caracas",
        "Montevideo",
        "La_Paz",
    ];
    let name = zone.name();
    (name.starts_with("America/") || name.starts_with("US/") || name == "Pacific/Honolulu")
        && !ELSEWHERE.iter().any(|place| name.contains(place))
}

/// The first such day from `today` on, within four months.
fn next_day_of_month(today: NaiveDate, day: u32) -> Option<NaiveDate> {
    (0..4)
        .filter_map(|ahead| first_of_month(today, ahead)?.with_day(day))
        .find(|date| *date >= today)
}

/// The first such day from `today` on; the 29th of February within eight years.
fn next_month_day(today: NaiveDate, month: u32, day: u32) -> Option<NaiveDate> {
    (0..9)
        .filter_map(|ahead| NaiveDate::from_ymd_opt(today.year() + ahead, month, day))
        .find(|date| *date >= today)
}
