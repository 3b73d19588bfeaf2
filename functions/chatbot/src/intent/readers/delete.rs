//! "Delete the dentist reminder", "forget about the report".

use language::vocabulary::token::Words;

use super::target::target;
use crate::intent::message::Message;
use crate::intent::phrases::delete as phrases;
use crate::intent::vocabulary::{Intent, ListQuery, Target};

/// A task that is to go away.
pub(crate) fn delete(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    if words.are_any(phrases::DELETE_ALL) {
        return Some(Intent::Delete(Target::All(ListQuery::default())));
    }
    if let Some(length) = words.begin_with_any(phrases::DELETE) {
        return target(message, words.from(length)).map(Intent::Delete);
    }
    if let Some(rest) = taken_off(words) {
        return target(message, rest).map(Intent::Delete);
    }
    let length = words.begin_with_any(phrases::DELETE_OR_DO)?;
    let rest = words.from(length);
    let target = target(message, rest)?;
    let named = rest
        .end_with_any(phrases::LIST_TALK)
        .or(rest.begin_with_any(phrases::LIST_TALK))
        .is_some();
    let is_command = match target {
        Target::Words(_) => named || !(message.has_a_date() || is_of_the_world(words)),
        Target::Last | Target::Number(_) | Target::All(_) => true,
    };
    is_command.then_some(Intent::Delete(target))
}

/// A task of which nobody wants to hear: "don't remind me about the report". What is done already comes again when it is due.
pub(crate) fn unwanted(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    let front = words.begin_with_any(phrases::UNWANTED)?;
    let of = words.from(front).begin_with_any(phrases::OF)?;
    let rest = words.from(front + of);
    let joint =
        |at: usize| rest.closed_after(at) || matches!(rest.get(at), "because" | "since" | "as");
    let done = (1..rest.len()).filter(|at| joint(*at)).find_map(|at| {
        let because = rest.from(at).skip_any(&["because", "since", "as", "and"]);
        let is_done = rest
            .from(at + because)
            .begin_with_any(phrases::DONE_ALREADY);
        is_done.map(|_| at)
    });
    match done {
        Some(at) => target(message, rest.first(at)).map(Intent::Complete),
        None => target(message, rest).map(Intent::Delete),
    }
}

/// "take … off my list".
fn taken_off(words: Words<'_>) -> Option<Words<'_>> {
    let front = words.begin_with_any(&["take", "strike", "scratch"])?;
    let back = words.end_with_any(phrases::OFF_THE_LIST)?;
    (front + back < words.len()).then(|| words.first(words.len() - back).from(front))
}

/// "Cancel the subscription" happens somewhere else; "clear the table", too.
fn is_of_the_world(words: Words<'_>) -> bool {
    match words.get(0) {
        "cancel" => (1..words.len()).any(|at| phrases::CONTRACTS.contains(&words.get(at))),
        "clear" | "trash" => true,
        "forget" => words.get(1) == "to",
        _ => false,
    }
}
