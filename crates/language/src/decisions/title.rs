//! The title: what is left of a text, without what people say to the one they talk to.

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
    if words.len() > 1 && words.are_any(ASKING) {
        return Opening {
            words: words.len(),
            asks: true,
        };
    }
    // Each turn takes a phrase; a person says a few at most.
    for _ in 0..6 {
        let rest = words.from(opening.words);
        let asking = rest
            .skip_any(ASKING)
            .max(rest.skip_any(&["reminder"]) * usize::from(rest.closed_after(1)));
        let more = [asking, rest.skip_any(SAYING), greeting(rest), adding(rest)]
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

const ASKING: &[&str] = &[
    "remind me to",
    "remind me that i need to",
    "remind me that i have to",
    "remind me that",
    "remind me about",
    "remind me of",
    "remind me",
    "reminder to",
    "reminder for",
    "reminder that",
    "reminder about",
    "a reminder to",
    "a reminder for",
    "set a reminder to",
    "set a reminder for",
    "set a reminder that",
    "set a reminder about",
    "set a reminder",
    "set reminder to",
    "set reminder for",
    "set up a reminder to",
    "create a reminder to",
    "create a reminder for",
    "add a reminder to",
    "add a reminder for",
    "add reminder to",
    "give me a reminder to",
    "i need a reminder to",
    "i want a reminder to",
    "i need to be reminded to",
    "don't let me forget to",
    "dont let me forget to",
    "do not let me forget to",
    "don't let me forget about",
    "don't let me forget",
    "help me remember to",
    "make sure i remember to",
    "make sure i don't forget to",
    "nudge me to",
    "i'd like to be reminded to",
    "i want to be reminded to",
];

const SAYING: &[&str] = &[
    "please",
    "pls",
    "plz",
    "can you",
    "could you",
    "would you",
    "will you",
    "can you please",
    "could you please",
    "would you please",
    "i'd like you to",
    "i want you to",
    "i would like you to",
    "don't forget to",
    "dont forget to",
    "do not forget to",
    "don't forget",
    "remember to",
    "i must remember to",
    "make sure i",
    "make sure to",
    "make sure that i",
    "i need to",
    "i have to",
    "i must",
    "i should",
    "i gotta",
    "i've got to",
    "i got to",
    "i want to",
    "i would like to",
    "i'd like to",
    "i still need to",
    "i still have to",
    "i also need to",
    "i also have to",
    "i really need to",
    "i really should",
    "i ought to",
    "i need",
    "i'm supposed to",
    "i am supposed to",
    "i'm going to",
    "i am going to",
    "i plan to",
    "i will",
    "i'll",
    "i have a",
    "i have an",
    "i've got a",
    "i've got an",
    "i got a",
    "i got an",
    "there's a",
    "there is a",
    "we need to",
    "we have to",
    "we should",
    "we must",
    "need to",
    "have to",
    "gotta",
    "got to",
    "note to self",
    "add a task to",
    "add a task called",
    "add a task",
    "add a new task to",
    "add a new task called",
    "add a new task",
    "add task",
    "create a task to",
    "create a task called",
    "create a task",
    "create a new task",
    "create task",
    "make a task to",
    "new task to",
    "new task",
    "add a todo",
    "add todo",
    "todo",
];

/// What counts only before a pause: "Hi, …", "Task: …".
fn greeting(words: Words<'_>) -> usize {
    const NAMED: &[&str] = &["hey nudge", "hi nudge", "hello nudge", "ok nudge"];
    const ALONE: &[&str] = &[
        "hey",
        "hi",
        "hello",
        "ok",
        "okay",
        "nudge",
        "so",
        "also",
        "oh",
        "task",
        "note",
        "to do",
        "to-do",
        "good morning",
        "new",
        "thanks",
        "right",
    ];
    let alone = ALONE
        .iter()
        .filter_map(|phrase| words.begin_with(phrase))
        .filter(|length| words.closed_after(*length))
        .max();
    words.skip_any(NAMED).max(alone.unwrap_or(0))
}

/// "add": a command before a task and before "… to my list", but a task itself in "add salt to the soup".
fn adding(words: Words<'_>) -> usize {
    const DIRECT: &[&str] = &[
        "add to my list",
        "add to my to-do list",
        "add to my todo list",
        "add to the list",
        "put on my list",
        "add this",
    ];
    if let Some(length) = words.begin_with_any(DIRECT) {
        return length;
    }
    let to = (2..words.len()).find(|at| matches!(words.get(*at), "to" | "on" | "into"));
    let to_list = || {
        (2..words.len()).any(|at| {
            words.from(at).begin_with_any(LISTS).is_some()
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

const LISTS: &[&str] = &[
    "to my list",
    "on my list",
    "to the list",
    "on the list",
    "to my todo list",
    "to my to-do list",
    "to my to do list",
    "on my todo list",
    "on my to-do list",
    "to my tasks",
    "to my task list",
    "on my tasks",
];

const CLOSING: &[&str] = &[
    "please",
    "pls",
    "plz",
    "thanks",
    "thank you",
    "thx",
    "thanks a lot",
    "ok thanks",
    "for me please",
    "at the latest",
];

/// Words that only hold what was taken out behind them.
const DANGLING: &[&str] = &["on", "at", "by", "due", "due on", "from", "@", "starting"];

/// Words that say nothing at the end of a title when something behind them was taken out.
const DANGLING_AT_THE_END: &[&str] = &[
    "to", "and", "is", "are", "is due", "are due", "will be", "that's", "which is", "it's",
    "is on", "until", "for the", "with", "|",
];

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
        first += words.from(first).skip_any(&[
            "to",
            "that i need to",
            "that i have to",
            "that",
            "about",
            "and",
            "i need to",
            "i have to",
            "then",
        ]);
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
                && (words.from(start).are_any(DANGLING)
                    || words.from(start).are_any(DANGLING_AT_THE_END) && is_last
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
            end.are_any(CLOSING) || end.are_any(LISTS)
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
