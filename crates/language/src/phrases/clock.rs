//! The phrases of `matchers/clock`.

/// What leads to a time.
pub(crate) const LEADS: &[&str] = &[
    "at",
    "@",
    "by",
    "around",
    "before",
    "after",
    "from",
    "for",
    "at around",
    "at about",
    "at exactly",
    "due at",
    "due by",
    "no later than",
    "starting at",
];

/// What leads to a part of the day that stands alone: "in the morning".
pub(crate) const PART_LEADS: &[&str] =
    &["in the", "at", "by the", "first thing in the", "during the"];

/// Times that have a name: the hour of the day.
pub(crate) const NAMED: &[(&str, u32)] = &[
    ("eod", 18),
    ("cob", 18),
    ("end of day", 18),
    ("end of the day", 18),
    ("the end of the day", 18),
    ("close of business", 18),
    ("end of business", 18),
    ("noon", 12),
    ("midday", 12),
    ("midnight", 0),
];
