//! The phrases of `readers/change`.

/// What stands before a task that is to come no more.
pub(crate) const ONCE_FRONTS: &[&str] = &[
    "stop repeating",
    "don't repeat",
    "do not repeat",
    "never repeat",
    "stop the recurrence of",
    "remove the recurrence from",
    "remove the recurrence of",
    "remove the repeat from",
    "stop recurring",
    "no longer repeat",
];

/// What stands behind a task that is to come no more.
pub(crate) const ONCE_ENDS: &[&str] = &[
    "no longer repeats",
    "doesn't repeat",
    "should not repeat",
    "shouldn't repeat",
    "not repeat",
    "stop repeating",
    "from repeating",
    "not recurring",
    "non-recurring",
    "a one-off",
    "one-time",
    "no longer recurs",
    "should stop repeating",
];

/// What may begin a message that makes a task come again.
pub(crate) const REPEAT_FRONTS: &[&str] = &["make", "repeat", "set", "change", "let", "have"];

/// What may stand between a task and how it comes again.
pub(crate) const REPEAT_JOINTS: &[&str] = &[
    "repeat",
    "repeats",
    "recur",
    "recurring",
    "should repeat",
    "should recur",
    "to repeat",
    "to recur",
    "to be",
    "to",
    "be",
    "repeating",
    "should be",
    "happen",
    "a",
];

/// What speaks of a task that is there where no verb begins the message: "the report should repeat …".
pub(crate) const REPEATING: &[&str] = &[
    "repeat",
    "repeats",
    "recur",
    "should",
    "recurring",
    "repeating",
];

/// What begins a message that puts a task on another list.
pub(crate) const LIST_FRONTS: &[&str] = &["move", "put", "file", "transfer", "change", "set"];

/// What may stand between a task and the list to which it goes.
pub(crate) const LIST_JOINTS: &[&str] = &["to", "in", "into", "on", "onto", "under"];

/// What stands between a task and its new labels behind "tag".
pub(crate) const LABEL_JOINTS: &[&str] = &["with", "as", "with the label", "with label"];

/// What begins a message that takes labels away.
pub(crate) const UNLABEL: &[&str] = &["remove", "take", "delete", "drop", "untag", "unlabel"];

/// What may stand before the names of labels.
pub(crate) const LABELS: &[&str] = &[
    "the label",
    "label",
    "the tag",
    "tag",
    "labels",
    "tags",
    "the labels",
    "the tags",
];

/// What stands before a task whose priority is named behind it.
pub(crate) const PRIORITY_OF: &[&str] = &[
    "set the priority of",
    "set priority of",
    "change the priority of",
    "change priority of",
    "make the priority of",
    "set the priority for",
    "set priority for",
    "set the priority on",
    "raise the priority of",
];

/// What begins a message that takes the priority away.
pub(crate) const NO_PRIORITY: &[&str] = &[
    "remove priority",
    "remove the priority",
    "clear the priority",
];

/// What may begin a message that ends with a priority: "make it urgent".
pub(crate) const PRIORITY_FRONTS: &[&str] = &["make", "set", "mark", "give", "change", "flag"];

/// What may stand between a task and its priority.
pub(crate) const PRIORITY_JOINTS: &[&str] = &[
    "as",
    "to",
    "is",
    "is now",
    "is very",
    "is really",
    "a",
    "is not",
    "isn't",
    "more",
    "less",
    "no longer",
    "not",
];

/// What says the contrary of the priority behind it.
pub(crate) const NOT_URGENT: &[&str] = &["isn't", "less", "no", "not"];
