//! Wishes that are taken back in the same breath, and reminders that nobody wants: "call mom at 6, no wait, don't".

use language::vocabulary::token::{Words, is_dash};

use crate::intent::message::Message;
use crate::intent::vocabulary::Intent;

/// What somebody says when they take back what they have just said, as a whole clause.
const TAKES_BACK: &[&str] = &[
    "never mind",
    "nevermind",
    "nvm",
    "don't",
    "do not",
    "please don't",
    "don't do it",
    "don't do that",
    "don't bother",
    "forget it",
    "forget that",
    "forget about it",
    "forget about that",
    "forget i said that",
    "forget i said anything",
    "cancel",
    "cancel it",
    "cancel that",
    "scratch that",
    "scrap that",
    "scrap it",
    "strike that",
    "ignore that",
    "ignore this",
    "ignore it",
    "ignore me",
    "disregard",
    "disregard that",
    "leave it",
    "let it be",
    "skip it",
    "skip that",
    "no need",
    "there's no need",
    "not needed",
    "not necessary",
    "that's not necessary",
    "i changed my mind",
    "i've changed my mind",
    "changed my mind",
    "i take that back",
    "take that back",
    "just kidding",
    "i don't need it",
    "i don't need that",
    "i don't need to",
    "i don't want it",
    "i don't want that",
    "i don't want to",
    "don't add it",
    "don't add that",
    "don't add this",
    "don't add anything",
    "don't write that down",
    "don't write it down",
    "don't save it",
    "don't save that",
    "don't set it",
    "don't create it",
    "don't schedule it",
    "do nothing",
    "undo",
    "undo that",
    "undo it",
    "delete it",
    "delete that",
    "remove it",
    "remove that",
    "ignore",
    "ignore my last message",
    "false alarm",
    "wrong chat",
];

/// What says behind a turn that it needs no reminding any more: "actually I already did".
const DONE_ALREADY: &[&str] = &[
    "i already did",
    "i already did it",
    "i did it already",
    "i've already done it",
    "i already have",
    "it's already done",
    "it's done already",
    "it is already done",
    "that's already done",
    "already done",
];

/// What says that no reminder is wanted; something may follow.
const NO_REMINDER: &[&str] = &[
    "don't remind me",
    "do not remind me",
    "please don't remind me",
    "never remind me",
    "don't ever remind me",
    "no reminder",
    "no reminders",
    "you don't have to remind me",
    "you don't need to remind me",
    "you need not remind me",
    "you needn't remind me",
    "no need to remind me",
    "there's no need to remind me",
    "there is no need to remind me",
    "i don't need a reminder",
    "i don't need any reminder",
    "i don't need the reminder",
    "i don't need reminders",
    "i don't need to be reminded",
    "i don't need you to remind me",
    "i don't want a reminder",
    "i don't want any reminder",
    "i don't want reminders",
    "i don't want to be reminded",
    "i don't want you to remind me",
    "i do not need a reminder",
    "i do not want a reminder",
    "don't set a reminder",
    "don't set any reminder",
    "don't set an alarm",
];

/// What says that nothing is to be written down; something may follow.
const NO_TASK: &[&str] = &[
    "don't add",
    "do not add",
    "don't put",
    "do not put",
    "don't create",
    "do not create",
    "don't make a task",
    "don't make a reminder",
    "don't write down",
    "don't save",
];

/// What leads to another thought.
const TURNS: &[&str] = &[
    "actually",
    "wait",
    "no",
    "nope",
    "nah",
    "oh",
    "ah",
    "hm",
    "hmm",
    "oops",
    "...",
    "sorry",
    "please",
    "ok",
    "okay",
    "well",
    "and",
    "but",
    "so",
    "you know what",
    "hang on",
    "hold on",
    "i mean",
    "on second thought",
    "on second thoughts",
    "come to think of it",
];

