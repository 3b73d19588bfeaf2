//! The phrases of `matchers/priority`.

use domain::Priority;

/// What stands before "priority", or behind `!`.
pub(crate) const GRADES: &[(&str, Priority)] = &[
    ("urgent", Priority::URGENT),
    ("top", Priority::URGENT),
    ("highest", Priority::URGENT),
    ("critical", Priority::URGENT),
    ("high", Priority::HIGH),
    ("important", Priority::HIGH),
    ("medium", Priority::MEDIUM),
    ("normal", Priority::MEDIUM),
    ("moderate", Priority::MEDIUM),
    ("low", Priority::NONE),
    ("lowest", Priority::NONE),
    ("no", Priority::NONE),
];

/// Words that are a priority by themselves, where they describe nothing else.
pub(crate) const ADJECTIVES: &[(&str, Priority)] = &[
    ("asap", Priority::URGENT),
    ("urgent", Priority::URGENT),
    ("urgently", Priority::URGENT),
    ("important", Priority::HIGH),
];

/// What stands before the number or grade of a priority: "priority 1".
pub(crate) const NUMBERED_LEADS: &[&str] = &[
    "priority",
    "prio",
    "with priority",
    "at priority",
    "priority:",
];

/// What may stand before "high priority".
pub(crate) const GRADED_LEADS: &[&str] = &["with", "with a", "as", "as a", "it's", "it's a"];

/// What may stand before "urgent" and the like.
pub(crate) const ADJECTIVE_LEADS: &[&str] = &[
    "it's",
    "it is",
    "this is",
    "that's",
    "it's very",
    "it's really",
    "this is very",
    "very",
    "super",
];
