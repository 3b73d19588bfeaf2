//! "Done with the report", "I called mom", "mark it as done".

use language::vocabulary::token::Words;

use super::target::{target, target_or_last};
use crate::intent::message::Message;
use crate::intent::phrases::complete as phrases;
use crate::intent::verb;
use crate::intent::vocabulary::{Intent, Target};

/// A task that is done.
pub(crate) fn complete(message: &Message<'_>) -> Option<Intent> {
    [announced, marked, is_done, commanded, past]
        .iter()
        .find_map(|form| form(message))
        .map(Intent::Complete)
}

/// "done", "did it": said of the task last spoken of. Before lists, which could be of done tasks.
pub(crate) fn alone(message: &Message<'_>) -> Option<Intent> {
    message
        .words
        .are_any(phrases::DONE)
        .then_some(Intent::Complete(Target::Last))
}

/// "done with …", "finished …", "check off …".
fn announced(message: &Message<'_>) -> Option<Target> {
    let words = message.words;
    let length = words.begin_with_any(phrases::DONE_FRONTS)?;
    let rest = words.from(length);
    // The "today" of "I finished everything due today" says which; that of "I finished the report today" says when.
    match target(message, rest)? {
        all @ Target::All(_) => Some(all),
        _ => target(message, rest.without(&[], phrases::WHEN)),
    }
}

/// "mark … as done", "tick … off".
fn marked(message: &Message<'_>) -> Option<Target> {
    let words = message.words;
    let (front, ends): (usize, &[&str]) =
        if let Some(front) = words.begin_with_any(&["mark", "set", "flag"]) {
            (front, phrases::MARK_ENDS)
        } else {
            (
                words.begin_with_any(phrases::OFF_FRONTS)?,
                phrases::OFF_ENDS,
            )
        };
    let end = words.end_with_any(ends)?;
    let rest = words.first(words.len() - end).from(front);
    Some(target_or_last(message, rest)).filter(|_| front + end < words.len() + 1)
}

/// "… is done", "dentist: done".
fn is_done(message: &Message<'_>) -> Option<Target> {
    let words = message.words;
    let is_question = words.begin_with_any(phrases::QUESTION_FRONTS).is_some();
    let end = words
        .end_with_any(phrases::DONE_ENDS)
        .filter(|_| !is_question && !message.asks)?;
    let rest = words.first(words.len() - end);
    // "I need to get it done", "make sure the report is done" are tasks.
    let is_task = words.begin_with_any(phrases::TASK_FRONTS).is_some();
    target(message, rest).filter(|_| !is_task)
}

/// "complete number 2"; but "complete the form by friday" is a task.
fn commanded(message: &Message<'_>) -> Option<Target> {
    let words = message.words;
    let length = words.begin_with_any(phrases::COMMANDS)?;
    let target = target(message, words.from(length))?;
    let is_plain = matches!(target, Target::Words(_));
    match words.get(0) {
        "complete" => (!is_plain || !message.has_a_date()).then_some(target),
        // "Finish the report", "close the windows" and "check the oven" are things to do.
        _ => (!is_plain).then_some(target),
    }
}

/// "I called mom", "paid the rent".
fn past(message: &Message<'_>) -> Option<Target> {
    let words = message.words;
    let subject = words.skip_any(phrases::SUBJECTS);
    let adverb = words.from(subject).skip_any(phrases::ADVERBS);
    let rest = words.from(subject + adverb);
    let is_past = if subject + adverb > 0 {
        verb::is_past(rest.get(0))
    } else {
        is_report(rest)
    };
    // "I got a new job", "I had to …" tell of other things.
    let is_tale = rest.begin_with_any(phrases::TALES).is_some();
    if !is_past || is_tale || rest.len() < 2 || message.asks {
        return None;
    }
    Some(in_the_past(message, rest))
}

/// "Paid rent", "called mom", "watered the plants"; but a "fixed price contract" is a thing.
fn is_report(rest: Words<'_>) -> bool {
    let word = rest.get(0);
    let is_adjective = word.ends_with("ed") && !phrases::CLEAR_VERBS.contains(&word);
    verb::is_clear_past(word) && (!is_adjective || phrases::OBJECTS.contains(&rest.get(1)))
}

/// "Called mom" finds "Call mom": looking for tasks knows the forms of verbs.
fn in_the_past(message: &Message<'_>, rest: Words<'_>) -> Target {
    let rest = rest.without(&[], phrases::WHEN);
    if rest.len() == 2 && matches!(rest.get(1), "it" | "that" | "them") {
        return Target::Last;
    }
    Target::Words(message.written(rest))
}
