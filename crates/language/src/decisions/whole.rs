//! Whether a date that was understood is the whole of what was said. "On the fifth tuesday of february" is no Tuesday: where
//! words of the calendar are left beside a date, it is taken for none, and the person is told.

use domain::recurrence::Frequency;

use crate::matchers::calendar_date::impossible;
use crate::matchers::day;
use crate::matchers::repeat::except_lead;
use crate::phrases::whole as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::date::Lead;
use crate::vocabulary::lexicon::{
    day_ordinal, day_part, digits, is_ambiguous_month, is_function_word, month, number, ordinal,
    unit, weekday, year,
};
use crate::vocabulary::meaning::{Meaning, Piece};
use crate::vocabulary::recurrence::{ParsedEnd, ParsedRecurrence, RecurrenceDays};
use crate::vocabulary::reminder::ParsedReminder;
use crate::vocabulary::token::{Words, is_dash};
use crate::vocabulary::weight::Weight;

/// Lets a date cover another one beside it, "monday or tuesday"; says whether there is one.
///
/// What comes again between two days ends with the second: "every day from dec 1 to dec 10".
pub(crate) fn cover_another(words: Words<'_>, pieces: &mut Vec<Piece>, reading: &Reading) -> bool {
    let comes_again = |piece: &Piece| matches!(piece.meaning, Meaning::Recurrence(_));
    let recurs = pieces.iter().any(comes_again);
    let taken: Vec<usize> = pieces.iter().map(|piece| piece.at).collect();
    let is_date =
        |piece: &&mut Piece| matches!(piece.meaning, Meaning::Date(said) if said.lead != Lead::For);
    let Some(piece) = pieces.iter_mut().find(is_date) else {
        return false;
    };
    let end = piece.at + piece.words;
    // "Dec 1 - 5": a dash ends a thought elsewhere.
    let is_dash = is_dash(words.get(end));
    if words.from(piece.at).closed_after(piece.words) && !is_dash {
        return false;
    }
    let Some(tie) = words.from(end).begin_with_any(phrases::BETWEEN_DAYS) else {
        return false;
    };
    let rest = words.from(end + tie);
    if is_dash && !is_day(rest.get(0)) && month(rest.get(0)).is_none() {
        return false;
    }
    let a_number = || {
        let are_days = is_day(rest.get(0)) && is_day(words.get(end - 1));
        let ends = rest.closed_after(1) || is_function_word(rest.get(1));
        (are_days && ends).then_some(1)
    };
    let other = day::bare(rest, reading, true);
    let length = other.as_ref().map(|(length, ..)| *length);
    let Some(length) = length.or_else(a_number) else {
        return false;
    };
    if taken.iter().any(|at| (end..=end + tie).contains(at)) {
        return false;
    }
    // "Between dec 1 and dec 5".
    let between = usize::from(word_before(words, piece.at, 1) == Some("between"));
    piece.at -= between;
    let to = phrases::UP_TO.contains(&words.get(end));
    let is_end = recurs && (to || between > 0) && weekday(rest.get(0)).is_none();
    if let Some((_, last, _)) = other.filter(|_| is_end) {
        piece.words += between;
        pieces.push(Piece {
            at: end,
            words: tie + length,
            meaning: Meaning::End(ParsedEnd::Date(last.date)),
            weight: Weight::Firm,
        });
        pieces.sort_by_key(|piece| piece.at);
        return false;
    }
    piece.words += between + tie + length;
    true
}

/// Takes out of `pieces` all that says when, where that is only a part of what was said; returns from which word to which the
/// whole goes.
pub(crate) fn take_parts(words: Words<'_>, pieces: &mut Vec<Piece>) -> Option<Part> {
    let found = leave_out(words, pieces)
        .or_else(|| pieces.iter().find_map(|piece| around(words, piece, pieces)))
        .or_else(|| nowhere(words, pieces));
    let (begin, end) = found?;
    let within = |piece: &Piece| (begin..end).contains(&piece.at);
    let mut said = pieces.iter().filter(|piece| within(piece)).peekable();
    let is_time =
        said.peek().is_some() && said.all(|piece| matches!(piece.meaning, Meaning::Time(_)));
    pieces.retain(|piece| !says_when(&piece.meaning));
    Some(Part {
        begin,
        end,
        is_time,
    })
}

