//! "Reopen the report", "I haven't called mom after all".

use super::target::target;
use crate::intent::message::Message;
use crate::intent::vocabulary::Intent;

/// A task that is to be open again.
pub(crate) fn reopen(message: &Message<'_>) -> Option<Intent> {
    const COMMANDS: &[&str] = &[
        "reopen",
        "re-open",
        "uncomplete",
        "un-complete",
        "uncheck",
        "untick",
        "unmark",
        "restore",
        "bring back",
        "undo completing",
        "undelete",
    ];
    const DENIALS: &[&str] = &[
        "i haven't done",
        "i haven't finished",
        "i have not done",
        "i have not finished",
        "i didn't do",
        "i didn't finish",
        "i did not do",
        "i did not finish",
        "i haven't",
        "i have not",
        "i didn't",
        "i did not",
        "i havent",
        "i didnt",
    ];
    const NOT_DONE: &[&str] = &[
        "isn't done",
        "is not done",
        "isn't finished",
        "is not finished",
        "isn't complete",
        "is not complete",
        "isn't completed",
        "is not completed",
        "as not done",
        "as undone",
        "as incomplete",
        "as open",
        "as not completed",
        "as todo",
        "not done",
        "undone",
        "wasn't done",
        "as unfinished",
        "is still open",
        "isnt done",
        "as to do",
        "as not finished",
    ];
    let words = message
        .words
        .without(&[], &["yet", "after all", "actually"]);
    if let Some(length) = words
        .begin_with_any(COMMANDS)
        .or(words.begin_with_any(DENIALS))
    {
        return target(message, words.from(length)).map(Intent::Reopen);
    }
    let length = words.end_with_any(NOT_DONE)?;
    let front = words.skip_any(&["mark", "set"]);
    let rest = words.first(words.len() - length).from(front);
    target(message, rest).map(Intent::Reopen)
}
