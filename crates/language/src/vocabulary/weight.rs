//! What it takes for words to mean what they could mean.

/// What it takes for words to mean what they could mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Only directly behind a date or time: the 9 of "tomorrow 9".
    Beside,
    /// Only at the end of a thought, or where the text begins: "urgent".
    Edge,
    /// Unless it describes the word behind it: "12/24", but not "3/4 cup".
    Apart,
    /// The same, but also where the text begins: "Friday call mom", though not "read Friday paper".
    Loose,
    /// Wherever it stands.
    Firm,
}
