//! Dates by their number: "March 3rd", "on the 15th", "24.12.", "2026-12-24".

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc, Weekday};
use domain::zone::{self, Tz};

use crate::phrases::calendar_date as phrases;
use crate::vocabulary::calendar::{
    first_of_month, last_of_month, on_or_after, on_or_before, plus_days,
};
use crate::vocabulary::context::Reading;
use crate::vocabulary::date::{DateMatch, ParsedDate};
use crate::vocabulary::lexicon::{
    any_weekday, day_ordinal, digits, is_ambiguous_month, month, ordinal, spelt_day,
    takes_a_number, year,
};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// "march 3", "3 march", "the 3rd of march 2027", "the 15th", "end of june", "in june", "christmas".
pub fn written(words: Words<'_>, reading: &Reading, led: bool) -> Option<DateMatch> {
    month_and_day(words, reading)
        .or_else(|| weekday_of_month(words, reading))
        .or_else(|| part_of_month(words, reading, led))
        .or_else(|| day_of_month(words, reading, led))
        .or_else(|| holiday(words, reading, led))
}

/// Day and month, in either order: how many words, month and day. Recurrences are anchored by it too.
pub fn day_and_month(words: Words<'_>) -> Option<(usize, u32, u32)> {
    let article = words.skip_any(&["the"]);
    let rest = words.from(article);
    let day = |words: Words<'_>| {
        let word = words.get(0);
        day_ordinal(word)
            .or_else(|| digits(word).filter(|_| word.len() <= 2))
            .filter(|day| (1..=31).contains(day))
            .map(|day| (1, day))
            .or_else(|| spelt_day(word, words.get(1)))
    };
    if let Some(number) = month(rest.get(0)) {
        let the = rest.from(1).skip_any(&["the"]);
        let (length, day) = day(rest.from(1 + the))?;
        return Some((article + 1 + length + the, number, day));
    }
    let (length, number) = day(rest)?;
    let of = rest.from(length).skip_any(&["of"]);
    // "The second march on Washington" is no day of March.
    let is_spelt = !rest.get(0).starts_with(|c: char| c.is_ascii_digit());
    let month =
        month(rest.get(length + of)).filter(|_| of > 0 || !is_spelt || rest.get(0) == "first")?;
    Some((article + length + 1 + of, month, number))
}

fn month_and_day(words: Words<'_>, reading: &Reading) -> Option<DateMatch> {
    let (length, month, day) = day_and_month(words)?;
    // "may 2 people come?" asks; "May 2" and "2 may" are dates.
    let mut said = (0..length).filter_map(|at| words.token(at));
    let weak = said.any(|token| is_ambiguous_month(&token.word) && !token.capital);
    let weight = if weak { Weight::Loose } else { Weight::Firm };
    if let Some(year) = digits(words.get(length)).filter(|year| (1_900..=2_199).contains(year)) {
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        return Some((length + 1, ParsedDate::on(date), Weight::Firm));
    }
    Some((
        length,
        ParsedDate::on(next_month_day(reading.today(), month, day)?),
        weight,
    ))
}

/// "the last thursday": how many words, the number (-1 is the last) and the day. Recurrences have it too.
pub fn nth_weekday(words: Words<'_>) -> Option<(usize, i8, Weekday)> {
    let article = words.skip_any(&["the"]);
    Some((
        article + 2,
        nth(words.get(article))?,
        any_weekday(words.get(article + 1))?,
    ))
}

/// "first" to "fifth", and "last".
pub fn nth(word: &str) -> Option<i8> {
    match word {
        "last" => Some(-1),
        word => i8::try_from(ordinal(word).filter(|nth| (1..=5).contains(nth))?).ok(),
    }
}

