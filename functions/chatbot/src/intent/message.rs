//! A chat message as the readers of intents see it.

use language::matchers::{clock, day, remind, repeat};
use language::scan;
use language::vocabulary::context::Reading;
use language::vocabulary::date::ParsedDate;
use language::vocabulary::meaning::Meaning;
use language::vocabulary::time::ParsedTime;
use language::vocabulary::token::{Token, Words};

use crate::intent::phrases::courtesy as phrases;

/// A message without the courtesies around it.
pub(crate) struct Message<'a> {
    text: &'a [char],
    pub(crate) words: Words<'a>,
    pub(crate) reading: &'a Reading,
    /// Whether it ends with a question mark.
    pub(crate) asks: bool,
}

impl<'a> Message<'a> {
    /// `None` when nothing was said.
    pub(crate) fn new(text: &'a [char], tokens: &'a [Token], reading: &'a Reading) -> Option<Self> {
        let all = Words::new(tokens);
        let asks = text.iter().rev().find(|c| !c.is_whitespace()) == Some(&'?');
        let words = all.without(phrases::POLITE, phrases::POLITE_END);
        // "Thanks, delete it".
        let thanks = words.skip_any(&["thanks", "thank you", "great", "alright"]);
        let words = match thanks > 0 && thanks < words.len() && words.closed_after(thanks) {
            true => words.from(thanks).without(phrases::POLITE, &[]),
            false => words,
        };
        (!all.is_empty()).then_some(Self {
            text,
            words,
            reading,
            asks,
        })
    }

    /// The same message, of which only `words` were said.
    pub(crate) fn of(&self, words: Words<'a>) -> Self {
        Self { words, ..*self }
    }

    /// What the person wrote, from the first of `words` to the last.
    pub(crate) fn written(&self, words: Words<'_>) -> String {
        let last = words.len().checked_sub(1).and_then(|at| words.token(at));
        match (words.token(0), last) {
            (Some(first), Some(last)) => self.text[first.start..last.end].iter().collect(),
            _ => String::new(),
        }
    }

    /// The day and time that `words` are, if they are nothing else.
    pub(crate) fn moment(
        &self,
        words: Words<'_>,
    ) -> Option<(Option<ParsedDate>, Option<ParsedTime>)> {
        if let Some((length, date, time)) = remind::moment(words, self.reading)
            && length == words.len()
        {
            return Some((date, time));
        }
        // "(To) the 5th": behind another preposition than a new task would have.
        let (length, date, _) = day::bare(words, self.reading, true)?;
        let time = clock::time(words.from(length), self.reading);
        match time.map(|found| (length + found.words, found.meaning)) {
            Some((length, Meaning::Time(time))) if length == words.len() => {
                Some((Some(date), Some(time)))
            }
            _ => (length == words.len()).then_some((Some(date), None)),
        }
    }

    /// Whether `words` begin with a day, a time or a recurrence.
    pub(crate) fn says_when(&self, words: Words<'_>) -> bool {
        let said = remind::moment(words, self.reading).is_some();
        said || repeat::recurrence(words, self.reading).is_some() || repeat::beyond(words)
    }

    /// Whether the message says a day or time of its own, as a new task does.
    pub(crate) fn has_a_date(&self) -> bool {
        scan(self.words, 1, self.reading).iter().any(|piece| {
            matches!(
                piece.meaning,
                Meaning::Date(_) | Meaning::Time(_) | Meaning::Recurrence(_)
            )
        })
    }
}
