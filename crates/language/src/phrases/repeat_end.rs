//! The phrases of `matchers/repeat/end`.

/// What stands before the last day of a recurrence.
pub(crate) const UNTIL: &[&str] = &[
    "until",
    "till",
    "til",
    "'til",
    "through",
    "thru",
    "ending",
    "ending on",
    "up to",
    "and ends on",
    "until the",
    "up until",
];

/// What may stand before "10 times".
pub(crate) const TIMES_LEADS: &[&str] = &["for", "for the next", "the next", "only"];