/// "the first monday of february 2027", "last friday in march", "the 2nd tuesday of next month".
fn weekday_of_month(words: Words<'_>, reading: &Reading) -> Option<DateMatch> {
    let (length, nth, day) = nth_weekday(words)?;
    let of = words.from(length).begin_with_any(&["of", "in"])?;
    let rest = words.from(length + of);
    let today = reading.today();
    let in_month = |first: NaiveDate| match nth {
        -1 => Some(on_or_before(last_of_month(first, 0)?, day)),
        nth => plus_days(on_or_after(first, day), 7 * (u64::try_from(nth).ok()? - 1))
            .filter(|date| date.month() == first.month()),
    };
    let (more, date) = if let Some(more) = rest.begin_with("next month") {
        (more, in_month(first_of_month(today, 1)?)?)
    } else if let Some(more) = rest.begin_with_any(&["this month", "the month"]) {
        (more, in_month(first_of_month(today, 0)?)?)
    } else {
        let (more, first) = month_and_year(rest, today, true)?;
        let date = in_month(first)?;
        let is_past = date < today && year(rest.get(more - 1)).is_none();
        (
            more,
            if is_past {
                in_month(first.with_year(first.year() + 1)?)?
            } else {
                date
            },
        )
    };
    Some((length + of + more, ParsedDate::on(date), Weight::Firm))
}

/// "february 2027", "february": how many words, and its first day; of the next such month where no year is said.
fn month_and_year(words: Words<'_>, today: NaiveDate, begun: bool) -> Option<(usize, NaiveDate)> {
    let number = month(words.get(0))?;
    match year(words.get(1)) {
        Some(year) => Some((2, NaiveDate::from_ymd_opt(year, number, 1)?)),
        None => Some((1, next_month_first(words.get(0), today, begun)?)),
    }
}

/// "end of june", "beginning of march 2028", and "in june", which is its first day.
fn part_of_month(words: Words<'_>, reading: &Reading, led: bool) -> Option<DateMatch> {
    let today = reading.today();
    if let Some(lead) = words.begin_with_any(phrases::END_OF) {
        let (length, first) = month_and_year(words.from(lead), today, true)?;
        let said = ParsedDate::on(last_of_month(first, 0)?);
        return Some((lead + length, said, Weight::Firm));
    }
    let lead = words
        .skip_any(phrases::START_OF)
        .max(words.skip_any(&["mid"]));
    if lead > 0 {
        let (length, first) = month_and_year(words.from(lead), today, false)?;
        let middle = if words.get(0) == "mid" {
            plus_days(first, 14)?
        } else {
            first
        };
        return Some((lead + length, ParsedDate::on(middle), Weight::Firm));
    }
    // "In June" and "by June", but "for June" and "from June" speak of somebody or something else.
    let lead = words.skip_any(&["in", "early in"]);
    let by = led && phrases::BEFORE_A_MONTH.contains(&words.before());
    if lead == 0 && !by {
        return None;
    }
    let (length, first) = month_and_year(words.from(lead), today, false)?;
    let said = ParsedDate {
        doubtful: true,
        ..ParsedDate::on(first)
    };
    Some((lead + length, said, Weight::Edge))
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
fn day_of_month(words: Words<'_>, reading: &Reading, led: bool) -> Option<DateMatch> {
    let today = reading.today();
    if let Some(length) = words.begin_with_any(phrases::LAST_DAY) {
        return Some((
            length,
            ParsedDate::on(last_of_month(today, 0)?),
            Weight::Firm,
        ));
    }
    let article = words.skip_any(&["the"]);
    let day = day_ordinal(words.get(article))?;
    let tail = words.from(article + 1);
    if let Some(of) = tail.begin_with_any(&["of next month", "next month"]) {
        let date = first_of_month(today, 1)?.with_day(day)?;
        return Some((article + 1 + of, ParsedDate::on(date), Weight::Firm));
    }
    let of = tail.skip_any(&["of the month", "of this month"]);
    // Without a preposition "the 2nd" is the second of anything.
    if !led && of == 0 {
        return None;
    }
    let weight = if of > 0 { Weight::Firm } else { Weight::Loose };
    let else_date = next_day_of_month(plus_days(today, 1)?, day);
    let said = ParsedDate {
        else_date,
        ..ParsedDate::on(next_day_of_month(today, day)?)
    };
    Some((article + 1 + of, said, weight))
}

/// Days that everybody knows by name. "Presents for Christmas" are not due then, "by Christmas" they are.
fn holiday(words: Words<'_>, reading: &Reading, led: bool) -> Option<DateMatch> {
    if !led || words.before() == "for" || words.before() == "from" {
        return None;
    }
    let (length, (month, day)) = words.begin_with_one_of(phrases::HOLIDAYS)?;
    Some((
        length,
        ParsedDate::on(next_month_day(reading.today(), month, day)?),
        Weight::Loose,
    ))
}

/// `2026-12-24`, `24.12.2026`, `24.12.`, `12/24`, `12/24/2026`.
pub fn numeric(words: Words<'_>, reading: &Reading, led: bool) -> Option<DateMatch> {
    let token = words.token(0)?;
    let word = words.get(0);
    if !led && takes_a_number(words.before()) {
        return None;
    }
    if let Some(said) = instant(word, reading) {
        return Some((1, said, Weight::Firm));
    }
    if word.len() == 10 && word.as_bytes()[4] == b'-' {
        let date = word
            .parse()
            .ok()
            .filter(|date: &NaiveDate| date.year() > 1_900)?;
        return Some((1, ParsedDate::on(date), Weight::Firm));
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
            ParsedDate {
                doubtful,
                ..ParsedDate::on(date)
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
        ParsedDate {
            doubtful,
            ..ParsedDate::on(date)
        },
        weight,
    ))
}

/// `2026-12-01T09:00`, and `2026-12-01T08:00Z`, which is an instant whatever the person's clocks show.
fn instant(word: &str, reading: &Reading) -> Option<ParsedDate> {
    if word.len() < 16 || word.as_bytes()[10] != b't' {
        return None;
    }
    let word = word.to_uppercase();
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let sensible = |wall: NaiveDateTime| (1_901..=9_999).contains(&wall.year()).then_some(wall);
    if let Some(wall) = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&word, form).ok())
    {
        let wall = sensible(wall)?;
        return Some(ParsedDate {
            time: wall.time().with_second(0),
            ..ParsedDate::on(wall.date())
        });
    }
    let zoned = word
        .strip_suffix('Z')
        .map_or(word.clone(), |bare| format!("{bare}+00:00"));
    let with_offset = |form: &&str| DateTime::parse_from_str(&zoned, &format!("{form}%:z")).ok();
    let exact = forms.iter().find_map(with_offset)?.with_timezone(&Utc);
    let wall = sensible(zone::local(exact, reading.zone()))?;
    Some(ParsedDate {
        time: wall.time().with_second(0),
        exact: Some(exact),
        ..ParsedDate::on(wall.date())
    })
}

