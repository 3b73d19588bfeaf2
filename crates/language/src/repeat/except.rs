//! What a recurrence leaves out: "every day except sunday".

use chrono::Weekday;
use domain::recurrence::Frequency;

use super::{On, Said, on};
use crate::scan::{Match, Meaning, Reading, Weight};
use crate::token::Words;

const LEADS: &[&str] = &[
    "except",
    "except on",
    "except for",
    "excepting",
    "excluding",
    "but not",
    "but not on",
    "apart from",
    "other than",
    "besides",
    "not on",
    "not",
    "and not",
    "and not on",
    "without",
];

/// "except sunday", "but not on weekends". It means something only beside a recurrence.
pub(crate) fn except(words: Words<'_>, _: &Reading) -> Option<Match> {
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
pub(crate) fn lead(words: Words<'_>) -> Option<usize> {
    let is_behind_days = || {
        matches!(
            words.before(),
            "day"
                | "days"
                | "daily"
                | "week"
                | "weekday"
                | "weekdays"
                | "workday"
                | "workdays"
                | "morning"
                | "evening"
                | "night"
                | "afternoon"
        )
    };
    let but = || words.begin_with("but").filter(|_| is_behind_days());
    words.begin_with_any(LEADS).or_else(but)
}

impl Said {
    /// The same without these days, where a rule can say so and something is left.
    pub(crate) fn without(&self, days: &[Weekday]) -> Option<Self> {
        let all: Vec<Weekday> = match (self.frequency, &self.on) {
            (Frequency::Daily, On::Nothing) => {
                [on::WORKDAYS.as_slice(), &[Weekday::Sat, Weekday::Sun]].concat()
            }
            (Frequency::Weekly, On::Weekdays(all)) => all.clone(),
            _ => return None,
        };
        let left: Vec<Weekday> = all.into_iter().filter(|day| !days.contains(day)).collect();
        (self.interval == 1 && !left.is_empty()).then(|| Self {
            frequency: Frequency::Weekly,
            on: On::Weekdays(left),
            ..self.clone()
        })
    }
}
