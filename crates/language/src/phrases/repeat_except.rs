//! The phrases of `matchers/repeat/except`.

/// What stands before the days that a recurrence leaves out.
pub(crate) const EXCEPT: &[&str] = &[
    "except",
    "except on",
    "except for",
    "excepting",
    "excluding",
    "but not",
    "but not on",
    "apart from",
    "other than",
    "besides",
    "not on",
    "not",
    "and not",
    "and not on",
    "without",
];

/// What a "but" behind it takes days out of: "any day but friday".
pub(crate) const BEFORE_BUT: &[&str] = &[
    "day",
    "days",
    "daily",
    "week",
    "weekday",
    "weekdays",
    "workday",
    "workdays",
    "morning",
    "evening",
    "night",
    "afternoon",
];
