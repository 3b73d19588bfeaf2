//! The phrases of `message`.

/// Courtesies before a message.
pub(crate) const POLITE: &[&str] = &[
    "please",
    "pls",
    "can you",
    "could you",
    "would you",
    "will you",
    "can you please",
    "could you please",
    "hey nudge",
    "hi nudge",
    "ok nudge",
    "nudge please",
    "ok",
    "okay",
    "actually",
    "now",
    "and",
    "also",
    "then",
    "i want you to",
    "i'd like you to",
    "i'd like to",
    "let's",
    "lets",
    "just",
    "go ahead and",
];

/// Courtesies behind a message.
pub(crate) const POLITE_END: &[&str] = &[
    "please",
    "pls",
    "thanks",
    "thank you",
    "for me",
    "now",
    "right now",
    "ok",
    "okay",
    "too",
    "as well",
];
