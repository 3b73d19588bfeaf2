//! One task out of one text.

use domain::{Due, Label, ListName, Priority, Recurrence, ReminderRule};
use std::cmp::Reverse;

use crate::decisions::correct::corrected;
use crate::decisions::scan::scan;
use crate::decisions::settle::settle;
use crate::decisions::title::{opening, title};
use crate::decisions::whole::{cover_another, take_parts};
use crate::matchers::repeat::beyond;
use crate::vocabulary::context::{Context, Reading};
use crate::vocabulary::date::Lead;
use crate::vocabulary::lexicon::usual_part;
use crate::vocabulary::meaning::{Meaning, Piece};
use crate::vocabulary::recurrence::RecurrenceDays;
use crate::vocabulary::token::{Token, Words, tokens};
use crate::vocabulary::weight::Weight;

/// What a text says of a new task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QuickAdd {
    /// What is left when everything else is taken out; empty when nothing is.
    pub title: String,
    /// When it is due.
    pub due: Option<Due>,
    /// When the person wants to hear of it. `None`: nothing was said, the service decides.
    pub reminders: Option<Vec<ReminderRule>>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// `!1`, "urgent", "high priority".
    pub priority: Option<Priority>,
    /// `#home`
    pub labels: Vec<Label>,
    /// `@work`
    pub list: Option<ListName>,
    /// Which parts of the text meant what, in order, without overlap.
    pub spans: Vec<Span>,
    /// Whether a part of it speaks of a day, but not so that it can be told which. It stays in the title.
    pub has_unclear_day: bool,
    /// What the person may want to know, such as "9:00 today is past, so I took tomorrow".
    pub notes: Vec<String>,
}

/// A part of the text that meant something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Place of its first character, in Unicode code points.
    pub start: usize,
    /// Place behind its last character.
    pub end: usize,
    /// What it meant.
    pub kind: SpanKind,
}

/// What a part of a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpanKind {
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A recurrence.
    Recurrence,
    /// A reminder.
    Reminder,
    /// A priority.
    Priority,
    /// A label.
    Label,
    /// A list.
    List,
}

/// Reads one task out of `text`.
#[must_use]
pub fn quick_add(text: &str, context: &Context) -> QuickAdd {
    let text: Vec<char> = text.chars().collect();
    let reading = Reading::new(context);
    let tokens = corrected(tokens(&text), &reading);
    let words = Words::new(&tokens);
    let opening = opening(words);
    let mut pieces = choose(scan(words, opening.words, &reading));
    let has_another = cover_another(words, &mut pieces, &reading);
    let part = take_parts(words, &mut pieces);
    let mut taken = vec![false; tokens.len()];
    for piece in &pieces {
        taken[piece.at..piece.at + piece.words].fill(true);
    }
    // "Put … on the grocery list" is only understood before the list is taken out.
    if pieces.first().is_none_or(|piece| piece.at >= opening.words) {
        taken[..opening.words].fill(true);
    }
    let (title, asks) = title(&text, &tokens, &taken);
    let usual = (0..words.len()).find_map(|at| usual_part(words.get(at)));
    let settled = settle(&pieces, asks || opening.asks, usual, &reading);
    let mut read = QuickAdd {
        title,
        due: settled.due,
        reminders: settled.reminders,
        recurrence: settled.recurrence,
        spans: pieces.iter().map(|piece| span(piece, &tokens)).collect(),
        notes: settled.notes,
        ..QuickAdd::default()
    };
    if read.recurrence.is_none() && (0..words.len()).any(|at| beyond(words.from(at))) {
        read.notes.push(
            "I can repeat by days, weeks, months and years; that stays in the title.".to_owned(),
        );
    }
    if has_another && part.is_none() {
        let note = "A task has one day, so I take the first; another one needs a task of its own.";
        read.notes.push(note.to_owned());
    }
    read.has_unclear_day = part.is_some();
    if let Some(part) = part {
        let said = written(&text, &tokens[part.begin..part.end]);
        read.notes.push(match part.is_time {
            true => format!("I can't tell when “{said}” is for you, so I set no time."),
            false => format!("I can't tell which day “{said}” is, so I set none."),
        });
    }
    for piece in pieces {
        match piece.meaning {
            Meaning::Label(label) if !read.labels.contains(&label) => read.labels.push(label),
            Meaning::List(list) => read.list = Some(list),
            Meaning::Priority(priority) => read.priority = Some(priority),
            _ => {}
        }
    }
    read
}

/// One piece of each kind that can be only once: the clearest, of equals the first. The others stay in the title.
fn choose(pieces: Vec<Piece>) -> Vec<Piece> {
    let best = |is_kind: fn(&Meaning) -> bool| {
        pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| is_kind(&piece.meaning))
            .max_by_key(|(at, piece)| (clarity(piece), Reverse(*at)))
            .map(|(at, _)| at)
    };
    let recurrence = best(|meaning| matches!(meaning, Meaning::Recurrence(_)));
    let only_start = recurrence.is_some_and(|at| names_days(&pieces[at].meaning));
    let once = [
        recurrence,
        best(|meaning| matches!(meaning, Meaning::Date(_)))
            .filter(|at| !only_start || may_begin(&pieces[*at].meaning)),
        best(|meaning| matches!(meaning, Meaning::Time(_))),
        best(|meaning| matches!(meaning, Meaning::Priority(_))),
        best(|meaning| matches!(meaning, Meaning::List(_))),
        best(|meaning| matches!(meaning, Meaning::End(_))).filter(|_| recurrence.is_some()),
        best(|meaning| matches!(meaning, Meaning::Except(_))).filter(|_| recurrence.is_some()),
        best(|meaning| matches!(meaning, Meaning::Basis)).filter(|_| recurrence.is_some()),
    ];
    pieces
        .iter()
        .enumerate()
        .filter(|(at, piece)| {
            matches!(piece.meaning, Meaning::Label(_) | Meaning::Reminder(_))
                || once.contains(&Some(*at))
        })
        .map(|(_, piece)| piece.clone())
        .collect()
}

fn clarity(piece: &Piece) -> (bool, Weight) {
    let is_aside = matches!(piece.meaning, Meaning::Date(said) if said.lead == Lead::For);
    (!is_aside, piece.weight)
}

fn names_days(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Recurrence(said) if said.on != RecurrenceDays::Nothing)
}

/// Whether a date beside "every Monday" is its beginning rather than part of the title.
fn may_begin(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Date(said) if said.lead == Lead::Start)
}

fn written(text: &[char], tokens: &[Token]) -> String {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => text[first.start..last.end].iter().collect(),
        _ => String::new(),
    }
}

fn span(piece: &Piece, tokens: &[Token]) -> Span {
    let kind = match piece.meaning {
        Meaning::Label(_) => SpanKind::Label,
        Meaning::List(_) => SpanKind::List,
        Meaning::Priority(_) => SpanKind::Priority,
        Meaning::Reminder(_) => SpanKind::Reminder,
        Meaning::Recurrence(_) | Meaning::Basis | Meaning::End(_) | Meaning::Except(_) => {
            SpanKind::Recurrence
        }
        Meaning::Date(_) => SpanKind::Date,
        Meaning::Time(_) => SpanKind::Time,
    };
    Span {
        start: tokens[piece.at].start,
        end: tokens[piece.at + piece.words - 1].end,
        kind,
    }
}
