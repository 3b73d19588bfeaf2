//! The phrases of `decisions/whole`.

/// What ties words of the calendar together.
pub(crate) const TIES: &[&str] = &[
    "and",
    "and on",
    "and the",
    "and on the",
    "or",
    "or on",
    "to",
    "till",
    "until",
    "through",
    "-",
    "–",
    "of",
    "of the",
    "in",
    "in the",
    "after",
    "after the",
    "before",
    "before the",
];

/// What stands between two days of which a task can have one: "monday or tuesday".
pub(crate) const BETWEEN_DAYS: &[&str] = &[
    "and", "and on", "or", "or on", "to", "till", "until", "through", "-", "–",
];

/// What leads from a first day to a last one.
pub(crate) const UP_TO: &[&str] = &["to", "till", "until", "through", "-", "–"];

/// What may stand before a day beside a recurrence.
pub(crate) const BEFORE_A_DAY: &[&str] =
    &["on", "on the", "the", "by", "by the", "from", "for", "due"];

/// What stands before the second of two days, of which only the second was understood.
pub(crate) const BEFORE_A_SECOND_DAY: &[&str] =
    &["to", "and", "&", "or", "till", "until", "-", "–"];

/// What counts a day from another one: "the day before christmas".
pub(crate) const FROM_ANOTHER_DAY: &[&str] = &["after", "before", "of", "in", "following"];

/// Short names of time zones.
pub(crate) const ZONES: &[&str] = &[
    "utc", "gmt", "z", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "cet", "cest",
    "bst", "ist", "jst", "kst", "msk", "eet", "eest", "wet", "west", "akst", "hst", "aest", "aedt",
    "acst", "awst", "nzst", "nzdt", "sgt", "hkt",
];

/// Places whose time is that of another zone when "time" follows, also where nobody writes a capital letter.
pub(crate) const PLACES: &[&str] = &[
    "eastern", "pacific", "central", "mountain", "london", "paris", "berlin", "tokyo", "york",
    "angeles", "uk", "us", "india", "china", "japan", "their", "server",
];

/// What stands before a day in a phrase that says it, so that the whole phrase is shown.
pub(crate) const BEFORE_A_DAY_SHOWN: &[&str] = &[
    "the", "on", "in", "last", "working", "business", "day", "weekend", "week",
];

/// Words of the calendar beside weekdays, months, years, ordinals and units.
pub(crate) const OF_THE_CALENDAR: &[&str] = &[
    "next",
    "tomorrow",
    "christmas",
    "easter",
    "thanksgiving",
    "halloween",
];
