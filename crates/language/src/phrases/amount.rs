//! The phrases of `matchers/amount`.

use crate::vocabulary::lexicon::Unit;

/// Amounts that are said without a number of units.
pub(crate) const FIXED: &[(&str, (u32, Unit))] = &[
    ("half an hour", (30, Unit::Minute)),
    ("a half hour", (30, Unit::Minute)),
    ("half hour", (30, Unit::Minute)),
    ("an hour and a half", (90, Unit::Minute)),
    ("one and a half hours", (90, Unit::Minute)),
    ("a quarter of an hour", (15, Unit::Minute)),
    ("quarter of an hour", (15, Unit::Minute)),
    ("three quarters of an hour", (45, Unit::Minute)),
    ("a minute or two", (2, Unit::Minute)),
    ("half a day", (12, Unit::Hour)),
    ("half a year", (6, Unit::Month)),
    ("a fortnight", (14, Unit::Day)),
    ("a year and a half", (18, Unit::Month)),
];

/// Numbers of units in more than one word, and "few".
pub(crate) const VAGUE_NUMBERS: &[(&str, u32)] = &[
    ("a couple of", 2),
    ("a couple", 2),
    ("couple of", 2),
    ("a few", 3),
    ("few", 3),
];
