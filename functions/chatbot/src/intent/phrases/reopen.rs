//! The phrases of `readers/reopen`.

/// What begins a message that opens a task again.
pub(crate) const REOPEN: &[&str] = &[
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

/// What says that the task behind it was not done.
pub(crate) const DENIALS: &[&str] = &[
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

/// What says that the task before it was not done.
pub(crate) const NOT_DONE: &[&str] = &[
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
