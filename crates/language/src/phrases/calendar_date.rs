//! The phrases of `matchers/calendar_date`.

/// What stands before a month and means its last day.
pub(crate) const END_OF: &[&str] = &["end of", "the end of", "late", "the last day of"];

/// What stands before a month and means its first day.
pub(crate) const START_OF: &[&str] = &[
    "start of",
    "the start of",
    "beginning of",
    "the beginning of",
    "early",
    "first of",
];

/// What stands before a month that is a date by itself: "by june".
pub(crate) const BEFORE_A_MONTH: &[&str] = &[
    "by",
    "before",
    "until",
    "in",
    "due",
    "starting",
    "beginning",
    "start",
];

/// The last day of this month.
pub(crate) const LAST_DAY: &[&str] = &["the last day of the month", "last day of the month"];

/// Where in America people write the day before the month, as their zones are called.
pub(crate) const DAY_FIRST_PLACES: &[&str] = &[
    "Argentina",
    "Sao_Paulo",
    "Bogota",
    "Lima",
    "Santiago",
    "Mexico",
    "Caracas",
    "Montevideo",
    "La_Paz",
];

/// Days that everybody knows by name: month and day.
pub(crate) const HOLIDAYS: &[(&str, (u32, u32))] = &[
    ("christmas", (12, 25)),
    ("christmas day", (12, 25)),
    ("christmas eve", (12, 24)),
    ("new year's eve", (12, 31)),
    ("new year's day", (1, 1)),
    ("new year", (1, 1)),
    ("valentine's day", (2, 14)),
    ("halloween", (10, 31)),
];
