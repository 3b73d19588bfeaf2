//! What somebody puts right in the same breath: "tomorrow, no wait, friday" is Friday. What was said first is taken out before
//! anything is read, so that no reader can take it for what is meant.

use std::iter;
use std::ops::Range;

use crate::matchers::{amount, clock, day, mark, priority, repeat};
use crate::phrases::correct as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::lexicon::{day_ordinal, digits, is_function_word};
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::token::{Token, Words, is_dash};
use crate::vocabulary::weight::Weight;

/// How far back somebody puts something right, in words.
const REACH: usize = 14;

/// The words that are meant.
pub fn corrected(tokens: Vec<Token>, reading: &Reading) -> Vec<Token> {
    let all = Words::new(&tokens);
    let mut meant: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        // Read on their own: the "no" before them is none of "no 6".
        let better = |length: usize| Words::new(&tokens[at + length..]);
        let right = turn(all.from(at))
            .filter(|_| !meant.is_empty())
            .and_then(|length| put_right(Words::new(&meant), better(length), reading));
        let Some(right) = right else {
            meant.push(tokens[at].clone());
            at += 1;
            continue;
        };
        for wrong in right.wrong.into_iter().rev() {
            meant.drain(wrong);
        }
        at += turn(all.from(at)).unwrap_or(0);
        meant.extend_from_slice(&tokens[at..at + right.words]);
        at += right.words + right.behind;
        if let Some(last) = meant.last_mut().filter(|_| right.behind > 0) {
            last.closes = true;
        }
    }
    meant
}

/// How many words at the beginning only say that something else is meant.
pub fn turn(words: Words<'_>) -> Option<usize> {
    // Nobody says more of them at once, and a long text takes no longer a word.
    const MOST: usize = 8;
    let mut length = 0;
    let mut turns = false;
    while length < MOST {
        let here = words.from(length);
        let more = here.begin_with_any(phrases::TURNS);
        turns |= more.is_some();
        let beside = here
            .skip_any(phrases::BESIDE_A_TURN)
            .max(is_dash(here.get(0)).into());
        match more.unwrap_or(beside) {
            0 => break,
            more => length += more,
        }
    }
    turns.then_some(length)
}

struct Right {
    /// Which of the words so far are wrong, in order.
    wrong: Vec<Range<usize>>,
    /// How many words say what is meant instead.
    words: usize,
    /// How many words behind them only say that it is meant.
    behind: usize,
}

/// What is to stand for something in `said`, when `words` begin with something of the same kind.
fn put_right(said: Words<'_>, words: Words<'_>, reading: &Reading) -> Option<Right> {
    let begin = said.len().saturating_sub(REACH);
    let before: Vec<Piece> = pieces(said.from(begin), reading, false)
        .into_iter()
        .map(|piece| Piece {
            words: begin + piece.words.start..begin + piece.words.end,
            ..piece
        })
        .collect();
    let last = before.last()?;
    let is_apart = said.token(said.len() - 1)?.closes;
    let found = pieces(words, reading, true);
    let length = found.last().map_or(0, |last| last.words.end);
    let behind = words.from(length).skip_any(phrases::BEHIND_A_TURN);
    let ends = words.closed_after(length + behind) || is_function_word(words.get(length + behind));
    if length == 0 {
        return in_its_form(said, last, words, reading);
    }
    if !ends {
        return None;
    }
    let meant = found.iter().fold(0, |slots, piece| slots | piece.slots);
    let mut wrong: Vec<Range<usize>> = Vec::new();
    for slot in [DAY, TIME, PRIORITY, LIST] {
        let first = before
            .iter()
            .rev()
            .find(|piece| piece.slots & meant & slot > 0);
        let Some(first) = first.filter(|first| is_apart || first.words.end == said.len()) else {
            continue;
        };
        // "On friday, no, saturday": the preposition of the first is that of the second.
        let is_led = lead(words) == 0 && first.words.end == said.len();
        let kept = if is_led {
            lead(said.from(first.words.start))
        } else {
            0
        };
        wrong.push(first.words.start + kept..first.words.end);
    }
    wrong.sort_unstable_by_key(|place| place.start);
    wrong.dedup();
    // "Friday, actually at 8" says more of the same.
    let says_more = last.words.end == said.len() && meant & (DAY | TIME) > 0;
    (says_more || !wrong.is_empty()).then_some(Right {
        wrong,
        words: length,
        behind,
    })
}

/// What means something only in the place of what it puts right: the "6" of "at 5, no, 6", of "dec 5, no, 6", and the "20
/// minutes" of "in 10 minutes, no, 20 minutes".
fn in_its_form(
    said: Words<'_>,
    last: &Piece,
    words: Words<'_>,
    reading: &Reading,
) -> Option<Right> {
    if last.words.end != said.len() {
        return None;
    }
    let first = said.from(last.words.start);
    let lead = lead(first);
    let is_number = |word: &str| digits(word).is_some() || day_ordinal(word).is_some();
    let keeps = |kept: usize, length: usize| {
        let ends = words.closed_after(length) || is_function_word(words.get(length));
        ends.then(|| Right {
            wrong: iter::once(last.words.start + kept..last.words.end).collect(),
            words: length,
            behind: 0,
        })
    };
    let length = last.words.len();
    if is_number(words.get(0)) && is_number(first.get(length - 1)) {
        return keeps(length - 1, 1);
    }
    if first.get(0) == "in" {
        return keeps(1, amount::sum(words)?.0);
    }
    let (more, ..) = day::bare(words, reading, true).filter(|_| lead > 0 && last.slots == DAY)?;
    keeps(lead, more)
}

/// How many words at the beginning lead to a day or time.
fn lead(words: Words<'_>) -> usize {
    words.skip_any(phrases::LEADS)
}

/// What can be put right on its own.
const DAY: u8 = 1;
const TIME: u8 = 2;
const PRIORITY: u8 = 4;
const LIST: u8 = 8;

struct Piece {
    words: Range<usize>,
    slots: u8,
}

/// What means something in `words`; `together` ends before the first word that means nothing.
fn pieces(words: Words<'_>, reading: &Reading, together: bool) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let is_beside = pieces.last().is_some_and(|piece| piece.words.end == at);
        let found = one(words.from(at), reading)
            .filter(|found| is_beside || found.weight != Weight::Beside);
        let slots = found.as_ref().map_or(0, |found| slots(&found.meaning));
        match found {
            Some(found) if slots > 0 => {
                pieces.push(Piece {
                    words: at..at + found.words,
                    slots,
                });
                at += found.words;
                if together && words.closed_after(at) {
                    break;
                }
            }
            _ if together => break,
            _ => at += 1,
        }
    }
    pieces
}

fn one(words: Words<'_>, reading: &Reading) -> Option<Match> {
    const MATCHERS: [fn(Words<'_>, &Reading) -> Option<Match>; 5] = [
        mark::list,
        priority::priority,
        repeat::recurrence,
        day::date,
        clock::time,
    ];
    MATCHERS.iter().find_map(|matcher| matcher(words, reading))
}

fn slots(meaning: &Meaning) -> u8 {
    match meaning {
        Meaning::Date(said) if said.time.is_some() => DAY | TIME,
        Meaning::Date(_) | Meaning::Recurrence(_) => DAY,
        Meaning::Time(_) => TIME,
        Meaning::Priority(_) => PRIORITY,
        Meaning::List(_) => LIST,
        _ => 0,
    }
}
