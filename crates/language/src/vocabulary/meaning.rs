//! What words mean: what every matcher returns.

use chrono::Weekday;
use domain::{Label, ListName, Priority};

use super::date::ParsedDate;
use super::recurrence::{ParsedEnd, ParsedRecurrence};
use super::reminder::ParsedReminder;
use super::time::ParsedTime;
use super::weight::Weight;

/// What some words mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// `#home`
    Label(Label),
    /// `@work`, "on my shopping list"
    List(ListName),
    /// `!1`, "urgent"
    Priority(Priority),
    /// "remind me at 8", "10 minutes before"
    Reminder(ParsedReminder),
    /// "every 2 weeks on Monday"
    Recurrence(ParsedRecurrence),
    /// "after I did it": a recurrence counts from when the task was done.
    Basis,
    /// "until June", "10 times": the end of a recurrence.
    End(ParsedEnd),
    /// "except sunday": what a recurrence leaves out.
    Except(Vec<Weekday>),
    /// "tomorrow", "on the 1st"
    Date(ParsedDate),
    /// "at 9", "noon"
    Time(ParsedTime),
}

/// What the words at some place mean, if they mean it.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// How many words mean it; at least one.
    pub words: usize,
    /// What they mean.
    pub meaning: Meaning,
    /// What it takes for them to mean that.
    pub weight: Weight,
}

/// A match at its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its first word, counted from 0.
    pub at: usize,
    /// How many words it has.
    pub words: usize,
    /// What they mean.
    pub meaning: Meaning,
    /// What it took for them to mean that.
    pub weight: Weight,
}
