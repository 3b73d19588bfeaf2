//! The phrases of `matchers/repeat/recurrence`.

/// What may stand before a recurrence: "repeat every week".
pub(crate) const LEADS: &[&str] = &[
    "repeat",
    "repeating",
    "repeats",
    "and repeat",
    "recurring",
    "and repeat it",
    "repeat it",
];

/// What begins a recurrence by its unit or its days.
pub(crate) const EVERY: &[&str] = &[
    "every",
    "each",
    "on every",
    "on each",
    "every single",
    "in every",
];

/// What follows a day of every month.
pub(crate) const EVERY_MONTH: &[&str] = &[
    "of every month",
    "of each month",
    "every month",
    "each month",
];

/// What leads from a first weekday to a last one, so that both are a stay and no habit.
pub(crate) const RANGE: &[&str] = &["to", "till", "until", "through", "-", "–"];

/// What makes a habit of the weekday before it: "monday mornings".
pub(crate) const PARTS: &[&str] = &["mornings", "afternoons", "evenings", "nights"];

/// What begins a recurrence that comes once in a period.
pub(crate) const ONCE: &[&str] = &["once a", "once per", "once an", "once"];

/// What says that a recurrence counts from when the task was done.
pub(crate) const COMPLETIONS: &[&str] = &[
    "after completion",
    "from completion",
    "after completing",
    "after completing it",
    "after i complete it",
    "after i completed it",
    "after i did it",
    "after i do it",
    "after i last did it",
    "after i've done it",
    "after doing it",
    "after it's done",
    "after it is done",
    "after it's completed",
    "after i finish",
    "after i finish it",
    "after i finished it",
    "after finishing",
    "after finishing it",
    "after the last time",
    "since the last time",
    "since i last did it",
    "when done",
    "once done",
    "after i'm done",
    "after done",
];
