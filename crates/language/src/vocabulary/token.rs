//! Words with their places in what the person wrote.

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// In lower case, with straight apostrophes, without the punctuation around it.
    pub word: String,
    /// Place of its first character, in Unicode code points, punctuation not counted.
    pub start: usize,
    /// Place behind its last character, punctuation not counted.
    pub end: usize,
    /// The same two places with the punctuation that touches it.
    pub outer: (usize, usize),
    /// Whether it stands between quotation marks, and so means itself only.
    pub quoted: bool,
    /// Whether it begins with a capital letter.
    pub capital: bool,
    /// Whether punctuation follows: the words behind it belong to something else.
    pub closes: bool,
    /// Whether that punctuation is a full stop, as in "24.12.".
    pub dotted: bool,
}

/// Splits at white space. A word keeps what stands inside it (`9:30`, `12/24`, `mom's`).
pub fn tokens(text: &[char]) -> Vec<Token> {
    let last_closing = QUOTES.map(|quotes| last_closing(text, quotes));
    let mut tokens: Vec<Token> = Vec::new();
    let mut open: Option<char> = None;
    let mut at = 0;
    while at < text.len() {
        if text[at].is_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        while at < text.len() && !text[at].is_whitespace() {
            at += 1;
        }
        // An inch sign or a quotation mark that nobody closes quotes nothing.
        let is_closed = |(quotes, last): (&(char, char), &Option<usize>)| {
            quotes.0 == text[start] && last.is_some_and(|last| last > start)
        };
        let opens = open.is_none()
            && QUOTES.iter().zip(&last_closing).any(is_closed)
            && !is_short_form(&text[start..at]);
        if opens {
            open = Some(text[start]);
        }
        let token = token(text, start, at, open.is_some());
        if open.is_some_and(|mark| closes(mark, &text[start + usize::from(opens)..at])) {
            open = None;
        }
        if is_dash(&token.word)
            && let Some(before) = tokens.last_mut()
        {
            before.closes = true;
        }
        tokens.push(token);
    }
    tokens
}

fn token(text: &[char], start: usize, end: usize, quoted: bool) -> Token {
    let raw = &text[start..end];
    let lead = raw
        .iter()
        .take_while(|c| matches!(c, '(' | '[' | '"' | '“' | '„' | '«'))
        .count();
    let tail = raw.iter().rev().take_while(|c| is_end_mark(**c)).count();
    // A word of nothing but marks, such as `!!` or `...`, is kept whole.
    let (lead, tail) = if lead + tail >= raw.len() {
        (0, 0)
    } else {
        (lead, tail)
    };
    let core = &raw[lead..raw.len() - tail];
    Token {
        word: core
            .iter()
            .map(|c| if *c == '’' { '\'' } else { *c })
            .collect::<String>()
            .to_lowercase(),
        start: start + lead,
        end: end - tail,
        outer: (start, end),
        quoted,
        capital: core.first().is_some_and(|c| c.is_uppercase()),
        closes: tail > 0,
        dotted: raw.get(raw.len() - tail) == Some(&'.'),
    }
}

fn is_end_mark(c: char) -> bool {
    matches!(
        c,
        ',' | '.' | ';' | '?' | '!' | ':' | ')' | ']' | '"' | '”' | '“' | '»' | '…'
    )
}

/// The marks between which words mean themselves, as different languages write them.
const QUOTES: [(char, char); 8] = [
    ('"', '"'),
    ('“', '”'),
    ('„', '“'),
    ('„', '”'),
    ('«', '»'),
    ('»', '«'),
    ('‘', '’'),
    ('\'', '\''),
];

/// Where the last mark stands that closes what such a mark opens.
fn last_closing(text: &[char], (opening, closing): (char, char)) -> Option<usize> {
    let ends_a_word = |at: usize| text.get(at + 1).is_none_or(|next| !next.is_alphanumeric());
    (0..text.len())
        .rev()
        .find(|at| text[*at] == closing && (!is_apostrophe(opening) || ends_a_word(*at)))
}

/// Whether `word` closes what `opening` opened. An apostrophe within a word closes nothing.
fn closes(opening: char, word: &[char]) -> bool {
    let word = match is_apostrophe(opening) {
        true => {
            let marks = word
                .iter()
                .rev()
                .take_while(|c| matches!(c, ',' | '.' | ';' | '?' | '!' | ':' | ')'));
            let end = word.len() - marks.count();
            &word[end.saturating_sub(1)..end]
        }
        false => word,
    };
    word.iter().any(|mark| QUOTES.contains(&(opening, *mark)))
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '‘')
}

/// "'til" and "'n'" leave letters out.
fn is_short_form(word: &[char]) -> bool {
    let letters = word.iter().filter(|c| c.is_alphabetic());
    let word: String = letters.flat_map(|c| c.to_lowercase()).collect();
    matches!(
        word.as_str(),
        "til" | "n" | "em" | "tis" | "twas" | "cause" | "bout" | "round" | "s"
    )
}

