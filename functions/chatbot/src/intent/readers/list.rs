//! "What's due today?", "show #work", and the tasks that such words stand for.

use language::matchers::{mark, priority};
use language::vocabulary::meaning::{Match, Meaning};
use language::vocabulary::token::Words;
use language::vocabulary::weight::Weight;

use super::period::period;
use crate::intent::message::Message;
use crate::intent::phrases::list as phrases;
use crate::intent::vocabulary::{Intent, ListQuery, Period};

/// A question for tasks.
pub(crate) fn list(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    if words.begin_with_any(&["what about", "how about"]).is_some() {
        return None;
    }
    let read = ParsedQuery::of(message, words);
    if read.rest.is_empty() {
        let asks = words
            .begin_with_any(phrases::ASKING)
            .or(words.begin_with_any(phrases::ASKING_FOR))
            .is_some();
        return (asks || read.is_only_a_filter(words)).then_some(Intent::List(read.query));
    }
    let asks_for = words.begin_with_any(phrases::ASKING_FOR).is_some()
        && (message.asks || read.named)
        || words.begin_with_any(phrases::ASKING_PLAINLY).is_some()
        || words.begin_with_any(phrases::ASKING).is_some()
            && (read.named || are_named_tasks(words));
    asks_for.then(|| {
        Intent::List(ListQuery {
            text: Some(read.rest.join(" ")),
            ..read.query
        })
    })
}

/// "list my work tasks": the tasks that have some word about them.
fn are_named_tasks(words: Words<'_>) -> bool {
    let shows = words.begin_with_any(phrases::SHOW);
    shows.is_some() && words.end_with_any(&["tasks", "todos", "to-dos"]).is_some()
}

/// "everything due today", "all my tasks", "the overdue ones": all that a list would show.
pub(crate) fn everything(message: &Message<'_>, words: Words<'_>) -> Option<ListQuery> {
    let is_all = words.begin_with_any(phrases::ALL).is_some();
    let is_plural = (0..words.len()).any(|at| phrases::PLURALS.contains(&words.get(at)));
    if !is_all && !is_plural {
        return None;
    }
    let read = ParsedQuery::of(message, words);
    (read.rest.is_empty() && (is_all || read.filters > 0)).then_some(read.query)
}

/// What a sentence says of the tasks it is about.
#[derive(Default)]
struct ParsedQuery {
    query: ListQuery,
    /// Words that say something else.
    rest: Vec<String>,
    /// Whether `rest` was introduced as what the tasks are about.
    named: bool,
    /// How many restrictions were found.
    filters: usize,
    /// Whether there is more than restrictions and the word "tasks".
    talks: bool,
    /// Whether it is about completed tasks.
    completed: bool,
}

impl ParsedQuery {
    fn of(message: &Message<'_>, words: Words<'_>) -> Self {
        let mut read = Self::default();
        let mut at = 0;
        while at < words.len() {
            let here = words.from(at);
            let step = if let Some(length) = here.begin_with_any(phrases::DONE) {
                read.completed = true;
                length
            } else if let Some(length) = read.filter(message, here) {
                length
            } else if let Some(length) = here
                .begin_with_any(phrases::ABOUT)
                .filter(|length| *length < here.len())
            {
                read.named = true;
                length
            } else if let Some(length) = here.begin_with_any(phrases::NOISE) {
                read.talks |= !phrases::NOUNS.contains(&here.get(0));
                length
            } else {
                read.rest.push(message.written(here.first(1)));
                1
            };
            at += step;
        }
        if read.completed {
            read.filters += 1;
            read.query.period = Period::Completed;
        }
        read
    }

    /// Takes one restriction from the front of `here`: how many words it has.
    fn filter(&mut self, message: &Message<'_>, here: Words<'_>) -> Option<usize> {
        let length = if let Some((length, period)) = period(message, here) {
            self.query.period = self.query.period.with(period, message.reading.today())?;
            length
        } else {
            let reading = message.reading;
            let found = mark::label(here, reading)
                .or_else(|| mark::list(here, reading))
                .or_else(|| priority::priority(here, reading))
                .or_else(|| label_by_name(here))
                .or_else(|| list_name_behind(here))?;
            match found.meaning {
                Meaning::Label(label) => self.query.label = Some(label),
                Meaning::List(list) => self.query.list = Some(list),
                Meaning::Priority(priority) => self.query.priority = Some(priority),
                _ => return None,
            }
            found.words
        };
        self.filters += 1;
        Some(length)
    }

    /// "today", "overdue tasks", "#work": nothing but a restriction.
    fn is_only_a_filter(&self, words: Words<'_>) -> bool {
        // "Done" and "I did it" tell of a task, "do it tomorrow" wants something.
        self.filters > 0 && !self.completed && !self.talks && !words.get(0).starts_with('!')
    }
}

/// "labelled home", "with the label home".
fn label_by_name(here: Words<'_>) -> Option<Match> {
    let lead = here.begin_with_any(phrases::LABEL_LEADS)?;
    let label = domain::Label::parse(here.get(lead)).ok()?;
    Some(Match {
        words: lead + 1,
        meaning: Meaning::Label(label),
        weight: Weight::Firm,
    })
}

/// "my work list", "the shopping list".
fn list_name_behind(here: Words<'_>) -> Option<Match> {
    let lead = here.begin_with_any(&["my", "the", "on", "in"])?;
    let name = here.get(lead);
    let is_todo = phrases::NO_LISTS.contains(&name);
    let meaning = domain::ListName::parse(name)
        .ok()
        .filter(|_| here.get(lead + 1) == "list" && !is_todo)?;
    Some(Match {
        words: lead + 2,
        meaning: Meaning::List(meaning),
        weight: Weight::Firm,
    })
}
