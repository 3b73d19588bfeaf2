//! The title: what is left of a text, without what people say to the one they talk to.

use crate::phrases::title as phrases;
use crate::vocabulary::lexicon::is_task_verb;
use crate::vocabulary::token::{Token, Words, is_dash};

/// What is said before the task itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Opening {
    /// How many words.
    pub(crate) words: usize,
    /// Whether it asks to be reminded.
    pub(crate) asks: bool,
}

/// The words in front of a task that are no part of it: "please remind me to", "I need to", "todo:".
pub(crate) fn opening(words: Words<'_>) -> Opening {
    let mut opening = Opening::default();
    // Somebody who says nothing else has not said what.
    if words.len() > 1 && words.are_any(phrases::ASKING) {
        return Opening {
            words: words.len(),
            asks: true,
        };
    }
    // Each turn takes a phrase; a person says a few at most.
    for _ in 0..6 {
        let rest = words.from(opening.words);
        let asking = rest
            .skip_any(phrases::ASKING)
            .max(rest.skip_any(&["reminder"]) * usize::from(rest.closed_after(1)));
        let more = [
            asking,
            rest.skip_any(phrases::SAYING),
            greeting(rest),
            adding(rest),
        ]
        .into_iter()
        .max()
        .unwrap_or(0);
        // Never the last word: "Reminder" alone is a title.
        if more == 0 || more >= rest.len() {
            break;
        }
        opening.asks |= asking == more;
        opening.words += more;
    }
    opening
}

/// What counts only before a pause: "Hi, …", "Task: …".
fn greeting(words: Words<'_>) -> usize {
    let alone = phrases::GREETINGS
        .iter()
        .filter_map(|phrase| words.begin_with(phrase))
        .filter(|length| words.closed_after(*length))
        .max();
    words
        .skip_any(phrases::GREETINGS_BY_NAME)
        .max(alone.unwrap_or(0))
}

/// "add": a command before a task and before "… to my list", but a task itself in "add salt to the soup".
fn adding(words: Words<'_>) -> usize {
    if let Some(length) = words.begin_with_any(phrases::ADDING) {
        return length;
    }
    let to = (2..words.len()).find(|at| matches!(words.get(*at), "to" | "on" | "into"));
    let to_list = || {
        (2..words.len()).any(|at| {
            words.from(at).begin_with_any(phrases::LISTS).is_some()
                || words.get(at) == "list"
                || words.get(at).starts_with('@')
        })
    };
    match words.get(0) {
        "add" if is_task_verb(words.get(1)) || to_list() => 1,
        "add" if to.is_none_or(|at| words.get(at) == "on") => 1,
        "put" if to_list() => 1,
        _ => 0,
    }
}

/// The title made of the words that are not `taken`, and whether its opening asks to be reminded.
pub(crate) fn title(text: &[char], tokens: &[Token], taken: &[bool]) -> (String, bool) {
    let mut kept: Vec<usize> = (0..tokens.len()).filter(|at| !taken[*at]).collect();
    // A preposition whose object was taken out says nothing any more.
    let mut dangling = taken.to_vec();
    let last_kept = kept.last().copied().unwrap_or(0);
    for at in (1..tokens.len()).filter(|at| taken[*at] && !taken[at - 1]) {
        for word in dangling_before(tokens, taken, at, at > last_kept) {
            dangling[word] = true;
        }
    }
    kept.retain(|at| !dangling[*at]);
    let words: Vec<Token> = kept.iter().map(|at| tokens[*at].clone()).collect();
    let words = Words::new(&words);
    let opening = opening(words);
    let mut first = opening.words;
    // "(Remind me tomorrow) to call", "(on Friday) that we meet".
    if first > 0 || taken.first() == Some(&true) {
        first += words.from(first).skip_any(phrases::TO_THE_TASK);
    }
    let mut last = kept.len();
    while let Some(length) = closing(words.first(last), first) {
        last -= length;
    }
    (
        tidy(text, tokens, kept.get(first..last).unwrap_or_default()),
        opening.asks,
    )
}

/// The places of the dangling words directly before the taken word at `at`; `is_last` says that nothing is kept behind it.
fn dangling_before(
    tokens: &[Token],
    taken: &[bool],
    at: usize,
    is_last: bool,
) -> std::ops::Range<usize> {
    let words = Words::new(&tokens[..at]);
    let length = (1..=2usize.min(at))
        .rev()
        .find(|length| {
            let start = at - length;
            !taken[start..at].contains(&true)
                && (words.from(start).are_any(phrases::DANGLING)
                    || words.from(start).are_any(phrases::DANGLING_AT_THE_END) && is_last
                    || is_dash(&tokens[start].word))
                && !tokens[at - 1].closes
        })
        .unwrap_or(0);
    at - length..at
}

/// How many words at the end are a courtesy or name the list that is meant anyway.
fn closing(words: Words<'_>, first: usize) -> Option<usize> {
    (1..=5usize)
        .rev()
        .filter(|length| first + length < words.len())
        .find(|length| {
            let end = words.from(words.len() - length);
            end.are_any(phrases::CLOSING) || end.are_any(phrases::LISTS)
        })
}

fn tidy(text: &[char], tokens: &[Token], kept: &[usize]) -> String {
    let mut line = String::new();
    for (index, at) in kept.iter().enumerate() {
        let (start, end) = tokens[*at].outer;
        line.extend(&text[start..end]);
        // What was taken out between two words leaves its comma behind.
        let next = kept.get(index + 1).copied().unwrap_or(*at);
        let mark = next
            .checked_sub(1)
            .filter(|gap| gap > at)
            .map(|gap| text[tokens[gap].outer.1 - 1]);
        line.extend(mark.filter(|mark| matches!(mark, ',' | ';' | ':') && !tokens[*at].closes));
        line.push(' ');
    }
    let line = line
        .trim_start_matches(|c: char| {
            matches!(c, ',' | ';' | ':' | '-' | '–' | '—' | '.' | ')' | ' ' | '|')
        })
        .trim_end_matches(|c: char| {
            matches!(c, ',' | ';' | ':' | '-' | '–' | '—' | '.' | '(' | ' ' | '|')
        });
    let unquoted = line
        .strip_prefix(['"', '“'])
        .and_then(|rest| rest.strip_suffix(['"', '”']))
        .filter(|inner| !inner.contains(['"', '“', '”']));
    capitalised(unquoted.unwrap_or(line).trim())
}

/// With a capital at the beginning, unless the first word is spelt its own way (iPhone, an address).
fn capitalised(line: &str) -> String {
    let first = line.split(' ').next().unwrap_or_default();
    let own_way = first
        .chars()
        .any(|c| c.is_uppercase() || matches!(c, '@' | '/' | '.' | '_'));
    let mut rest = line.chars();
    match rest.next() {
        Some(letter) if !own_way => letter.to_uppercase().chain(rest).collect(),
        _ => line.to_owned(),
    }
}
