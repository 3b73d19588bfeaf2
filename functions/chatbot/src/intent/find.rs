//! The tasks that a person means by their own words.
//!
//! A title matches at one of five levels; only the titles of the best level that any title reaches are meant. Several
//! of them are a question for the person, never a guess.

use language::vocabulary::lexicon::{is_task_verb, month, weekday};

use crate::intent::phrases::find as phrases;
use crate::intent::verb;

/// Which of the titles are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TitleMatch {
    /// None of them.
    None,
    /// This one, clearly.
    One(usize),
    /// These equally well, in the order in which they came: a question to the person.
    Several(Vec<usize>),
}

/// Finds what `words` mean among `titles`.
pub fn find<'a>(words: &str, titles: impl IntoIterator<Item = &'a str>) -> TitleMatch {
    let wanted = Phrase::new(words);
    let mut best = Fit::Nothing;
    let mut places = Vec::new();
    for (at, title) in titles.into_iter().enumerate() {
        let fit = wanted.fit(&Phrase::new(title));
        if fit > best {
            places.clear();
            best = fit;
        }
        if fit == best && fit != Fit::Nothing {
            places.push(at);
        }
    }
    match places.as_slice() {
        [] => TitleMatch::None,
        [only] => TitleMatch::One(*only),
        _ => TitleMatch::Several(places),
    }
}

/// How well a title fits, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Nothing,
    /// So many of the words that count.
    Partly(usize),
    /// Every word, some with slips of the pen.
    Nearly,
    /// Every word, some in another form or not to its end: "plants" for "plant", "dent" for "dentist".
    InOtherForms,
    /// Every word.
    AllWords,
    /// The words and nothing else.
    Exactly,
}

/// A title or a person's words for it.
struct Phrase {
    /// The words that say something, or all when none does.
    words: Vec<Word>,
    /// All of them, in one line.
    line: String,
}

struct Word {
    text: String,
    stem: String,
    /// A verb or day, which alone doesn't tell one task from another.
    light: bool,
}

impl Phrase {
    fn new(text: &str) -> Self {
        let lower = text.to_lowercase().replace('’', "'");
        let all: Vec<&str> = lower
            .split(|c: char| !(c.is_alphanumeric() || c == '\''))
            .map(|word| word.trim_matches('\''))
            .map(|word| word.strip_suffix("'s").unwrap_or(word))
            .filter(|word| !word.is_empty())
            .collect();
        let line = all.join(" ");
        let telling: Vec<&str> = all
            .iter()
            .copied()
            .filter(|word| !is_stop_word(word))
            .collect();
        let words = if telling.is_empty() { all } else { telling };
        Self {
            words: words.into_iter().map(Word::new).collect(),
            line,
        }
    }

    fn fit(&self, title: &Self) -> Fit {
        if self.words.is_empty() {
            return Fit::Nothing;
        }
        if self.line == title.line {
            return Fit::Exactly;
        }
        let likenesses: Vec<Option<Likeness>> = self
            .words
            .iter()
            .map(|word| word.best_in(&title.words))
            .collect();
        match likenesses
            .iter()
            .copied()
            .collect::<Option<Vec<Likeness>>>()
        {
            Some(all) => match all.into_iter().min() {
                Some(Likeness::Same) => Fit::AllWords,
                Some(Likeness::Form) => Fit::InOtherForms,
                _ => Fit::Nearly,
            },
            None => self.partly(title, &likenesses),
        }
    }

    /// Some words are missing from the title: it still fits when most that count are there, or half of them and the
    /// title has no others. Another verb is another task: "email Anna" is not "call Anna".
    fn partly(&self, title: &Self, likenesses: &[Option<Likeness>]) -> Fit {
        let heavy = self.words.iter().filter(|word| !word.light).count();
        let matched = self
            .words
            .iter()
            .zip(likenesses)
            .filter(|(word, like)| !word.light && like.is_some())
            .count();
        let covered = title
            .words
            .iter()
            .filter(|word| !word.light)
            .all(|word| word.best_in(&self.words).is_some());
        let enough = matched * 2 > heavy || matched * 2 == heavy && covered;
        if matched == 0 || !enough || self.verbs_differ(title) {
            return Fit::Nothing;
        }
        Fit::Partly(matched)
    }

    fn verbs_differ(&self, title: &Self) -> bool {
        let verb = |phrase: &Self| {
            phrase
                .words
                .first()
                .filter(|word| word.is_verb())
                .map(|word| word.stem.clone())
        };
        match (verb(self), verb(title)) {
            (Some(mine), Some(other)) => mine != other,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Slip,
    Form,
    Same,
}

impl Word {
    fn new(text: &str) -> Self {
        let stem = stem(text);
        let light = is_task_verb(text)
            || verb::of_irregular_past(text).is_some()
            || verb::is_clear_past(text)
            || weekday(text).is_some()
            || month(text).is_some()
            || phrases::WHENS.contains(&text)
            || phrases::OCCASIONS.contains(&text);
        Self {
            text: text.to_owned(),
            stem,
            light,
        }
    }

    fn is_verb(&self) -> bool {
        is_task_verb(&self.text)
            || verb::of_irregular_past(&self.text).is_some()
            || verb::is_clear_past(&self.text)
    }

    fn best_in(&self, words: &[Self]) -> Option<Likeness> {
        words.iter().filter_map(|other| self.likeness(other)).max()
    }

    fn likeness(&self, other: &Self) -> Option<Likeness> {
        if self.text == other.text {
            return Some(Likeness::Same);
        }
        let is_number = self.text.starts_with(|c: char| c.is_ascii_digit());
        if is_number {
            return None;
        }
        // A script without spaces says more in two characters than the Latin one in three.
        let least = if self.text.is_ascii() { 3 } else { 2 };
        let begins =
            |short: &str, long: &str| short.chars().count() >= least && long.starts_with(short);
        if self.stem == other.stem || begins(&self.text, &other.text) {
            return Some(Likeness::Form);
        }
        let allowed = match self.text.chars().count() {
            0..4 => return None,
            4..8 => 1,
            _ => 2,
        };
        is_within(&self.text, &other.text, allowed).then_some(Likeness::Slip)
    }
}

/// Words that tell nothing of a task.
fn is_stop_word(word: &str) -> bool {
    phrases::STOP_WORDS.contains(&word)
}

/// What the forms of a word have in common: "calls", "called" and "calling" are "call".
fn stem(word: &str) -> String {
    let word = verb::of_irregular_past(word).unwrap_or(word);
    let long = |rest: &&str| rest.chars().count() >= 3;
    if let Some(rest) = word
        .strip_suffix("ies")
        .or_else(|| word.strip_suffix("ied"))
        .filter(long)
    {
        return format!("{rest}y");
    }
    let ends = ["ing", "ed", "es", "s", "e"];
    let bare = ends
        .iter()
        .find_map(|end| {
            word.strip_suffix(end)
                .filter(long)
                .filter(|rest| !(*end == "s" && rest.ends_with('s')))
        })
        .unwrap_or(word);
    let mut letters: Vec<char> = bare.chars().collect();
    if let [.., before, last] = letters.as_slice()
        && before == last
        && bare.len() < word.len()
        && letters.len() > 3
        && !matches!(last, 'l' | 's')
    {
        letters.pop();
    }
    letters.into_iter().collect()
}

/// Whether two words are at most `limit` slips apart: a letter too many, too few, another, or two in the wrong order. Nobody slips
/// at the first letter.
fn is_within(one: &str, other: &str, limit: usize) -> bool {
    one.chars().next() == other.chars().next() && strsim::osa_distance(one, other) <= limit
}
