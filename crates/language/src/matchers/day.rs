//! Dates.

use chrono::{Datelike, Duration, NaiveDate, Weekday};
use domain::{limits, zone};

use crate::matchers::{amount, calendar_date};
use crate::phrases::day as phrases;
use crate::vocabulary::amount::Amounts;
use crate::vocabulary::calendar::{
    Week, first_of_month, last_of_month, on_or_after, plus, plus_days, weekend,
};
use crate::vocabulary::context::Reading;
use crate::vocabulary::date::{DateMatch, Lead, NamedDay, ParsedDate};
use crate::vocabulary::lexicon::{day_part, is_ambiguous_weekday, month, weekday};
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

type Form = fn(Words<'_>, &Reading, bool) -> Option<DateMatch>;

/// Whatever says a date, the ones that need more words first.
const FORMS: [Form; 9] = [
    week_after,
    weekday_of_week,
    relative,
    ahead_of_now,
    weekday_and_date,
    weekday_ahead,
    calendar_date::written,
    weekday_alone,
    calendar_date::numeric,
];

/// A date at the beginning of `words`.
pub fn date(words: Words<'_>, reading: &Reading) -> Option<Match> {
    let (lead_length, lead) = words
        .begin_with_one_of(phrases::LEADS)
        .unwrap_or((0, Lead::Plain));
    // "About June 3rd" is what is spoken of, not when.
    if lead_length == 0 && phrases::SPEAKING_OF.contains(&words.before()) {
        return None;
    }
    let (length, said, weight) = bare(words.from(lead_length), reading, lead_length > 0)?;
    // "Tickets for the 5 may concert".
    let is_of_a_thing = lead_length == 0 && matches!(words.before(), "for" | "the");
    let weight = if lead == Lead::For || is_of_a_thing {
        weight.min(Weight::Loose)
    } else {
        weight
    };
    Some(Match {
        words: lead_length + length,
        meaning: Meaning::Date(ParsedDate { lead, ..said }),
        weight,
    })
}

/// A date without a preposition; `led` says that there is one before it.
pub fn bare(words: Words<'_>, reading: &Reading, led: bool) -> Option<DateMatch> {
    let (length, said, weight) = FORMS.iter().find_map(|form| form(words, reading, led))?;
    let (length, said) = with_day_part(words, length, said);
    Some((length, said, weight))
}

fn with_day_part(words: Words<'_>, length: usize, said: ParsedDate) -> (usize, ParsedDate) {
    let after = words.from(length);
    let lead = after.skip_any(&["in the", "at"]);
    match day_part(after.get(lead)).filter(|_| after.get(lead) != "tonight" && said.part.is_none())
    {
        Some(part) => (
            length + lead + 1,
            ParsedDate {
                part: Some(part),
                ..said
            },
        ),
        None => (length, said),
    }
}

/// "today", "tonight", "next week", "end of month".
fn relative(words: Words<'_>, reading: &Reading, _: bool) -> Option<DateMatch> {
    let today = reading.today();
    let (length, name) = words.begin_with_one_of(phrases::DAYS)?;
    let date = named(name, today, Week::of(today, reading.week_start()))?;
    let part = match name {
        NamedDay::ThisMorning => day_part("morning"),
        NamedDay::ThisAfternoon => day_part("afternoon"),
        NamedDay::ThisEvening => day_part("evening"),
        NamedDay::Tonight => day_part("night"),
        _ => None,
    };
    let else_date = (date == today).then(|| plus_days(today, 1)).flatten();
    Some((
        length,
        ParsedDate {
            part,
            else_date,
            ..ParsedDate::on(date)
        },
        Weight::Firm,
    ))
}

fn named(name: NamedDay, today: NaiveDate, week: Week) -> Option<NaiveDate> {
    match name {
        NamedDay::Today
        | NamedDay::ThisMorning
        | NamedDay::ThisAfternoon
        | NamedDay::ThisEvening
        | NamedDay::Tonight => Some(today),
        NamedDay::Tomorrow => plus_days(today, 1),
        NamedDay::DayAfterTomorrow => plus_days(today, 2),
        NamedDay::EndOfWeek => week.end_of_work(today),
        NamedDay::NextWeek => Some(week.next()?.day(Weekday::Mon)),
        NamedDay::WeekAfterNext => Some(week.next()?.next()?.day(Weekday::Mon)),
        NamedDay::Weekend => Some(weekend(today)),
        NamedDay::NextWeekend => plus_days(weekend(today), 7),
        NamedDay::StartOfNextMonth => first_of_month(today, 1),
        NamedDay::EndOfMonth => last_of_month(today, 0),
        NamedDay::EndOfNextMonth => last_of_month(today, 1),
        NamedDay::NextYear => NaiveDate::from_ymd_opt(today.year() + 1, 1, 1),
        NamedDay::EndOfYear => NaiveDate::from_ymd_opt(today.year(), 12, 31),
        NamedDay::EndOfQuarter => last_of_month(today, 2 - today.month0() % 3),
        NamedDay::NextQuarter => first_of_month(today, 3 - today.month0() % 3),
    }
}

/// "in 3 days", "2 weeks from now", "in an hour", "a week from monday".
fn ahead_of_now(words: Words<'_>, reading: &Reading, _: bool) -> Option<DateMatch> {
    let lead = words.skip_any(phrases::AHEAD_LEADS);
    let (length, amounts) = amount::sum(words.from(lead))?;
    let after = words.from(lead + length);
    let mut tail = after.skip_any(&["from now", "from today"]);
    // "In 2 weeks from friday".
    let is_from = tail == 0 && lead > 0 && after.get(0) == "from" && !amounts.has_time();
    if let Some((more, base)) = is_from.then(|| from_another_day(after, reading)).flatten() {
        let date = plus(base, amounts.months, amounts.days)?;
        return Some((lead + length + more, ParsedDate::on(date), Weight::Firm));
    }
    if lead > 0 {
        tail = tail.max(after.skip_any(&["time"]));
    }
    if lead == 0 && tail == 0 {
        // The week of "3 times a week on monday" is none to count from.
        if phrases::TIMES_A.contains(&words.before()) || words.before().ends_with('x') {
            return None;
        }
        let (base_length, base) = from_another_day(after, reading)?;
        let date = plus(base, amounts.months, amounts.days)?;
        return (!amounts.has_time())
            .then(|| (length + base_length, ParsedDate::on(date), Weight::Firm));
    }
    // "In two weeks on monday" is a day of that week.
    let are_weeks = !amounts.has_time() && amounts.months == 0 && amounts.days % 7 == 0;
    let day = after.begin_with("on").and_then(|_| weekday(after.get(1)));
    if let Some(day) = day.filter(|_| are_weeks && lead > 0) {
        let then = plus_days(reading.today(), amounts.days)?;
        let said = ParsedDate {
            doubtful: true,
            ..ParsedDate::on(Week::of(then, reading.week_start()).day(day))
        };
        return Some((lead + length + 2, said, Weight::Firm));
    }
    let said = if !amounts.has_time() {
        ParsedDate::on(plus(reading.today(), amounts.months, amounts.days)?)
    } else {
        ahead(reading, amounts)?
    };
    Some((lead + length + tail, said, Weight::Firm))
}

/// The "from monday" of "a week from monday".
fn from_another_day(words: Words<'_>, reading: &Reading) -> Option<(usize, NaiveDate)> {
    // "A week today".
    let alone = matches!(words.get(0), "today" | "tomorrow").then_some(0);
    let lead = words.begin_with_any(phrases::FROM_A_DAY).or(alone)?;
    let (length, said, _) = relative(words.from(lead), reading, true)
        .or_else(|| weekday_alone(words.from(lead), reading, true))
        .or_else(|| calendar_date::written(words.from(lead), reading, true))?;
    (words.get(0) != "on" || weekday(words.get(1)).is_some()).then_some((lead + length, said.date))
}

/// Real minutes on from now, whatever the clocks do meanwhile, up to the next whole minute.
fn ahead(reading: &Reading, amounts: Amounts) -> Option<ParsedDate> {
    let day = plus(reading.today(), amounts.months, amounts.days)?;
    let start = if day == reading.today() {
        reading.context.now
    } else {
        zone::resolve(day, reading.now.time(), reading.zone())
    };
    let exact = start.checked_add_signed(amounts.time()?)?;
    let floor = (exact.timestamp() + 59).div_euclid(60) * 60;
    let target = chrono::DateTime::from_timestamp(floor, 0).filter(|at| limits::is_instant(*at))?;
    let wall = zone::local(target, reading.zone());
    // When the clocks go back, a time that exists twice means the first: the next that is not too early.
    let wall = (0..=180)
        .filter_map(|minutes| wall.checked_add_signed(Duration::minutes(minutes)))
        .find(|wall| zone::resolve(wall.date(), wall.time(), reading.zone()) >= target)?;
    Some(ParsedDate {
        time: Some(wall.time()),
        exact: Some(exact),
        ..ParsedDate::on(wall.date())
    })
}

/// "friday 27 november", "monday the 3rd".
fn weekday_and_date(words: Words<'_>, reading: &Reading, _: bool) -> Option<DateMatch> {
    weekday(words.get(0))?;
    let (length, said, _) = calendar_date::written(words.from(1), reading, true)
        .or_else(|| calendar_date::numeric(words.from(1), reading, true))?;
    // "Friday 28 november", which is a Saturday: the answer names the day that was taken. Without a month, as in "friday the
    // 13th", there is one that fits.
    let differs = |date: NaiveDate| weekday(words.get(0)) != Some(date.weekday());
    let doubtful = said.doubtful || differs(said.date);
    let has_a_month = (1..=length).any(|at| {
        let word = words.get(at);
        month(word).is_some()
            || matches!(word, "month" | "christmas")
            || word.contains(['.', '/', '-'])
    });
    let fitting = || {
        let later = (1..=12)
            .filter_map(|months| first_of_month(said.date, months)?.with_day(said.date.day()));
        later.into_iter().find(|date| !differs(*date))
    };
    let date = match doubtful && !has_a_month {
        true => fitting().unwrap_or(said.date),
        false => said.date,
    };
    let said = ParsedDate { date, ..said };
    Some((1 + length, ParsedDate { doubtful, ..said }, Weight::Firm))
}

/// "next week tuesday", "friday the week after next", "this week on thursday".
fn weekday_of_week(words: Words<'_>, reading: &Reading, _: bool) -> Option<DateMatch> {
    let today = reading.today();
    let this = Week::of(today, reading.week_start());
    let week = |words: Words<'_>| {
        let weeks: [(&[&str], Option<Week>); 3] = [
            (&["this week"], Some(this)),
            (&["next week"], this.next()),
            (
                &["the week after next", "week after next"],
                this.next().and_then(Week::next),
            ),
        ];
        let mut weeks = weeks.into_iter();
        weeks.find_map(|(names, week)| Some((words.begin_with_any(names)?, week?)))
    };
    let (length, week, day) = match week(words) {
        Some((length, week)) => {
            let on = words.from(length).skip_any(&["on"]);
            (length + on + 1, week, weekday(words.get(length + on))?)
        }
        None => {
            let day = weekday(words.get(0))?;
            let of = words.from(1).skip_any(&["of", "in"]);
            let (length, week) = week(words.from(1 + of))?;
            (1 + of + length, week, day)
        }
    };
    Some((length, ParsedDate::on(week.day(day)), Weight::Firm))
}

