//! The phrases of `matchers/remind`.

/// What asks for a reminder at a moment of its own, or so long before the task is due.
pub(crate) const LEADS: &[&str] = &[
    "remind me",
    "and remind me",
    "please remind me",
    "notify me",
    "and notify me",
    "alert me",
    "ping me",
    "reminder",
    "with a reminder",
    "with reminder",
    "and a reminder",
    "with reminders",
    "set a reminder",
    "set reminder",
    "and set a reminder",
    "reminder at",
    "remind me about it",
    "remind me of it",
    "with an alert",
    "nudge me",
    "and nudge me",
    "remind",
];

/// What says of an amount of time that it counts back from when the task is due: "10 minutes before".
pub(crate) const BEFORE_DUE: &[&str] = &[
    "before",
    "earlier",
    "beforehand",
    "in advance",
    "prior",
    "ahead",
    "ahead of time",
    "before it",
    "before that",
    "before it's due",
];
