//! Labels and lists.

use domain::{Label, ListName};

use crate::phrases::mark as phrases;
use crate::vocabulary::context::Reading;
use crate::vocabulary::lexicon::digits;
use crate::vocabulary::meaning::{Match, Meaning};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// `#home`. A number is no label: "issue #42".
pub fn label(words: Words<'_>, _: &Reading) -> Option<Match> {
    let name = words
        .get(0)
        .strip_prefix('#')
        .filter(|name| digits(name).is_none())?;
    let label = Label::parse(name).ok()?;
    Some(firm(1, Meaning::Label(label)))
}

/// `@work`, "in list work", "to my shopping list".
pub fn list(words: Words<'_>, _: &Reading) -> Option<Match> {
    let (length, name) = signed(words)
        .or_else(|| by_name(words))
        .or_else(|| owned(words))?;
    Some(firm(length, Meaning::List(ListName::parse(name).ok()?)))
}

fn firm(words: usize, meaning: Meaning) -> Match {
    Match {
        words,
        meaning,
        weight: Weight::Firm,
    }
}

/// `@work`; `@5pm` is a time.
fn signed(words: Words<'_>) -> Option<(usize, &str)> {
    let name = words.get(0).strip_prefix('@')?;
    name.starts_with(char::is_alphabetic).then_some((1, name))
}

/// "in list work", "to the list work", "on list: work".
fn by_name(words: Words<'_>) -> Option<(usize, &str)> {
    let lead = words.begin_with_any(phrases::LIST_LEADS)?;
    let name = words.get(lead);
    let is_name =
        !name.is_empty() && (!words.closed_after(lead) || words.token(lead - 1)?.word == "list");
    // "to my list tomorrow" names no list.
    let others = [
        "tomorrow", "today", "on", "at", "by", "for", "every", "please", "in", "next", "this",
    ];
    (is_name && !others.contains(&name)).then_some((lead + 1, name))
}

/// "to my shopping list", "on the grocery list".
fn owned(words: Words<'_>) -> Option<(usize, &str)> {
    let lead = words.begin_with_any(phrases::OWNED_LEADS)?;
    let name = words.get(lead);
    let mine = words.get(1) != "the" || phrases::USUAL_LISTS.contains(&name);
    let todo = phrases::NO_LISTS.contains(&name);
    (words.get(lead + 1) == "list" && mine && !todo).then_some((lead + 2, name))
}
