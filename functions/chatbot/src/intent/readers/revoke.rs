//! Wishes that are taken back in the same breath, and reminders that nobody wants: "call mom at 6, no wait, don't".

use language::vocabulary::token::{Words, is_dash};

use crate::intent::message::Message;
use crate::intent::phrases::revoke as phrases;
use crate::intent::vocabulary::Intent;

/// Nothing is to be written down.
pub(crate) fn revoke(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    if (1..words.len()).any(|at| is_taken_back(words, at)) {
        return Some(Intent::No);
    }
    let said = turned(words);
    let starts_so = |phrases| said.begin_with_any(phrases).is_some();
    if starts_so(phrases::NO_TASK) {
        return Some(Intent::No);
    }
    speaks_against_reminding(said).then_some(Intent::Unknown)
}

/// Whether what begins at `at` takes back what is before it.
fn is_taken_back(words: Words<'_>, at: usize) -> bool {
    let clause = words.from(at);
    let rest = turned(clause);
    let turns = clause.len() - rest.len();
    if words.first(at).are_any(phrases::COURTESY) {
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
    let takes_back = rest.are_any(phrases::TAKES_BACK)
        || clause.are_any(phrases::TAKES_BACK)
        || (rest.begin_with_any(phrases::NO_REMINDER).is_some() && !is_a_new_wish(rest));
    let is_plain = rest.are_any(&["never mind", "nevermind", "nvm"]);
    let is_mine = rest.get(0).starts_with('i') && rest.get(0) != "it's" && rest.get(0) != "it";
    if (turns > 0 || (is_apart && is_mine)) && rest.are_any(phrases::DONE_ALREADY) {
        return true;
    }
    takes_back && (is_apart || turns > 0 || is_plain)
}

/// "Call mom, and don't remind me of the dentist" is about two things.
fn is_a_new_wish(words: Words<'_>) -> bool {
    let length = words.begin_with_any(phrases::NO_REMINDER).unwrap_or(0);
    let rest = words.from(length);
    let ends = ["", "of", "about", "to", "for"].contains(&rest.get(0));
    let is_pronoun = |word: &str| phrases::PRONOUNS.contains(&word);
    !(ends && is_pronoun(rest.get(1)) || is_pronoun(rest.get(0)))
}

/// `words` behind what only leads to them.
fn turned(words: Words<'_>) -> Words<'_> {
    let mut rest = words;
    while let Some(length) = rest.begin_with_any(phrases::TURNS) {
        rest = rest.from(length);
    }
    rest
}

/// "I don't mind if you never remind me about the gym": whatever is meant, it is no wish to be reminded.
fn speaks_against_reminding(words: Words<'_>) -> bool {
    const WITHIN: usize = 5;
    (0..words.len()).any(|at| {
        let is_no = phrases::NEGATIONS.contains(&words.get(at));
        let behind = (at + 1..(at + 1 + WITHIN).min(words.len())).map(|at| words.get(at));
        let mut before_it = behind.clone().take_while(|word| !is_reminding(word));
        is_no
            && behind.clone().any(is_reminding)
            && !before_it.any(|word| phrases::WISHES.contains(&word))
    })
}

fn is_reminding(word: &str) -> bool {
    phrases::REMINDING.contains(&word)
}