/// "tomorrow week", "monday week": a week after that.
fn week_after(words: Words<'_>, reading: &Reading, _: bool) -> Option<DateMatch> {
    let today = reading.today();
    let day = match words.get(0) {
        "today" => today,
        "tomorrow" => plus_days(today, 1)?,
        name => on_or_after(plus_days(today, 1)?, weekday(name)?),
    };
    let ends = words.get(1) == "week" && words.closed_after(2);
    Some((
        2,
        ParsedDate::on(plus_days(day, 7).filter(|_| ends)?),
        Weight::Firm,
    ))
}

/// "monday in two weeks": that day of the week which is so far ahead.
fn weekday_ahead(words: Words<'_>, reading: &Reading, _: bool) -> Option<DateMatch> {
    let day = weekday(words.get(0))?;
    let lead = words.from(1).begin_with("in")?;
    let (length, amounts) = amount::sum(words.from(1 + lead))?;
    let are_weeks = !amounts.has_time() && amounts.months == 0 && amounts.days % 7 == 0;
    let then = plus_days(reading.today(), amounts.days).filter(|_| are_weeks)?;
    let said = ParsedDate {
        doubtful: true,
        ..ParsedDate::on(Week::of(then, reading.week_start()).day(day))
    };
    Some((1 + lead + length, said, Weight::Firm))
}

