//! Questions about one task, and questions that Nudge has no answer to.

use super::target::target;
use crate::intent::message::Message;
use crate::intent::phrases::show as phrases;
use crate::intent::vocabulary::Intent;

/// "when is the dentist?", "tell me about the report", "show me the dentist".
pub(crate) fn show(message: &Message<'_>) -> Option<Intent> {
    let length = message.words.begin_with_any(phrases::ASKING)?;
    let rest = message.words.from(length).without(&[], phrases::ENDS);
    // A number goes with the word before it: "show number 2".
    let back = usize::from(message.words.get(length - 1) == "number");
    let rest = if back > 0 {
        message.words.from(length - back)
    } else {
        rest
    };
    target(message, rest).map(Intent::Show)
}

/// A question that is no task.
pub(crate) fn unanswerable(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    let empty = (0..words.len()).all(|at| {
        !words.get(at).contains(char::is_alphanumeric)
            && words.token(at).is_some_and(|token| !token.quoted)
    });
    let asks = words.begin_with_any(phrases::QUESTIONS).is_some()
        || message.asks
            && words
                .begin_with_any(phrases::QUESTIONS_WITH_A_MARK)
                .is_some();
    (asks || empty).then_some(Intent::Unknown)
}