/// Whether people there write `12/24` for Christmas Eve. Where both readings are possible the answer names the date.
fn writes_month_first(zone: Tz) -> bool {
    let name = zone.name();
    (name.starts_with("America/") || name.starts_with("US/") || name == "Pacific/Honolulu")
        && !phrases::DAY_FIRST_PLACES
            .iter()
            .any(|place| name.contains(place))
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

/// A date that no calendar has, at the beginning of `words`: "february 30", "the 31st of april 2027", `2027-02-30`. How many
/// words it has.
pub fn impossible(words: Words<'_>) -> Option<usize> {
    let exists = |year: Option<i32>, month: u32, day: u32| {
        // Without a year it may be a leap year.
        NaiveDate::from_ymd_opt(year.unwrap_or(2_024), month, day).is_some()
    };
    if let Some((length, month, day)) = day_and_month(words) {
        let said = year(words.get(length));
        return (!exists(said, month, day)).then_some(length + usize::from(said.is_some()));
    }
    let mut parts: Vec<&str> = words.get(0).split(['-', '.']).collect();
    if words.get(0).contains('.') {
        parts.reverse();
    }
    let &[written_year, month, day] = parts.as_slice() else {
        return None;
    };
    let said = year(written_year)?;
    let (month, day) = (digits(month)?, digits(day)?);
    let looks_like_one = (1..=12).contains(&month) && (1..=31).contains(&day);
    (looks_like_one && !exists(Some(said), month, day)).then_some(1)
}
