//! The phrases of `decisions/correct`.

/// What stands between what was said and what is meant: "tomorrow, no wait, friday".
pub(crate) const TURNS: &[&str] = &[
    "no",
    "nope",
    "nah",
    "wait",
    "hang on",
    "hold on",
    "sorry",
    "actually",
    "or actually",
    "i mean",
    "i meant",
    "or rather",
    "make that",
    "make it",
    "scratch that",
    "strike that",
    "correction",
    "well",
    "on second thought",
    "on second thoughts",
];

/// What may stand beside one of them.
pub(crate) const BESIDE_A_TURN: &[&str] = &["oh", "ah", "um", "uh", "hm", "better", "..."];

/// What says of the second that it is the one: "monday, friday is better".
pub(crate) const BEHIND_A_TURN: &[&str] =
    &["is better", "works better", "would be better", "instead"];

/// What leads to a day or time that is put right, and is kept for the one that is meant: "on friday, no, saturday".
pub(crate) const LEADS: &[&str] = &["on", "at", "by", "for", "before", "after", "from", "until"];
