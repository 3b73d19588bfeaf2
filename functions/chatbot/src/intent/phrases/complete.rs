//! The phrases of `readers/complete`.

/// What says when a task was done, behind it.
pub(crate) const WHEN: &[&str] = &[
    "yesterday",
    "today",
    "already",
    "just now",
    "this morning",
    "last night",
    "earlier",
    "earlier today",
    "finally",
    "tonight",
    "this afternoon",
    "this evening",
    "an hour ago",
    "last week",
    "a minute ago",
];

/// Messages that say that the task last spoken of is done.
pub(crate) const DONE: &[&str] = &[
    "done",
    "did it",
    "i did it",
    "i did that",
    "finished",
    "completed",
    "all done",
    "i'm done",
    "it's done",
    "that's done",
    "done with it",
    "done with that",
    "i've done it",
    "i have done it",
    "complete",
    "check",
    "✓",
    "✅",
    "i'm finished",
];

/// What stands before a task that is done.
pub(crate) const DONE_FRONTS: &[&str] = &[
    "done with",
    "i'm done with",
    "i am done with",
    "im done with",
    "finished with",
    "i'm finished with",
    "finished",
    "completed",
    "i finished",
    "i completed",
    "i've finished",
    "i have finished",
    "i've completed",
    "i have completed",
    "i just finished",
    "i just completed",
    "just finished",
    "just completed",
    "check off",
    "tick off",
    "cross off",
    "cross out",
    "mark off",
    "strike off",
    "i did",
    "i've done",
    "i have done",
    "i just did",
    "i already did",
    "just did",
    "already did",
    "done",
    "✓",
    "✔",
    "✅",
    "i've already done",
];

/// What ends a message that begins with "mark".
pub(crate) const MARK_ENDS: &[&str] = &[
    "as done",
    "as complete",
    "as completed",
    "as finished",
    "done",
    "complete",
    "completed",
    "finished",
    "to done",
    "to completed",
    "to complete",
];

/// What ends a message that begins with "check" or the like.
pub(crate) const OFF_ENDS: &[&str] = &[
    "off",
    "off my list",
    "off the list",
    "off the to-do list",
    "off my to-do list",
];

/// What begins a message that takes a done task off the list: "tick … off".
pub(crate) const OFF_FRONTS: &[&str] = &["check", "tick", "cross", "strike", "mark"];

/// What stands behind a task that is done.
pub(crate) const DONE_ENDS: &[&str] = &[
    "is done",
    "are done",
    "is finished",
    "are finished",
    "is complete",
    "is completed",
    "is all done",
    "is taken care of",
    "is handled",
    "has been done",
    "was done",
    "done",
    "is done now",
    "is now done",
    "is sorted",
    "got done",
    "are completed",
    "is already done",
    "has been completed",
    "are complete",
    "✓",
    "✅",
];

/// What begins a question or wish rather than a report.
pub(crate) const QUESTION_FRONTS: &[&str] = &[
    "is", "are", "what", "what's", "which", "get", "have", "should", "must", "when",
];

/// What begins a task that ends like a report: "make sure the report is done".
pub(crate) const TASK_FRONTS: &[&str] = &[
    "i",
    "make sure",
    "we",
    "to",
    "remind me",
    "need",
    "ensure",
    "wait until",
    "check that",
    "check if",
];

/// What begins a command to complete a task.
pub(crate) const COMMANDS: &[&str] = &["complete", "close", "finish", "check"];

/// Who did it.
pub(crate) const SUBJECTS: &[&str] = &["i", "i've", "i have", "ive", "we", "we've"];

/// What may stand between who did it and the verb.
pub(crate) const ADVERBS: &[&str] = &["just", "already", "finally", "also", "now", "actually"];

/// What tells of something other than a task.
pub(crate) const TALES: &[&str] = &[
    "got a",
    "got an",
    "got to",
    "had to",
    "had a",
    "had an",
    "wanted to",
    "needed to",
];

/// What stands behind a verb, but not behind an adjective.
pub(crate) const OBJECTS: &[&str] = &[
    "the", "my", "a", "an", "it", "our", "that", "this", "his", "her", "all", "both", "them", "to",
    "with", "some",
];

/// Verbs in the past that are no adjectives.
pub(crate) const CLEAR_VERBS: &[&str] = &[
    "called", "emailed", "texted", "phoned", "messaged", "visited", "asked",
];
