//! The tasks that a person means by their own words.

/// Which of the titles are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// None of them.
    None,
    /// This one, clearly.
    One(usize),
    /// These equally well, in the order in which they came: a question to the person.
    Several(Vec<usize>),
}

/// Finds what `words` mean among `titles`.
pub fn find<'a>(words: &str, titles: impl IntoIterator<Item = &'a str>) -> Found {
    let wanted = words.trim().to_lowercase();
    let exact: Vec<usize> = titles
        .into_iter()
        .enumerate()
        .filter(|(_, title)| title.to_lowercase() == wanted)
        .map(|(at, _)| at)
        .collect();
    match exact.as_slice() {
        [] => Found::None,
        [only] => Found::One(*only),
        _ => Found::Several(exact),
    }
}
