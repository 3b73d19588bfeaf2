//! Messages that are an answer or small talk as a whole: "yes", "the second one", "thanks".

use super::message::Message;
use super::{Choice, Intent, target};
use crate::lexicon::{digits, number, ordinal};
use crate::token::Words;

const YES: &[&str] = &[
    "yes",
    "y",
    "yep",
    "yeah",
    "yup",
    "ya",
    "sure",
    "ok",
    "okay",
    "k",
    "of course",
    "do it",
    "go ahead",
    "correct",
    "right",
    "confirm",
    "confirmed",
    "absolutely",
    "exactly",
    "fine",
    "sounds good",
    "yes do it",
    "yes sure",
    "that's right",
    "please do",
    "yes go ahead",
    "👍",
];

const NO: &[&str] = &[
    "no",
    "n",
    "nope",
    "nah",
    "cancel",
    "never mind",
    "nevermind",
    "nvm",
    "stop",
    "abort",
    "don't",
    "no thanks",
    "no thank you",
    "leave it",
    "forget it",
    "not now",
    "none",
    "none of them",
    "neither",
    "keep it",
    "keep them",
    "no don't",
    "don't do it",
    "cancel that",
];

const UNDO: &[&str] = &[
    "undo",
    "undo that",
    "undo it",
    "undo this",
    "undo the last",
    "undo last",
    "undo the last one",
    "undo my last",
    "take that back",
    "take it back",
    "revert",
    "revert that",
    "oops",
    "oops undo",
    "undo the last change",
    "that was wrong",
    "undo last action",
    "bring it back",
    "scratch that",
];

const HELP: &[&str] = &[
    "help",
    "help me",
    "what can you do",
    "what can i do",
    "what can i say",
    "what can i ask",
    "how does this work",
    "how do i use this",
    "how do you work",
    "commands",
    "what do you do",
    "what are you",
    "who are you",
    "?",
    "/help",
    "usage",
    "what can you help me with",
    "what are the commands",
];

const GREETING: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "hey there",
    "hi there",
    "hello there",
    "good morning",
    "good evening",
    "good afternoon",
    "good day",
    "morning",
    "howdy",
    "yo",
    "greetings",
    "hi nudge",
    "hello nudge",
    "hey nudge",
    "what's up",
    "sup",
    "how are you",
    "how are you doing",
    "good night",
];

const THANKS: &[&str] = &[
    "thanks",
    "thank you",
    "thx",
    "ty",
    "cheers",
    "thanks a lot",
    "thank you very much",
    "thank you so much",
    "many thanks",
    "great thanks",
    "perfect thanks",
    "great",
    "perfect",
    "awesome",
    "nice",
    "cool",
    "thanks nudge",
    "thank u",
    "thanks that's all",
    "that's all",
    "good job",
    "well done",
    "nice work",
    "wow",
];

/// An answer, when the whole message is one.
pub(super) fn answer(message: &Message<'_>) -> Option<Intent> {
    const TALK: [(&[&str], Intent); 6] = [
        (YES, Intent::Yes),
        (NO, Intent::No),
        (UNDO, Intent::Undo),
        (HELP, Intent::Help),
        (GREETING, Intent::Greeting),
        (THANKS, Intent::Thanks),
    ];
    let words = message.words;
    TALK.into_iter()
        .find(|(phrases, _)| words.are_any(phrases))
        .map(|(_, intent)| intent)
        .or_else(|| begun(words))
        .or_else(|| choice(words).map(Intent::Choose))
        .or_else(|| the_one(words).then_some(Intent::Unknown))
}

/// "Yes, delete it", "no, keep them", "undo the last delete".
fn begun(words: Words<'_>) -> Option<Intent> {
    let is_short = words.len() <= 5;
    match words.get(0) {
        "yes" | "yeah" | "yep" if is_short && words.closed_after(1) => Some(Intent::Yes),
        "no" | "nope" if is_short && words.closed_after(1) => Some(Intent::No),
        "undo" if is_short && words.get(1) != "completing" => Some(Intent::Undo),
        _ => None,
    }
}

/// "the second", "2", "both", "1 and 3", "the last one".
fn choice(words: Words<'_>) -> Option<Choice> {
    const ALL: &[&str] = &[
        "both",
        "both of them",
        "all",
        "all of them",
        "all of these",
        "all of those",
        "every one",
        "everything",
        "all three",
        "both please",
        "them all",
    ];
    const LAST: &[&str] = &["the last one", "last one", "the last", "last"];
    if words.are_any(ALL) {
        return Some(Choice::All);
    }
    if words.are_any(LAST) {
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

/// "The dentist one": it chooses by words, which only the tasks in question can tell.
fn the_one(words: Words<'_>) -> bool {
    let ends = words.get(0) == "the" && words.end_with_any(&["one", "ones"]).is_some();
    words.len() > 2 && (ends || words.begin_with_any(&["the one", "the ones"]).is_some())
}
