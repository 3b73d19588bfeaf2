//! "Delete the dentist reminder", "forget about the report".

use super::message::Message;
use super::target::target;
use super::{Intent, ListQuery, Target};
use crate::token::Words;

/// A task that is to go away.
pub(super) fn delete(message: &Message<'_>) -> Option<Intent> {
    const CLEAR: &[&str] = &[
        "delete",
        "erase",
        "discard",
        "scrap",
        "forget about",
        "nevermind",
        "never mind",
        "never mind about",
        "don't remind me about",
        "don't remind me to",
        "don't remind me of",
        "stop reminding me to",
        "stop reminding me about",
        "stop reminding me of",
        "i don't need to",
        "i no longer need to",
        "no need to",
    ];
    // Also things to do in the world: "cancel my gym membership on Friday", "remove the wallpaper tomorrow".
    const TWOFOLD: &[&str] = &["remove", "cancel", "get rid of", "forget", "clear", "trash"];
    const ALL: &[&str] = &[
        "clear my list",
        "clear the list",
        "clear my whole list",
        "clear my to-do list",
        "clear my todo list",
        "clear my tasks",
        "empty my list",
        "empty the list",
        "delete my list",
        "wipe my list",
        "start over",
    ];
    let words = message.words;
    if words.are_any(ALL) {
        return Some(Intent::Delete(Target::All(ListQuery::default())));
    }
    if let Some(length) = words.begin_with_any(CLEAR) {
        return target(message, words.from(length)).map(Intent::Delete);
    }
    if let Some(rest) = taken_off(words) {
        return target(message, rest).map(Intent::Delete);
    }
    let length = words.begin_with_any(TWOFOLD)?;
    let rest = words.from(length);
    let target = target(message, rest)?;
    let named = rest
        .end_with_any(LIST_TALK)
        .or(rest.begin_with_any(LIST_TALK))
        .is_some();
    let is_command = match target {
        Target::Words(_) => named || !(message.has_a_date() || is_of_the_world(words)),
        Target::Last | Target::Number(_) | Target::All(_) => true,
    };
    is_command.then_some(Intent::Delete(target))
}

/// Words that speak of the list rather than of the world.
const LIST_TALK: &[&str] = &[
    "the task",
    "task",
    "the reminder",
    "reminder",
    "reminders",
    "my reminder",
    "todo",
    "to-do",
    "from my list",
    "off my list",
    "from the list",
    "from my tasks",
    "from my to-do list",
    "from my todo list",
    "the reminder to",
    "the todo",
];

/// "take … off my list".
fn taken_off(words: Words<'_>) -> Option<Words<'_>> {
    let front = words.begin_with_any(&["take", "strike", "scratch"])?;
    let back = words.end_with_any(&[
        "off my list",
        "off the list",
        "off my to-do list",
        "from my list",
    ])?;
    (front + back < words.len()).then(|| words.first(words.len() - back).from(front))
}

/// "Cancel the subscription" happens somewhere else; "clear the table", too.
fn is_of_the_world(words: Words<'_>) -> bool {
    const CONTRACTS: &[&str] = &[
        "membership",
        "subscription",
        "trial",
        "account",
        "contract",
        "insurance",
        "booking",
        "reservation",
        "order",
        "flight",
        "flights",
        "hotel",
        "policy",
        "netflix",
        "spotify",
        "card",
        "service",
        "plan",
        "tickets",
        "ticket",
        "lease",
    ];
    match words.get(0) {
        "cancel" => (1..words.len()).any(|at| CONTRACTS.contains(&words.get(at))),
        "clear" | "trash" => true,
        "forget" => words.get(1) == "to",
        _ => false,
    }
}
