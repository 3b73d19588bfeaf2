//! Recurrence rules: RFC 5545 section 3.3.10 over dates.
//!
//! A rule says on which dates a task comes again. The wall-clock time and the zone live in the task's
//! [`Due`](crate::Due), so daylight saving time cannot shift an occurrence.

mod expand;
mod parse;
mod rule;
mod series;
mod simple;
#[cfg(test)]
mod tests;
mod words;

use crate::Due;

pub use expand::Occurrences;
pub use rule::{
    End, Frequency, MAX_COUNT, MAX_INTERVAL, MAX_RULE_BYTES, Rule, RuleError, Until, WeekdayNum,
};
pub use series::{Ahead, Here};
pub use simple::{SimpleKind, UnknownKind};

/// How a task comes again: the rule, and what the next date is counted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// The RFC 5545 rule.
    pub rule: Rule,
    /// What the next date is counted from.
    pub basis: Basis,
}

/// What the next date of a recurring task is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// The dates of the rule, wherever the person completes: "every Monday".
    #[default]
    Due,
    /// The date of completion: "3 days after I last watered the plants".
    Completion,
}

impl Recurrence {
    /// The recurrence of a task that is due so: an end that is a moment is the last date before it.
    #[must_use]
    pub fn dated(&self, due: &Due) -> Self {
        Self {
            rule: self.rule.dated(due.time, due.zone),
            basis: self.basis,
        }
    }
}
