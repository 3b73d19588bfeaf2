//! Which task is meant: "it", "number 2", "everything due today", or by its own words.

use language::vocabulary::lexicon::{self, digits, ordinal};
use language::vocabulary::token::Words;

use super::list;
use crate::intent::message::Message;
use crate::intent::vocabulary::Target;

const LAST: &[&str] = &[
    "it",
    "that",
    "this",
    "that one",
    "this one",
    "the last one",
    "the last task",
    "that task",
    "this task",
    "the task",
    "them",
    "those",
    "these",
    "the same",
    "it all",
    "this reminder",
    "that reminder",
    "the reminder",
    "last one",
    "the last",
    "the date",
    "the due date",
    "the time",
    "the deadline",
];

const BEFORE: &[&str] = &[
    "the task to",
    "the task called",
    "the task about",
    "the task",
    "task",
    "my task",
    "the reminder to",
    "the reminder for",
    "the reminder about",
    "the reminder",
    "my reminder to",
    "my reminder for",
    "my reminder",
    "reminder to",
    "reminder for",
    "the to-do",
    "the todo",
    "todo",
    "about",
    "the item",
];

const BEHIND: &[&str] = &[
    "task",
    "reminder",
    "item",
    "todo",
    "to-do",
    "from my list",
    "off my list",
    "from the list",
    "off the list",
    "on my list",
    "from my to-do list",
    "from my todo list",
    "off my to-do list",
    "from my tasks",
    "from my todos",
    "off",
    "anymore",
    "any more",
    "any longer",
];

/// The task or tasks that `words` mean; `None` when there are no words.
pub(crate) fn target(message: &Message<'_>, words: Words<'_>) -> Option<Target> {
    if words.is_empty() {
        return None;
    }
    if words.are_any(LAST) {
        return Some(Target::Last);
    }
    if let Some(number) = number(words) {
        return Some(Target::Number(number));
    }
    if let Some(query) = list::everything(message, words) {
        return Some(Target::All(query));
    }
    let named = words.without(BEFORE, BEHIND);
    if named.are_any(LAST) {
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
    const LEADS: &[&str] = &[
        "number",
        "no",
        "nr",
        "the",
        "task",
        "task number",
        "item",
        "option",
        "item number",
    ];
    let lead = words.skip_any(LEADS);
    let rest = words.from(lead);
    let word = rest.get(0);
    let tail = rest.from(1).skip_any(&[
        "one",
        "task",
        "item",
        "on the list",
        "in the list",
        "of them",
    ]);
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
