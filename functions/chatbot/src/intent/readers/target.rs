//! Which task is meant: "it", "number 2", "everything due today", or by its own words.

use language::vocabulary::lexicon::{self, digits, ordinal};
use language::vocabulary::token::Words;

use super::list;
use crate::intent::message::Message;
use crate::intent::phrases::target as phrases;
use crate::intent::vocabulary::Target;

/// The task or tasks that `words` mean; `None` when there are no words.
pub(crate) fn target(message: &Message<'_>, words: Words<'_>) -> Option<Target> {
    if words.is_empty() {
        return None;
    }
    if words.are_any(phrases::LAST) {
        return Some(Target::Last);
    }
    if let Some(number) = number(words) {
        return Some(Target::Number(number));
    }
    if let Some(query) = list::everything(message, words) {
        return Some(Target::All(query));
    }
    let named = words.without(phrases::BEFORE, phrases::BEHIND);
    if named.are_any(phrases::LAST) {
        return Some(Target::Last);
    }
    if let Some(number) = number(named).filter(|_| named.len() < words.len()) {
        return Some(Target::Number(number));
    }
    Some(Target::Words(message.written(named)))
}

/// The task that is meant when none is named: the one last spoken of.
pub(crate) fn target_or_last(message: &Message<'_>, words: Words<'_>) -> Target {
    target(message, words).unwrap_or(Target::Last)
}

/// "2", "number 2", "#2", "the second one".
pub(crate) fn number(words: Words<'_>) -> Option<usize> {
    let lead = words.skip_any(phrases::NUMBER_LEADS);
    let rest = words.from(lead);
    let word = rest.get(0);
    let tail = rest.from(1).skip_any(phrases::NUMBER_TAILS);
    if rest.len() != 1 + tail {
        return None;
    }
    let spelt = lexicon::number(word).filter(|_| lead > 0 && word.len() > 2);
    let number = match digits(word.strip_prefix('#').unwrap_or(word)).or(spelt) {
        Some(number) => number,
        None => ordinal(word).filter(|_| lead > 0 || tail > 0 || word.len() > 3)?,
    };
    usize::try_from(number)
        .ok()
        .filter(|number| (1..=200).contains(number))
}
