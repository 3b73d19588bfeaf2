//! Goes through a text once and finds what means something.

use chrono::{NaiveDateTime, Weekday};
use domain::zone::Tz;
use domain::{Label, ListName, Priority};

use crate::token::Words;
use crate::{Context, clock, day, mark, priority, remind, repeat};

/// Everything that finds a meaning, the ones that need more words first.
const MATCHERS: [fn(Words<'_>, &Reading) -> Option<Match>; 9] = [
    mark::label,
    mark::list,
    priority::priority,
    remind::reminder,
    repeat::recurrence,
    repeat::basis,
    repeat::end,
    day::date,
    clock::time,
];

/// What matchers know of the person's clock and calendar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) now: NaiveDateTime,
    pub(crate) context: Context,
}

impl Reading {
    pub(crate) fn new(context: &Context) -> Self {
        Self {
            now: context.local(),
            context: *context,
        }
    }

    pub(crate) fn today(&self) -> chrono::NaiveDate {
        self.now.date()
    }

    pub(crate) fn zone(&self) -> Tz {
        self.context.zone
    }

    pub(crate) fn week_start(&self) -> Weekday {
        self.context.week_start
    }
}

/// What some words mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning {
    Label(Label),
    List(ListName),
    Priority(Priority),
    Reminder(remind::Said),
    Recurrence(repeat::Said),
    Basis,
    End(repeat::Until),
    Date(day::Said),
    Time(clock::Said),
}

/// What the words at some place mean, if they mean it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) words: usize,
    pub(crate) meaning: Meaning,
    pub(crate) weight: Weight,
}

/// What it takes for words to mean what they could mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Only directly behind a date or time: the 9 of "tomorrow 9".
    Beside,
    /// Only at the end of a thought, or where the text begins: "urgent".
    Edge,
    /// Unless it describes the word behind it: "Friday", but not "Friday paper".
    Loose,
    /// Wherever it stands.
    Firm,
}

/// A match at its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) at: usize,
    pub(crate) words: usize,
    pub(crate) meaning: Meaning,
    pub(crate) weight: Weight,
}

/// All that means something from word `begin` on, in order, without overlap.
pub(crate) fn scan(words: Words<'_>, begin: usize, reading: &Reading) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = begin;
    // Up to where every word means something.
    let mut covered = begin;
    while at < words.len() {
        let here = words.from(at);
        let previous = pieces.last().filter(|piece| piece.at + piece.words == at);
        let leads = covered == at;
        let found = MATCHERS
            .iter()
            .filter_map(|matcher| matcher(here, reading))
            .find(|found| stands(found, here, leads, previous, reading));
        match found {
            Some(Match {
                words,
                meaning,
                weight,
            }) if words > 0 => {
                pieces.push(Piece {
                    at,
                    words,
                    meaning,
                    weight,
                });
                at += words;
                covered = if leads { at } else { covered };
            }
            _ => at += 1,
        }
    }
    pieces
}

/// Whether a match may stand where it was found.
fn stands(
    found: &Match,
    here: Words<'_>,
    leads: bool,
    previous: Option<&Piece>,
    reading: &Reading,
) -> bool {
    let closed = here.closed_after(found.words);
    let beside = || {
        previous.is_some_and(|piece| matches!(piece.meaning, Meaning::Date(_) | Meaning::Time(_)))
    };
    match found.weight {
        Weight::Firm => true,
        Weight::Loose => leads || apart(here.from(found.words), closed, reading),
        Weight::Edge => closed || (beside() && apart(here.from(found.words), closed, reading)),
        Weight::Beside => beside() && apart(here.from(found.words), closed, reading),
    }
}

/// Whether the words behind a match begin something else, so that the match doesn't describe them.
fn apart(behind: Words<'_>, closed: bool, reading: &Reading) -> bool {
    closed
        || crate::lexicon::is_function_word(behind.get(0))
        || MATCHERS
            .iter()
            .filter_map(|matcher| matcher(behind, reading))
            .any(|next| {
                next.weight != Weight::Beside
                    && (next.weight != Weight::Edge || behind.closed_after(next.words))
            })
}
