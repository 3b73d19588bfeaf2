//! Priorities.

use domain::Priority;

use crate::phrases::priority as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::lexicon::{lookup, number};
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// `!1`, `p2`, `!high`, "high priority", "urgent", `!!`.
pub fn priority(words: Words<'_>, _: &Reading) -> Option<Match> {
    let (length, priority, weight) = sign(words)
        .or_else(|| numbered(words))
        .or_else(|| graded(words))
        .or_else(|| adjective(words))?;
    Some(Match {
        words: length,
        meaning: Meaning::Priority(priority),
        weight,
    })
}

type PriorityMatch = (usize, Priority, Weight);

fn sign(words: Words<'_>) -> Option<PriorityMatch> {
    let word = words.get(0);
    let level = match word {
        "!!!" => 1,
        "!!" => 2,
        _ => {
            if let Some(priority) = word.strip_prefix('!').and_then(grade) {
                return Some((1, priority, Weight::Firm));
            }
            let level = word.strip_prefix('!').or_else(|| word.strip_prefix('p'))?;
            match level {
                "1" | "2" | "3" | "4" => u64::from(number(level)?),
                _ => return None,
            }
        }
    };
    Some((1, Priority::parse(level).ok()?, Weight::Firm))
}

/// "priority 1", "prio 2", "with priority 3".
fn numbered(words: Words<'_>) -> Option<PriorityMatch> {
    let lead = words.begin_with_any(phrases::NUMBERED_LEADS)?;
    let level = match words.get(lead) {
        word if grade(word).is_some() => grade(word)?,
        word => Priority::parse(number(word)?.into()).ok()?,
    };
    Some((lead + 1, level, Weight::Firm))
}

/// "high priority", "with top priority".
fn graded(words: Words<'_>) -> Option<PriorityMatch> {
    let lead = words.skip_any(phrases::GRADED_LEADS);
    let grade = grade(words.get(lead))?;
    let prio = matches!(words.get(lead + 1), "priority" | "prio" | "importance");
    prio.then_some((lead + 2, grade, Weight::Loose))
}

/// What goes before "priority".
pub fn grade(word: &str) -> Option<Priority> {
    lookup(phrases::GRADES, word)
}

/// "urgent", "it's important", where it describes nothing else.
fn adjective(words: Words<'_>) -> Option<PriorityMatch> {
    let lead = words.skip_any(phrases::ADJECTIVE_LEADS);
    let priority = lookup(phrases::ADJECTIVES, words.get(lead))?;
    Some((lead + 1, priority, Weight::Edge))
}
