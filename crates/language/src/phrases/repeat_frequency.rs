//! The phrases of `matchers/repeat/frequency`.

use crate::vocabulary::lexicon::Unit;

/// Recurrences in one word: every so many of a unit.
pub(crate) const ADVERBS: &[(&str, (u32, Unit))] = &[
    ("daily", (1, Unit::Day)),
    ("everyday", (1, Unit::Day)),
    ("weekly", (1, Unit::Week)),
    ("biweekly", (2, Unit::Week)),
    ("bi-weekly", (2, Unit::Week)),
    ("fortnightly", (2, Unit::Week)),
    ("monthly", (1, Unit::Month)),
    ("bimonthly", (2, Unit::Month)),
    ("bi-monthly", (2, Unit::Month)),
    ("quarterly", (3, Unit::Month)),
    ("semiannually", (6, Unit::Month)),
    ("half-yearly", (6, Unit::Month)),
    ("biannually", (6, Unit::Month)),
    ("yearly", (1, Unit::Year)),
    ("annually", (1, Unit::Year)),
    ("biennially", (2, Unit::Year)),
];

/// What makes "daily" a word about a thing: "the daily news", "my weekly report".
pub(crate) const OF_A_THING: &[&str] = &["the", "a", "my", "our", "your", "his", "her", "their"];

/// What may stand between "every" and hours or minutes, beside numbers.
pub(crate) const COUNTING_UNITS: &[&str] = &["other", "half", "single", "few", "couple"];

/// What stands between "twice" and a period.
pub(crate) const BEFORE_A_PERIOD: &[&str] = &["a", "an", "per", "each", "every", "the"];
