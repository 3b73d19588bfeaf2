//! "Rename the report to Annual report".

use super::target::target;
use crate::intent::message::Message;
use crate::intent::phrases::rename as phrases;
use crate::intent::vocabulary::Intent;

/// Another title.
pub(crate) fn rename(message: &Message<'_>) -> Option<Intent> {
    let words = message.words;
    let front = words.begin_with_any(phrases::RENAME)?;
    let rest = words.from(front);
    // Quotation marks hide their words from every phrase, so the joint is found outside of them.
    let (at, joint) = rest.find_any(phrases::RENAME_JOINTS)?;
    // "Change the report to friday or saturday" speaks of when; who wants that as a title says so.
    if words.get(0) == "change" && front == 1 && message.says_when(rest.from(at + joint)) {
        return None;
    }
    let title = message.written(rest.from(at + joint));
    let target = target(message, rest.first(at))?;
    (!title.is_empty()).then_some(Intent::Rename { target, title })
}