/// What was said of a day or time, but not so that it can be told which.
pub(crate) struct Part {
    /// Its first word.
    pub(crate) begin: usize,
    /// The word behind it.
    pub(crate) end: usize,
    /// Whether it speaks of a time of day only.
    pub(crate) is_time: bool,
}

fn says_when(meaning: &Meaning) -> bool {
    matches!(
        meaning,
        Meaning::Date(_)
            | Meaning::Time(_)
            | Meaning::Recurrence(_)
            | Meaning::Basis
            | Meaning::End(_)
            | Meaning::Except(_)
            | Meaning::Reminder(_)
    )
}

/// Leaves out of a recurrence what is not meant; from where to where the phrase goes when no rule can say that.
fn leave_out(words: Words<'_>, pieces: &mut [Piece]) -> Option<(usize, usize)> {
    let place =
        |is_kind: fn(&Meaning) -> bool| pieces.iter().position(|piece| is_kind(&piece.meaning));
    let rule = place(|meaning| matches!(meaning, Meaning::Recurrence(_)))?;
    let begin = pieces[rule].at;
    let is_free = |at: usize| {
        !pieces
            .iter()
            .any(|piece| (piece.at..piece.at + piece.words).contains(&at))
    };
    let Some(except) = place(|meaning| matches!(meaning, Meaning::Except(_))) else {
        let behind = begin + pieces[rule].words;
        return (behind..words.len()).find_map(|at| {
            let lead = except_lead(words.from(at)).filter(|_| is_free(at))?;
            let the = words
                .from(at + lead)
                .skip_any(&["on", "on the", "in", "the", "for"]);
            let end = at + lead + the + 1;
            is_of_the_calendar(words.get(end - 1)).then_some((begin, end))
        });
    };
    let (Meaning::Recurrence(said), Meaning::Except(days)) =
        (&pieces[rule].meaning, &pieces[except].meaning)
    else {
        return None;
    };
    let end = pieces[except].at + pieces[except].words;
    match said.without(days) {
        Some(left) => {
            pieces[rule].meaning = Meaning::Recurrence(left);
            None
        }
        None => Some((
            begin.min(pieces[except].at),
            end.max(begin + pieces[rule].words),
        )),
    }
}

/// A date that no calendar has, where there is no other one.
fn nowhere(words: Words<'_>, pieces: &[Piece]) -> Option<(usize, usize)> {
    let is_date = |piece: &Piece| matches!(piece.meaning, Meaning::Date(_));
    if pieces.iter().any(is_date) {
        return None;
    }
    (0..words.len()).find_map(|at| {
        let here = words.from(at);
        Some((
            at,
            at + impossible(here).or_else(|| days_in_one_word(here))?,
        ))
    })
}

/// From where to where the phrase goes that `piece` is only a part of.
fn around(words: Words<'_>, piece: &Piece, pieces: &[Piece]) -> Option<(usize, usize)> {
    let names_a_day = match &piece.meaning {
        Meaning::Date(said) => said.lead != Lead::For && said.time.is_none(),
        Meaning::Reminder(ParsedReminder::Before(_)) if is_led_by_a_unit(words, piece) => {
            return day_behind(piece, pieces);
        }
        Meaning::Recurrence(said) if contradicts(words, said, pieces) => {
            return span(pieces);
        }
        Meaning::Recurrence(_) | Meaning::Reminder(_) => true,
        Meaning::Time(_) => return around_a_time(words, piece),
        _ => false,
    };
    if !names_a_day {
        return None;
    }
    let end = piece.at + piece.words;
    let is_free = |at: usize| {
        let mut others = pieces.iter();
        others.all(|other| !(other.at..other.at + other.words).contains(&at))
    };
    let behind = behind(words, piece).filter(|more| is_free(end + more - 1));
    let before = before(words, piece).filter(|less| is_free(piece.at - less));
    if behind.is_none() && before.is_none() {
        return None;
    }
    let mut begin = piece.at - before.unwrap_or(0);
    while word_before(words, begin, 1).is_some_and(leads_to_a_day) {
        begin -= 1;
    }
    Some((begin, end + behind.unwrap_or(0)))
}

