//! Texts of a task as newtypes: what is inside has been checked.

use std::fmt;

/// Longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 500;
/// Longest notes, in bytes of UTF-8.
pub const MAX_NOTES_BYTES: usize = 16 * 1024;
/// Longest label or list name, in characters.
pub const MAX_LABEL_CHARS: usize = 60;
/// The list of a task that names none.
pub const DEFAULT_LIST: &str = "inbox";

/// Why a text was refused; the message says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Over the limit.
    #[error("has {actual} {unit}; at most {limit} are allowed")]
    TooLong {
        /// `characters` or `bytes`.
        unit: &'static str,
        /// How many there are.
        actual: usize,
        /// How many may be.
        limit: usize,
    },
    /// A control character, which no screen can show.
    #[error("has a control character at position {0}; remove it")]
    Control(usize),
    /// A label or list with a space or one of `#@,`.
    #[error("may not contain {0:?}; use letters, digits, '-', '_' or '/'")]
    BadCharacter(char),
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type!(
    /// One line, trimmed, 1 to [`MAX_TITLE_CHARS`] characters.
    Title
);
text_type!(
    /// Any text up to [`MAX_NOTES_BYTES`]; may be empty.
    #[derive(Default)]
    Notes
);
text_type!(
    /// A label without its `#`, lower case, 1 to [`MAX_LABEL_CHARS`] characters.
    Label
);
text_type!(
    /// The list that a task is in, lower case, 1 to [`MAX_LABEL_CHARS`] characters.
    ListName
);

impl Title {
    /// Trims, folds inner line breaks and tabs to spaces, and checks.
    ///
    /// # Errors
    /// [`InvalidText`] when empty, too long, or with control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let line = text.trim().replace(['\n', '\r', '\t'], " ");
        if line.is_empty() {
            return Err(InvalidText::Empty);
        }
        check_chars(&line, MAX_TITLE_CHARS)?;
        check_controls(&line, |_| false)?;
        Ok(Self(line))
    }
}

impl Notes {
    /// Checks the length; line breaks and tabs are kept.
    ///
    /// # Errors
    /// [`InvalidText`] when too long or with control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        if text.len() > MAX_NOTES_BYTES {
            return Err(InvalidText::TooLong {
                unit: "bytes",
                actual: text.len(),
                limit: MAX_NOTES_BYTES,
            });
        }
        check_controls(text, |c| matches!(c, '\n' | '\r' | '\t'))?;
        Ok(Self(text.to_owned()))
    }
}

impl Label {
    /// Trims, drops a leading `#`, lowers the case, and checks.
    ///
    /// # Errors
    /// [`InvalidText`] when empty, too long, or with a space or sign.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        name(text.strip_prefix('#').unwrap_or(text)).map(Self)
    }
}

impl ListName {
    /// Trims, drops a leading `@`, lowers the case, and checks.
    ///
    /// # Errors
    /// [`InvalidText`] when empty, too long, or with a space or sign.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        name(text.strip_prefix('@').unwrap_or(text)).map(Self)
    }
}

impl Default for ListName {
    fn default() -> Self {
        Self(DEFAULT_LIST.to_owned())
    }
}

fn name(text: &str) -> Result<String, InvalidText> {
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    check_chars(text, MAX_LABEL_CHARS)?;
    match text
        .chars()
        .find(|c| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '/')))
    {
        Some(bad) => Err(InvalidText::BadCharacter(bad)),
        None => Ok(text.to_lowercase()),
    }
}

fn check_chars(text: &str, limit: usize) -> Result<(), InvalidText> {
    let actual = text.chars().count();
    if actual > limit {
        Err(InvalidText::TooLong {
            unit: "characters",
            actual,
            limit,
        })
    } else {
        Ok(())
    }
}

fn check_controls(text: &str, allowed: impl Fn(char) -> bool) -> Result<(), InvalidText> {
    match text.chars().position(|c| c.is_control() && !allowed(c)) {
        Some(at) => Err(InvalidText::Control(at)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        assert_eq!(
            Title::parse("  Pay\nrent ")
                .map(|title| title.to_string())
                .as_deref(),
            Ok("Pay rent")
        );
        assert_eq!(Title::parse(" \t"), Err(InvalidText::Empty));
        assert_eq!(Title::parse("a\u{7}b"), Err(InvalidText::Control(1)));
        assert!(Title::parse(&"é".repeat(MAX_TITLE_CHARS)).is_ok());
        assert!(Title::parse(&"é".repeat(MAX_TITLE_CHARS + 1)).is_err());
    }

    #[test]
    fn notes_labels_and_lists() {
        assert!(Notes::parse("a\nb\tc").is_ok());
        assert!(Notes::parse(&"a".repeat(MAX_NOTES_BYTES + 1)).is_err());
        assert_eq!(
            Label::parse("#Home")
                .map(|label| label.to_string())
                .as_deref(),
            Ok("home")
        );
        assert_eq!(
            Label::parse("two words"),
            Err(InvalidText::BadCharacter(' '))
        );
        assert_eq!(
            ListName::parse("@Work/2026")
                .map(|list| list.to_string())
                .as_deref(),
            Ok("work/2026")
        );
        assert_eq!(ListName::parse("@"), Err(InvalidText::Empty));
    }
}