/// Whether a word is a dash that stands between two thoughts.
pub fn is_dash(word: &str) -> bool {
    matches!(word, "-" | "–" | "—" | "--")
}

/// The words of a text, seen from one of them on.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    all: &'a [Token],
    at: usize,
}

impl<'a> Words<'a> {
    /// All words, seen from the first.
    pub fn new(all: &'a [Token]) -> Self {
        Self { all, at: 0 }
    }

    /// How many words there are from here on.
    pub fn len(self) -> usize {
        self.all.len().saturating_sub(self.at)
    }

    /// Whether there is no word from here on.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The word at `at` with its places; `None` behind the end.
    pub fn token(self, at: usize) -> Option<&'a Token> {
        self.all.get(self.at + at)
    }

    /// The word at `at`; empty behind the end and inside quotation marks, which matches nothing.
    pub fn get(self, at: usize) -> &'a str {
        self.token(at)
            .filter(|token| !token.quoted)
            .map_or("", |token| token.word.as_str())
    }

    /// The word before the first; empty when there is none.
    pub fn before(self) -> &'a str {
        self.at
            .checked_sub(1)
            .and_then(|at| self.all.get(at))
            .map_or("", |token| token.word.as_str())
    }

    /// The word so many before the first, unless a thought ends behind it; empty when there is none.
    pub fn back(self, count: usize) -> &'a str {
        self.at
            .checked_sub(count)
            .and_then(|at| self.all.get(at))
            .filter(|token| !token.quoted && !token.closes)
            .map_or("", |token| token.word.as_str())
    }

    /// The words from `at` on.
    pub fn from(self, at: usize) -> Self {
        Self {
            at: self.at + at,
            ..self
        }
    }

    /// The first `count` words, as if nothing followed.
    pub fn first(self, count: usize) -> Self {
        let end = (self.at + count).min(self.all.len());
        Self {
            all: &self.all[..end],
            ..self
        }
    }

    /// Whether a thought ends behind the first `count` words.
    pub fn closed_after(self, count: usize) -> bool {
        let last = count.checked_sub(1).and_then(|at| self.token(at));
        self.token(count).is_none() || last.is_some_and(|token| token.closes)
    }

    /// How many words `phrase` has when these words begin with it.
    pub fn begin_with(self, phrase: &str) -> Option<usize> {
        let mut count = 0;
        // Nearly all phrases fail at their first word; most of the time goes here.
        let first = self.get(0);
        if first.is_empty() || !phrase.starts_with(first) {
            return None;
        }
        for word in phrase.split(' ') {
            if self.get(count) != word {
                return None;
            }
            count += 1;
        }
        Some(count)
    }

    /// The length of the longest of `phrases` that these words begin with.
    pub fn begin_with_any(self, phrases: &[&str]) -> Option<usize> {
        phrases
            .iter()
            .filter_map(|phrase| self.begin_with(phrase))
            .max()
    }

    /// The longest phrase of `table` that these words begin with: how many words it has, and what it says.
    pub fn begin_with_one_of<T: Copy>(self, table: &[(&str, T)]) -> Option<(usize, T)> {
        table
            .iter()
            .filter_map(|(phrase, said)| Some((self.begin_with(phrase)?, *said)))
            .max_by_key(|(length, _)| *length)
    }

    /// The length of the longest of `phrases` that these words begin with, 0 when they begin with none.
    pub fn skip_any(self, phrases: &[&str]) -> usize {
        self.begin_with_any(phrases).unwrap_or(0)
    }

    /// The length of the longest of `phrases` that these words end with, if anything is left before it.
    pub fn end_with_any(self, phrases: &[&str]) -> Option<usize> {
        phrases
            .iter()
            .filter_map(|phrase| {
                let length = phrase.split(' ').count();
                let start = self.len().checked_sub(length).filter(|start| *start > 0)?;
                self.from(start).begin_with(phrase)
            })
            .max()
    }

    /// Without the phrases of `front` at the beginning and those of `back` at the end, as often as they come.
    pub fn without(self, front: &[&str], back: &[&str]) -> Self {
        let mut rest = self;
        while let Some(length) = rest
            .begin_with_any(front)
            .filter(|length| *length < rest.len())
        {
            rest = rest.from(length);
        }
        while let Some(length) = rest.end_with_any(back) {
            rest = rest.first(rest.len() - length);
        }
        rest
    }

    /// Where one of `phrases` begins, and how long it is: the first place behind the first word.
    pub fn find_any(self, phrases: &[&str]) -> Option<(usize, usize)> {
        (1..self.len()).find_map(|at| Some((at, self.from(at).begin_with_any(phrases)?)))
    }

    /// Whether they are one of `phrases` and nothing else.
    pub fn are_any(self, phrases: &[&str]) -> bool {
        phrases
            .iter()
            .any(|phrase| self.begin_with(phrase) == Some(self.len()))
    }
}
