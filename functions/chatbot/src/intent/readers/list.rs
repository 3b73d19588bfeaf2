//! "What's due today?", "show #work", and the tasks that such words stand for.

use language::matchers::{mark, priority};
use language::vocabulary::meaning::{Match, Meaning};
use language::vocabulary::token::Words;
use language::vocabulary::weight::Weight;

use super::period::period;
use crate::intent::message::Message;
use crate::intent::vocabulary::{Intent, ListQuery, Period};

/// A question for tasks.
pub(crate) fn list(message: &Message<'_>) -> Option<Intent> {
    const ASKING: &[&str] = &[
        "what",
        "what's",
        "whats",
        "which",
        "show",
        "list",
        "display",
        "give me",
        "how many",
        "how much",
        "my",
        "tasks",
        "todos",
        "all",
        "agenda",
        "am i free",
        "am i busy",
        "open tasks",
        "see",
        "view",
        "tell me what",
        "reminders",
        "check my",
        "what're",
        "let me see",
        "read me",
        "completed tasks",
        "done tasks",
        "i want to see",
    ];
    // These ask for whatever is named behind them.
    const ASKING_FOR: &[&str] = &[
        "any",
        "anything",
        "do i have",
        "have i got",
        "is there",
        "are there",
        "what do i have",
        "find",
        "search",
        "search for",
        "look up",
    ];
    let words = message.words;
    if words.begin_with_any(&["what about", "how about"]).is_some() {
        return None;
    }
    let read = ParsedQuery::of(message, words);
    if read.rest.is_empty() {
        let asks = words
            .begin_with_any(ASKING)
            .or(words.begin_with_any(ASKING_FOR))
            .is_some();
        return (asks || read.is_only_a_filter(words)).then_some(Intent::List(read.query));
    }
    let asks_for = words.begin_with_any(ASKING_FOR).is_some() && (message.asks || read.named)
        || words
            .begin_with_any(&[
                "any",
                "anything",
                "do i have",
                "have i got",
                "is there anything",
                "search",
            ])
            .is_some()
        || words.begin_with_any(ASKING).is_some() && (read.named || are_named_tasks(words));
    asks_for.then(|| {
        Intent::List(ListQuery {
            text: Some(read.rest.join(" ")),
            ..read.query
        })
    })
}

/// "list my work tasks": the tasks that have some word about them.
fn are_named_tasks(words: Words<'_>) -> bool {
    let shows = words.begin_with_any(&["list", "show", "display", "see", "view", "what are"]);
    shows.is_some() && words.end_with_any(&["tasks", "todos", "to-dos"]).is_some()
}

/// "everything due today", "all my tasks", "the overdue ones": all that a list would show.
pub(crate) fn everything(message: &Message<'_>, words: Words<'_>) -> Option<ListQuery> {
    const ALL: &[&str] = &[
        "everything",
        "all",
        "all of",
        "all my",
        "all the",
        "every task",
        "all of my",
        "each",
        "every",
        "all of the",
    ];
    let is_all = words.begin_with_any(ALL).is_some();
    let is_plural = (0..words.len()).any(|at| {
        matches!(
            words.get(at),
            "tasks" | "ones" | "todos" | "reminders" | "items"
        )
    });
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
            let step = if let Some(length) = here.begin_with_any(DONE) {
                read.completed = true;
                length
            } else if let Some(length) = read.filter(message, here) {
                length
            } else if let Some(length) = here
                .begin_with_any(ABOUT)
                .filter(|length| *length < here.len())
            {
                read.named = true;
                length
            } else if let Some(length) = here.begin_with_any(NOISE) {
                read.talks |= !NOUNS.contains(&here.get(0));
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
    const LEADS: &[&str] = &[
        "labeled",
        "labelled",
        "tagged",
        "with label",
        "with the label",
        "with tag",
        "with the tag",
    ];
    let lead = here.begin_with_any(LEADS)?;
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
    let is_todo = matches!(
        name,
        "" | "my" | "the" | "todo" | "to-do" | "task" | "whole" | "entire" | "full" | "do" | "list"
    );
    let meaning = domain::ListName::parse(name)
        .ok()
        .filter(|_| here.get(lead + 1) == "list" && !is_todo)?;
    Some(Match {
        words: lead + 2,
        meaning: Meaning::List(meaning),
        weight: Weight::Firm,
    })
}

const DONE: &[&str] = &[
    "did i do",
    "did i finish",
    "did i complete",
    "have i done",
    "i did",
    "done",
    "completed",
    "finished",
    "did i get done",
    "have i finished",
];

const ABOUT: &[&str] = &[
    "about",
    "regarding",
    "concerning",
    "containing",
    "mentioning",
    "matching",
    "related to",
    "with the word",
];

/// What a restriction may stand beside without a verb.
const NOUNS: &[&str] = &[
    "my",
    "the",
    "all",
    "for",
    "on",
    "in",
    "due",
    "tasks",
    "task",
    "todos",
    "todo",
    "to-dos",
    "list",
    "open",
    "things",
    "agenda",
    "plan",
    "schedule",
    "ones",
    "reminders",
];

const NOISE: &[&str] = &[
    "find",
    "search",
    "labeled",
    "labelled",
    "tagged",
    "i",
    "me",
    "my",
    "the",
    "a",
    "an",
    "all",
    "of",
    "is",
    "are",
    "what",
    "what's",
    "whats",
    "which",
    "show",
    "list",
    "display",
    "give",
    "see",
    "view",
    "any",
    "anything",
    "tasks",
    "task",
    "todos",
    "todo",
    "to-do",
    "to-dos",
    "to",
    "do",
    "due",
    "have",
    "has",
    "got",
    "there",
    "for",
    "on",
    "in",
    "that",
    "be",
    "left",
    "open",
    "pending",
    "remaining",
    "still",
    "coming",
    "up",
    "next",
    "need",
    "needs",
    "should",
    "must",
    "going",
    "planned",
    "scheduled",
    "plan",
    "schedule",
    "agenda",
    "plate",
    "calendar",
    "radar",
    "free",
    "busy",
    "am",
    "lists",
    "things",
    "thing",
    "stuff",
    "items",
    "item",
    "please",
    "now",
    "currently",
    "does",
    "look",
    "like",
    "looks",
    "how",
    "many",
    "much",
    "everything",
    "with",
    "reminders",
    "reminder",
    "day",
    "upcoming",
    "you",
    "tell",
    "we",
    "and",
    "it",
    "each",
    "every",
    "ones",
    "else",
    "happening",
    "from",
    "at",
];
