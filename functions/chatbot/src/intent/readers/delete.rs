//! "Delete the dentist reminder", "forget about the report".

use language::vocabulary::token::Words;

use super::target::target;
use crate::intent::message::Message;
use crate::intent::vocabulary::{Intent, ListQuery, Target};

/// A task that is to go away.
pub(crate) fn delete(message: &Message<'_>) -> Option<Intent> {
    const CLEAR: &[&str] = &[
        "delete",
        "erase",
        "discard",
        "scrap",
        "forget about",
        "nevermind",
        "never mind",
        "never mind about",
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

/// A task of which nobody wants to hear: "don't remind me about the report". What is done already comes again when it is due.
pub(crate) fn unwanted(message: &Message<'_>) -> Option<Intent> {
    const FRONTS: &[&str] = &[
        "don't remind me",
        "do not remind me",
        "never remind me",
        "stop reminding me",
        "you don't need to remind me",
        "you don't have to remind me",
        "no need to remind me",
    ];
    const OF: &[&str] = &["about", "of", "to", "for"];
    const DONE: &[&str] = &[
        "i already",
        "i've already",
        "i have already",
        "it's already",
        "it's done",
        "already",
        "i did it",
        "i did that",
        "i just did",
    ];
    let words = message.words;
    let front = words.begin_with_any(FRONTS)?;
    let of = words.from(front).begin_with_any(OF)?;
    let rest = words.from(front + of);
    let joint =
        |at: usize| rest.closed_after(at) || matches!(rest.get(at), "because" | "since" | "as");
    let done = (1..rest.len()).filter(|at| joint(*at)).find_map(|at| {
        let because = rest.from(at).skip_any(&["because", "since", "as", "and"]);
        let is_done = rest.from(at + because).begin_with_any(DONE);
        is_done.map(|_| at)
    });
    match done {
        Some(at) => target(message, rest.first(at)).map(Intent::Complete),
        None => target(message, rest).map(Intent::Delete),
    }
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