/// Whether the person asks for no reminder with it: "a day before", not "remind me a day before".
fn is_led_by_a_unit(words: Words<'_>, piece: &Piece) -> bool {
    let first = words.from(piece.at);
    let the = first.skip_any(&["the"]);
    number(first.get(0)).is_some() || unit(first.get(the)).is_some()
}

/// "A day before friday": where the day is counted from another.
fn day_behind(piece: &Piece, pieces: &[Piece]) -> Option<(usize, usize)> {
    let behind = piece.at + piece.words;
    let other = pieces.iter().find(|other| other.at == behind)?;
    matches!(other.meaning, Meaning::Date(_)).then_some((piece.at, behind + other.words))
}

/// Whether a day beside a recurrence can't be its first: "every day on monday", "every week on the 1st", "every day in december".
fn contradicts(words: Words<'_>, said: &ParsedRecurrence, pieces: &[Piece]) -> bool {
    let dates = |piece: &&Piece| matches!(piece.meaning, Meaning::Date(_));
    let Some(piece) = pieces
        .iter()
        .find(dates)
        .filter(|_| said.on == RecurrenceDays::Nothing)
    else {
        return false;
    };
    let here = words.from(piece.at);
    let is_start = matches!(piece.meaning, Meaning::Date(date) if date.lead == Lead::Start);
    let on = here.skip_any(phrases::BEFORE_A_DAY);
    let first = here.get(on);
    // One day, or one of two that cover each other.
    let ties = here.from(on + 1).begin_with_any(phrases::BETWEEN_DAYS);
    let is_one = on + 1 == piece.words || ties.is_some_and(|tie| on + 1 + tie < piece.words);
    let is_yearly = said.frequency == Frequency::Yearly;
    let is_weekly = said.frequency == Frequency::Weekly;
    let is_short = is_weekly || said.frequency == Frequency::Daily;
    // "From monday to friday" ends.
    if is_start {
        let range = here.from(on + 1).begin_with_any(phrases::UP_TO);
        return weekday(first).is_some() && range.is_some_and(|range| on + 1 + range < piece.words);
    }
    let last = here.get(piece.words - 1);
    let is_period = matches!(first, "this" | "next" | "in")
        && (unit(last).is_some() || month(last).is_some())
        || last == "weekend";
    (is_one && weekday(first).is_some() && !is_weekly)
        || (is_one && day_ordinal(first).is_some() && is_short)
        || (is_period && number(here.get(1)).is_none() && !is_yearly)
}

/// From the first to the last that says when.
fn span(pieces: &[Piece]) -> Option<(usize, usize)> {
    let mut when = pieces.iter().filter(|piece| says_when(&piece.meaning));
    let first = when.next()?;
    let last = when.next_back().unwrap_or(first);
    Some((first.at, last.at + last.words))
}

