//! Questions about one task, and questions that Nudge has no answer to.

use super::target::target;
use crate::intent::message::Message;
use crate::intent::vocabulary::Intent;

/// "when is the dentist?", "tell me about the report", "show me the dentist".
pub(crate) fn show(message: &Message<'_>) -> Option<Intent> {
    const ASKING: &[&str] = &[
        "when is",
        "when's",
        "whens",
        "when are",
        "when was",
        "when do i have to",
        "when do i have",
        "when do i need to",
        "when do i",
        "when should i",
        "when am i supposed to",
        "when will i",
        "when must i",
        "when did i",
        "when am i",
        "what time is",
        "what time do i have to",
        "what time do i",
        "at what time is",
        "what day is",
        "which day is",
        "what date is",
        "what about",
        "how about",
        "tell me about",
        "tell me more about",
        "details of",
        "details about",
        "details for",
        "show me the details of",
        "show me",
        "show the",
        "show my",
        "show number",
        "show task",
        "when is the next",
        "when's the next",
        "what's the due date of",
        "what is the due date of",
        "what is the date of",
        "what's the date of",
        "what's the status of",
        "what is the status of",
        "more about",
        "info on",
        "what is number",
        "what's number",
    ];
    const ENDS: &[&str] = &[
        "due",
        "again",
        "scheduled",
        "happening",
        "supposed to be",
        "on",
        "at",
    ];
    let length = message.words.begin_with_any(ASKING)?;
    let rest = message.words.from(length).without(&[], ENDS);
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
    const QUESTIONS: &[&str] = &[
        "what",
        "what's",
        "whats",
        "who",
        "who's",
        "why",
        "where",
        "where's",
        "which",
        "how do",
        "how does",
        "how is",
        "how are",
        "how can",
        "how old",
        "when",
        "whose",
        "tell me a",
        "tell me the",
    ];
    const WITH_A_MARK: &[&str] = &[
        "how", "is", "are", "am", "was", "do", "does", "did", "can", "could", "should", "would",
        "will", "have", "has",
    ];
    let words = message.words;
    let empty = (0..words.len()).all(|at| {
        !words.get(at).contains(char::is_alphanumeric)
            && words.token(at).is_some_and(|token| !token.quoted)
    });
    let asks = words.begin_with_any(QUESTIONS).is_some()
        || message.asks && words.begin_with_any(WITH_A_MARK).is_some();
    (asks || empty).then_some(Intent::Unknown)
}
