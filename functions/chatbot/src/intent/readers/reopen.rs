//! "Reopen the report", "I haven't called mom after all".

use super::target::target;
use crate::intent::message::Message;
use crate::intent::phrases::reopen as phrases;
use crate::intent::vocabulary::Intent;

/// A task that is to be open again.
pub(crate) fn reopen(message: &Message<'_>) -> Option<Intent> {
    let words = message
        .words
        .without(&[], &["yet", "after all", "actually"]);
    if let Some(length) = words
        .begin_with_any(phrases::REOPEN)
        .or(words.begin_with_any(phrases::DENIALS))
    {
        return target(message, words.from(length)).map(Intent::Reopen);
    }
    let length = words.end_with_any(phrases::NOT_DONE)?;
    let front = words.skip_any(&["mark", "set"]);
    let rest = words.first(words.len() - length).from(front);
    target(message, rest).map(Intent::Reopen)
}
