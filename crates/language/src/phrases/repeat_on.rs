//! The phrases of `matchers/repeat/on`.

/// What may follow the days of a month behind "every".
pub(crate) const OF_A_MONTH: &[&str] = &[
    "of the month",
    "of each month",
    "of every month",
    "in the month",
    "of a month",
];

/// What leads from a unit to its days: "every week on monday".
pub(crate) const ATTACHED_LEADS: &[&str] = &["on", "on every", "in", "every", "at", "by", "from"];

/// What may follow the days of a month behind "monthly".
pub(crate) const OF_THE_MONTH: &[&str] = &["of the month", "of each month", "of month"];

/// Monday to Friday, in two words.
pub(crate) const WORKDAYS: &[&str] = &[
    "business day",
    "working day",
    "week day",
    "work day",
    "business days",
    "working days",
];

/// What leads from the first day of a range to its last.
pub(crate) const TO: &[&str] = &["to", "through", "thru", "-", "–"];

/// One of Monday to Friday: "the first workday".
pub(crate) const WORKDAY: &[&str] = &[
    "workday",
    "weekday",
    "working day",
    "business day",
    "work day",
];