/// How many words behind a piece belong to its date.
fn behind(words: Words<'_>, piece: &Piece) -> Option<usize> {
    let last = words.get(piece.at + piece.words - 1);
    if words.from(piece.at).closed_after(piece.words) {
        return None;
    }
    let rest = words.from(piece.at + piece.words);
    // "In a week and a half".
    if let Some(half) = rest
        .begin_with("and a half")
        .filter(|_| unit(last).is_some())
    {
        return Some(half);
    }
    let recurs = matches!(piece.meaning, Meaning::Recurrence(_));
    let on = rest.skip_any(&["on", "on the"]) * usize::from(recurs);
    let tie = rest.skip_any(phrases::TIES).max(on);
    let next = rest.get(tie);
    let belongs = match tie {
        // "Every first weekend", "every week or two".
        0 if recurs && ordinal(last).is_some() && (next == "weekend" || unit(next).is_some()) => {
            true
        }
        1 if recurs && rest.get(0) == "or" && unit(last).is_some() => number(next).is_some(),
        // "Every morning and evening".
        1 if day_part(last).is_some() && day_part(next).is_some() => true,
        // "On the 15th and the last day".
        1.. if next == "last" => is_of_the_calendar(rest.get(tie + 1)),
        // "On the 2nd tuesday", "the 15th 2027".
        0 => {
            let is_number = ordinal(last).is_some();
            let names_a_month = is_number || month(last).is_some();
            (is_number && weekday(next).is_some()) || (names_a_month && year(next).is_some())
        }
        // "March 3 to 5".
        _ if is_day(next) => is_day(last),
        // "The first monday of february", "friday after next", "monday or tuesday".
        _ => is_of_the_calendar(next),
    };
    let year_behind = usize::from(year(rest.get(tie + 1)).is_some());
    belongs.then_some(tie + 1 + year_behind)
}

/// How many words before a piece belong to its date.
fn before(words: Words<'_>, piece: &Piece) -> Option<usize> {
    let (first, previous) = (words.get(piece.at), word_before(words, piece.at, 1)?);
    // "In 3 business days", "two mondays from now": that many of them, rather than all.
    let is_plural =
        matches!(&piece.meaning, Meaning::Recurrence(_)) && !matches!(first, "every" | "each");
    if is_plural && number(previous).is_some() {
        return Some(1);
    }
    // "In january and july every year", "next next week".
    let is_of_a_month = matches!(&piece.meaning, Meaning::Recurrence(said) if said.on == RecurrenceDays::Nothing)
        && month(previous).is_some()
        && word_before(words, piece.at, 2).is_some_and(|word| phrases::TIES.contains(&word));
    if is_of_a_month || (previous == "next" && first == "next") {
        return Some(1);
    }
    // "Last friday", "the second tuesday".
    let counts = ordinal(previous).is_some() || matches!(previous, "last" | "penultimate");
    if counts && weekday(first).is_some() {
        return Some(1);
    }
    // "3 to 5 may".
    let is_range = phrases::BEFORE_A_SECOND_DAY.contains(&previous);
    let other = (piece.at >= 2 && is_range).then(|| words.get(piece.at - 2));
    if is_day(first) && other.is_some_and(is_day) {
        return Some(2);
    }
    // "First weekend of every month", "the first and last day of every month".
    if matches!(piece.meaning, Meaning::Recurrence(_)) {
        if previous == "of" {
            return Some(1);
        }
        if is_range && other.is_some_and(|other| ordinal(other).is_some()) {
            return Some(2);
        }
    }
    // "Sat and sun", where the first could be another word.
    if weekday(first).is_some() && other.is_some_and(|other| weekday(other).is_some()) {
        return Some(2);
    }
    // "After friday" is any day but that one.
    if previous == "after" && matches!(piece.meaning, Meaning::Date(_)) {
        return Some(1);
    }
    // "The day before christmas", "the monday after easter".
    let is_tied = phrases::FROM_ANOTHER_DAY.contains(&first);
    let is_a_day =
        unit(previous).is_some() || weekday(previous).is_some() || day_part(previous).is_some();
    (is_tied && is_a_day).then_some(1)
}

