//! Messages that are an answer or small talk as a whole: "yes", "the second one", "thanks".

use language::vocabulary::lexicon::{digits, number, ordinal, weekday};
use language::vocabulary::token::Words;

use super::{postpone, target};
use crate::intent::message::Message;
use crate::intent::phrases::answer as phrases;
use crate::intent::vocabulary::{Choice, Intent};

/// An answer, when the whole message is one.
pub(crate) fn answer(message: &Message<'_>) -> Option<Intent> {
    const TALK: [(&[&str], Intent); 6] = [
        (phrases::YES, Intent::Yes),
        (phrases::NO, Intent::No),
        (phrases::UNDO, Intent::Undo),
        (phrases::HELP, Intent::Help),
        (phrases::GREETING, Intent::Greeting),
        (phrases::THANKS, Intent::Thanks),
    ];
    let words = message.words;
    TALK.into_iter()
        .find(|(phrases, _)| words.are_any(phrases))
        .map(|(_, intent)| intent)
        .or_else(|| begun(message))
        .or_else(|| choice(words).map(Intent::Choose))
        .or_else(|| (the_one(words) || some(words)).then_some(Intent::Unknown))
}

/// "Yes, delete it", "no, keep them", "undo the last delete".
fn begun(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    let is_short = words.len() <= 5;
    // "No, friday" puts right what was said before.
    let goes_on = || postpone::corrected(message).is_some();
    match words.get(0) {
        "no" | "nope" if words.len() > 1 && goes_on() => None,
        "no" | "nope" if matches!(words.get(1), "but" | "and") => Some(Intent::No),
        "but" if words.get(1) == "not" => Some(Intent::Unknown),
        "yes" | "yeah" | "yep" | "sure" | "fine" | "undo" | "ok" if says_more(words) => {
            Some(Intent::Unknown)
        }
        "all" | "both" | "everything" | "not" if says_more(words) => Some(Intent::Unknown),
        "yes" | "yeah" | "yep" if is_short && words.closed_after(1) => Some(Intent::Yes),
        "no" | "nope" if is_short && words.closed_after(1) => Some(Intent::No),
        "undo" if is_short && words.get(1) != "completing" => Some(Intent::Undo),
        _ => None,
    }
}

/// "Yes, and delete the report too", "yes but not the first", "all but the first", "undo the last two": an answer with more to
/// it than is understood here, which is neither given in part nor a new task.
fn says_more(words: Words<'_>) -> bool {
    let rest = words.from(1);
    let joint = matches!(rest.get(0), "and" | "but" | "except");
    match words.get(0) {
        "undo" => (0..rest.len()).any(|at| {
            let word = rest.get(at);
            number(word).is_some_and(|count| count > 1) && word != "couple"
                || matches!(word, "twice" | "everything")
        }),
        "all" | "both" | "everything" => matches!(rest.get(0), "but" | "except"),
        "not" => {
            let is_one = matches!(rest.get(1), "one" | "ones") || ordinal(rest.get(1)).is_some();
            let is_plain = digits(rest.get(0)).is_some() && rest.len() == 1;
            // "Not friday, saturday".
            let is_day =
                weekday(rest.get(0)).is_some() || matches!(rest.get(0), "today" | "tomorrow");
            is_plain
                || is_day && rest.len() <= 3
                || matches!(rest.get(0), "that" | "this" | "the" | "those")
                    && is_one
                    && rest.len() <= 3
        }
        _ => joint,
    }
}

/// "the second", "2", "both", "1 and 3", "the last one".
fn choice(words: Words<'_>) -> Option<Choice> {
    if words.are_any(phrases::ALL) {
        return Some(Choice::All);
    }
    if words.are_any(phrases::LAST) {
        return Some(Choice::Last);
    }
    if let Some(number) = target::number(words) {
        return Some(Choice::Numbers(vec![number]));
    }
    let mut numbers = Vec::new();
    for at in 0..words.len() {
        match words.get(at) {
            "and" | "&" | "the" | "number" | "numbers" | "one" | "ones"
                if !words.closed_after(at + 1) || at > 0 => {}
            word => {
                let single = word
                    .split(',')
                    .map(|part| digits(part.trim_start_matches('#')).or_else(|| ordinal(part)));
                for number in single {
                    numbers.push(usize::try_from(number.or_else(|| spelt(word))?).ok()?);
                }
            }
        }
    }
    let sensible = (1..=20).contains(&numbers.len())
        && numbers.iter().all(|number| (1..=200).contains(number));
    sensible.then_some(Choice::Numbers(numbers))
}

fn spelt(word: &str) -> Option<u32> {
    number(word).filter(|_| word.len() > 2)
}

/// "1-3", "1 but not 2", "the last two": some of those shown, in a way that is not understood here.
fn some(words: Words<'_>) -> bool {
    let is_range = words
        .get(0)
        .split_once(['-', '–'])
        .is_some_and(|(first, last)| digits(first).is_some() && digits(last).is_some());
    let excepts = digits(words.get(0)).is_some() && matches!(words.get(1), "but" | "except");
    let ends = words.begin_with_any(phrases::SOME_AT_AN_END);
    let counts = ends.is_some_and(|ends| {
        ends + 1 == words.len() && number(words.get(ends)).is_some_and(|count| count > 1)
    });
    (is_range && words.len() == 1) || excepts || counts
}

/// "The dentist one": it chooses by words, which only the tasks in question can tell.
fn the_one(words: Words<'_>) -> bool {
    let ends = words.get(0) == "the" && words.end_with_any(&["one", "ones"]).is_some();
    words.len() > 2 && (ends || words.begin_with_any(&["the one", "the ones"]).is_some())
}