/// Nothing is to be written down.
pub(crate) fn revoke(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    if (1..words.len()).any(|at| is_taken_back(words, at)) {
        return Some(Intent::No);
    }
    let said = turned(words);
    let starts_so = |phrases| said.begin_with_any(phrases).is_some();
    if starts_so(NO_TASK) {
        return Some(Intent::No);
    }
    speaks_against_reminding(said).then_some(Intent::Unknown)
}

/// Whether what begins at `at` takes back what is before it.
fn is_taken_back(words: Words<'_>, at: usize) -> bool {
    let clause = words.from(at);
    let rest = turned(clause);
    let turns = clause.len() - rest.len();
    // "Thanks, delete it" takes nothing back.
    const COURTESY: &[&str] = &[
        "thanks",
        "thank you",
        "great",
        "perfect",
        "good",
        "cool",
        "hi",
        "hello",
        "hey",
        "alright",
        "right",
    ];
    if words.first(at).are_any(COURTESY) {
        return false;
    }
    let before = words.get(at - 1);
    let is_apart = words.closed_after(at) || is_dash(before) || before == "...";
    if rest.is_empty() {
        // "…, no", "… wait no".
        let says_no =
            (0..clause.len()).any(|word| matches!(clause.get(word), "no" | "nope" | "nah"));
        return says_no && (is_apart || turns > 1 || clause.get(0) == "nah");
    }
    let takes_back = rest.are_any(TAKES_BACK)
        || clause.are_any(TAKES_BACK)
        || (rest.begin_with_any(NO_REMINDER).is_some() && !is_a_new_wish(rest));
    let is_plain = rest.are_any(&["never mind", "nevermind", "nvm"]);
    let is_mine = rest.get(0).starts_with('i') && rest.get(0) != "it's" && rest.get(0) != "it";
    if (turns > 0 || (is_apart && is_mine)) && rest.are_any(DONE_ALREADY) {
        return true;
    }
    takes_back && (is_apart || turns > 0 || is_plain)
}

/// "Call mom, and don't remind me of the dentist" is about two things.
fn is_a_new_wish(words: Words<'_>) -> bool {
    let length = words.begin_with_any(NO_REMINDER).unwrap_or(0);
    let rest = words.from(length);
    let ends = ["", "of", "about", "to", "for"].contains(&rest.get(0));
    let is_pronoun = |word: &str| {
        matches!(
            word,
            "" | "it" | "that" | "this" | "anymore" | "again" | "please"
        )
    };
    !(ends && is_pronoun(rest.get(1)) || is_pronoun(rest.get(0)))
}

/// `words` behind what only leads to them.
fn turned(words: Words<'_>) -> Words<'_> {
    let mut rest = words;
    while let Some(length) = rest.begin_with_any(TURNS) {
        rest = rest.from(length);
    }
    rest
}

/// "I don't mind if you never remind me about the gym": whatever is meant, it is no wish to be reminded.
fn speaks_against_reminding(words: Words<'_>) -> bool {
    // "Don't forget to remind me" asks for it.
    const WISHES: &[&str] = &["forget", "fail", "hesitate", "let", "remember"];
    const WITHIN: usize = 5;
    (0..words.len()).any(|at| {
        let is_no = matches!(
            words.get(at),
            "don't"
                | "never"
                | "not"
                | "won't"
                | "needn't"
                | "shouldn't"
                | "cannot"
                | "can't"
                | "stop"
                | "without"
        );
        let behind = (at + 1..(at + 1 + WITHIN).min(words.len())).map(|at| words.get(at));
        let mut before_it = behind.clone().take_while(|word| !is_reminding(word));
        is_no && behind.clone().any(is_reminding) && !before_it.any(|word| WISHES.contains(&word))
    })
}

fn is_reminding(word: &str) -> bool {
    matches!(
        word,
        "remind" | "reminding" | "reminded" | "reminder" | "reminders"
    )
}
