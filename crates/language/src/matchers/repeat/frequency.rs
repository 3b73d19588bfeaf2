//! How often something comes again, in one word, and what is more often than days can say.

use domain::recurrence::Frequency;

use super::on;
use crate::phrases::repeat_frequency as phrases;
use crate::vocabulary::lexicon::{self, Unit, number, ordinal};
use crate::vocabulary::recurrence::{ParsedRecurrence, RecurrenceMatch};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// So many of such units, where a rule of days can say that.
pub(super) fn in_units(count: u32, unit: Unit) -> Option<ParsedRecurrence> {
    let (frequency, factor) = match unit {
        Unit::Second | Unit::Minute | Unit::Hour => return None,
        Unit::Day => (Frequency::Daily, 1),
        Unit::Week => (Frequency::Weekly, 1),
        Unit::Month => (Frequency::Monthly, 1),
        Unit::Quarter => (Frequency::Monthly, 3),
        Unit::Year => (Frequency::Yearly, 1),
    };
    let interval = u16::try_from(count.checked_mul(factor)?).ok()?;
    let allowed = (1..=domain::recurrence::MAX_INTERVAL).contains(&interval);
    allowed.then(|| ParsedRecurrence::plain(frequency, interval))
}

/// "daily", "weekly", "every day" in one word.
pub(super) fn adverb(words: Words<'_>) -> Option<RecurrenceMatch> {
    let (_, (count, unit)) = words.begin_with_one_of(phrases::ADVERBS)?;
    // "The daily news", "my weekly report": said of a thing, not of a time.
    let of_a_thing = phrases::OF_A_THING.contains(&words.before());
    let said = in_units(count, unit).filter(|_| !of_a_thing)?;
    let attached = on::attached(words.from(1), said.frequency).is_some();
    Some((
        1,
        said,
        if attached {
            Weight::Firm
        } else {
            Weight::Loose
        },
    ))
}

/// What cannot be a recurrence of days, for a note that says so: "every 2 hours", "twice a week".
pub fn beyond(words: Words<'_>) -> bool {
    let unit_at = match words.get(0) {
        "hourly" => return true,
        "every" | "each" => {
            let counts = phrases::COUNTING_UNITS.contains(&words.get(1))
                || number(words.get(1)).is_some()
                || ordinal(words.get(1)).is_some();
            1 + usize::from(counts)
                + words.from(2).skip_any(&["a", "an", "of"]) * usize::from(counts)
        }
        word => {
            let by_period = phrases::BEFORE_A_PERIOD.contains(&words.get(1));
            let is_period = |word: &str| lexicon::unit(word).is_some();
            return is_often(word)
                && ((by_period && is_period(words.get(2))) || adverb(words.from(1)).is_some());
        }
    };
    matches!(
        lexicon::unit(words.get(unit_at)),
        Some(Unit::Hour | Unit::Minute | Unit::Second)
    )
}

/// "twice", `3x`, and the end of "three times".
pub(super) fn is_often(word: &str) -> bool {
    let times = |word: &str| {
        word.strip_suffix('x')
            .is_some_and(|count| lexicon::digits(count).is_some())
    };
    matches!(word, "twice" | "thrice" | "times") || times(word)
}