/// "monday", "next friday", "this sat", "friday next week".
fn weekday_alone(words: Words<'_>, reading: &Reading, led: bool) -> Option<DateMatch> {
    let lead = words.skip_any(phrases::WEEKDAY_LEADS);
    let name = words.get(lead);
    let day = weekday(name)?;
    let today = reading.today();
    let next_week = || Some(Week::of(today, reading.week_start()).next()?.day(day));
    let tail = words
        .from(lead + 1)
        .skip_any(&["next week", "of next week"]);
    let following = on_or_after(plus_days(today, 1)?, day);
    let (date, doubtful) = match words.get(0) {
        "next" => (next_week()?, next_week()? != following),
        _ if tail > 0 => (next_week()?, false),
        "this" if lead == 1 => (on_or_after(today, day), false),
        _ => (following, false),
    };
    let bare = lead == 0 && tail == 0;
    let weight = match bare {
        false => Weight::Firm,
        true if is_name_of_a_day(words.before()) => return None,
        true if is_ambiguous_weekday(name) && !led => ambiguous_weekday(words)?,
        // Also behind "on", which may stand before a thing: "on Friday evenings", "working on Sunday school".
        true => Weight::Loose,
    };
    let else_date = plus_days(date, 7);
    Some((
        lead + 1 + tail,
        ParsedDate {
            doubtful,
            else_date,
            ..ParsedDate::on(date)
        },
        weight,
    ))
}

/// "sun", "sat", "mon" and "wed" are also words: they count at the end of a thought, or with a time behind them.
fn ambiguous_weekday(words: Words<'_>) -> Option<Weight> {
    let has_clock = words.get(1).starts_with(|c: char| c.is_ascii_digit()) || words.get(1) == "at";
    Some(if has_clock {
        Weight::Loose
    } else {
        Weight::Edge
    })
    .filter(|_| !words.before().eq("the"))
}

/// "Black Friday", "Easter Monday" are no Fridays and Mondays to count with.
fn is_name_of_a_day(before: &str) -> bool {
    phrases::NAMES_WITH_A_DAY.contains(&before)
}
