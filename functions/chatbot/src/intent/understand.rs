//! What a chat message wants: the readers, in their order, and a new task where none of them finds anything.

use language::vocabulary::context::Reading;
use language::vocabulary::token::tokens;
use language::{Context, corrected, quick_add};

use crate::intent::message::Message;
use crate::intent::readers::{
    answer, change, complete, delete, guard, list, postpone, rename, reopen, revoke, show,
};
use crate::intent::vocabulary::Intent;

/// Everything that finds a wish other than a new task, in this order: the more particular before the more general.
const READERS: [fn(&Message<'_>) -> Option<Intent>; 15] = [
    answer::answer,
    delete::unwanted,
    revoke::revoke,
    guard::guard,
    postpone::corrected,
    complete::alone,
    list::list,
    reopen::reopen,
    change::change,
    postpone::postpone,
    rename::rename,
    complete::complete,
    delete::delete,
    show::show,
    show::unanswerable,
];

/// Reads what `text` wants. What is no question, command or answer is a task to add.
#[must_use]
pub fn understand(text: &str, context: &Context) -> Intent {
    let characters: Vec<char> = text.chars().collect();
    let reading = Reading::new(context);
    let tokens = corrected(tokens(&characters), &reading);
    let Some(message) = Message::new(&characters, &tokens, &reading) else {
        return Intent::Unknown;
    };
    if let Some(intent) = READERS.iter().find_map(|reader| reader(&message)) {
        return match guard::is_of_no_task(&message, &intent) {
            true => Intent::Unknown,
            false => intent,
        };
    }
    let read = quick_add(text, context);
    // "Move the choir to the 31st of february" is no new task.
    match guard::begins_a_command(&message, &read) {
        true => Intent::Unknown,
        false => Intent::Add(Box::new(read)),
    }
}

/// Whether `text` is no new task, though nothing else was asked for: what it says is taken back in the same breath, or it is
/// about not being reminded.
#[must_use]
pub fn asks_for_nothing(text: &str, context: &Context) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let reading = Reading::new(context);
    let tokens = corrected(tokens(&characters), &reading);
    let message = Message::new(&characters, &tokens, &reading);
    message.is_some_and(|message| {
        delete::unwanted(&message).is_some() || revoke::revoke(&message).is_some()
    })
}