/// From where to where the phrase goes of which a time is only a part: "9am UTC", "30 minutes after 5pm", "in 1:30 hours".
fn around_a_time(words: Words<'_>, piece: &Piece) -> Option<(usize, usize)> {
    let end = piece.at + piece.words;
    let here = words.from(piece.at);
    let behind = words.from(end);
    let is_closed = here.closed_after(piece.words);
    let zone = zone_name(behind).filter(|_| !is_closed);
    let previous = word_before(words, piece.at, 1);
    let counts =
        |back| word_before(words, piece.at, back).is_some_and(|word| number(word).is_some());
    let is_counted = matches!(here.get(0), "after" | "before" | "past" | "from")
        && previous.is_some_and(|word| unit(word).is_some())
        && counts(2);
    let is_amount = previous == Some("in") && !is_closed && unit(behind.get(0)).is_some();
    let before = if is_counted {
        2
    } else {
        usize::from(is_amount)
    };
    let more = zone.unwrap_or_else(|| usize::from(is_amount));
    (before + more > 0).then_some((piece.at - before, end + more))
}

/// Another zone than the person's: "UTC", "london time".
fn zone_name(words: Words<'_>) -> Option<usize> {
    if phrases::ZONES.contains(&words.get(0)) && (words.get(0) != "west" || words.closed_after(1)) {
        return Some(1);
    }
    (1..=2)
        .find(|at| {
            let place = words.token(at - 1).filter(|_| !words.closed_after(*at));
            words.get(*at) == "time"
                && place.is_some_and(|place| {
                    place.capital || phrases::PLACES.contains(&place.word.as_str())
                })
        })
        .map(|at| at + 1)
}

/// Days of a month from one to another in one word: "1-5 december", "dec 1st-5th", "27.11.-29.11.".
fn days_in_one_word(words: Words<'_>) -> Option<usize> {
    let is_range = |word: &str| {
        let ends = word.split_once(['-', '–']);
        ends.is_some_and(|(first, last)| is_day(first) && is_day(last))
    };
    // "5-6 may be enough".
    let is_month = |at: usize| {
        let is_verb = is_ambiguous_month(words.get(at));
        let ends = words.closed_after(at + 1) || is_function_word(words.get(at + 1));
        month(words.get(at)).is_some() && (!is_verb || ends)
    };
    let of = usize::from(words.get(1) == "of");
    if is_range(words.get(0)) && is_month(1 + of) {
        return Some(2 + of);
    }
    if is_month(0) && is_range(words.get(1)) {
        return Some(2);
    }
    let is_date = |text: &str| {
        let mut parts = text.trim_end_matches('.').split('.').map(digits);
        let day_and_month = [parts.next().flatten(), parts.next().flatten()];
        matches!(day_and_month, [Some(1..=31), Some(1..=12)])
    };
    let (first, last) = words.get(0).split_once(['-', '–'])?;
    let are_dates =
        is_date(last) && (is_date(first) || first.strip_suffix('.').is_some_and(is_day));
    are_dates.then_some(1)
}

/// The word so many before `at`, unless a thought ends in between.
fn word_before<'a>(words: Words<'a>, at: usize, back: usize) -> Option<&'a str> {
    let at = at.checked_sub(back)?;
    (!words.from(at).closed_after(1)).then(|| words.get(at))
}

/// The number of a day of a month: `5`, `5th`.
fn is_day(word: &str) -> bool {
    day_ordinal(word).is_some() || digits(word).is_some_and(|day| (1..=31).contains(&day))
}

/// What stands before a day in a phrase that says it, so that the whole phrase is shown.
fn leads_to_a_day(word: &str) -> bool {
    ordinal(word).is_some()
        || number(word).is_some()
        || weekday(word).is_some()
        || phrases::BEFORE_A_DAY_SHOWN.contains(&word)
}

fn is_of_the_calendar(word: &str) -> bool {
    weekday(word).is_some()
        || month(word).is_some()
        || year(word).is_some()
        || ordinal(word).is_some()
        || unit(word).is_some()
        || phrases::OF_THE_CALENDAR.contains(&word)
}
