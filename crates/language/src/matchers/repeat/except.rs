//! What a recurrence leaves out: "every day except sunday".

use super::on;

use crate::phrases::repeat_except as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// "except sunday", "but not on weekends". It means something only beside a recurrence.
pub fn except(words: Words<'_>, _: &Reading) -> Option<Match> {
    let lead = lead(words)?;
    let the = words.from(lead).skip_any(&["the", "every", "any"]);
    let (length, days) = on::weekdays(words.from(lead + the))?;
    Some(Match {
        words: lead + the + length,
        meaning: Meaning::Except(days),
        weight: Weight::Firm,
    })
}

/// How many words say that something is left out. "Any day but friday", too, but only behind a day.
pub fn lead(words: Words<'_>) -> Option<usize> {
    let is_behind_days = || phrases::BEFORE_BUT.contains(&words.before());
    let but = || words.begin_with("but").filter(|_| is_behind_days());
    words.begin_with_any(phrases::EXCEPT).or_else(but)
}
