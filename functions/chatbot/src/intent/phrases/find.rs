//! The phrases of `find`.

/// Times and days, which alone don't tell one task from another.
pub(crate) const WHENS: &[&str] = &[
    "today",
    "tomorrow",
    "tonight",
    "yesterday",
    "morning",
    "evening",
    "afternoon",
    "week",
];

/// Nouns of many tasks, which alone don't tell one from another.
pub(crate) const OCCASIONS: &[&str] = &["appointment", "meeting", "visit", "due", "date"];

/// Words that tell nothing of a task.
pub(crate) const STOP_WORDS: &[&str] = &[
    "a", "an", "the", "my", "our", "your", "to", "of", "for", "with", "about", "on", "at", "in",
    "by", "and", "or", "is", "it", "that", "this", "one", "ones", "task", "tasks", "thing",
    "reminder", "item", "todo", "i", "me", "we", "from", "some", "please", "up", "his", "her",
];
