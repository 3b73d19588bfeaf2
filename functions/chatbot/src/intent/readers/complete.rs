//! "Done with the report", "I called mom", "mark it as done".

use language::vocabulary::token::Words;

use super::target::{target, target_or_last};
use crate::intent::message::Message;
use crate::intent::verb;
use crate::intent::vocabulary::{Intent, Target};

const WHEN: &[&str] = &[
    "yesterday",
    "today",
    "already",
    "just now",
    "this morning",
    "last night",
    "earlier",
    "earlier today",
    "finally",
    "tonight",
    "this afternoon",
    "this evening",
    "an hour ago",
    "last week",
    "a minute ago",
];

/// A task that is done.
pub(crate) fn complete(message: &Message<'_>) -> Option<Intent> {
    [announced, marked, is_done, commanded, past]
        .iter()
        .find_map(|form| form(message))
        .map(Intent::Complete)
}

/// "done", "did it": said of the task last spoken of. Before lists, which could be of done tasks.
pub(crate) fn alone(message: &Message<'_>) -> Option<Intent> {
    const PHRASES: &[&str] = &[
        "done",
        "did it",
        "i did it",
        "i did that",
        "finished",
        "completed",
        "all done",
        "i'm done",
        "it's done",
        "that's done",
        "done with it",
        "done with that",
        "i've done it",
        "i have done it",
        "complete",
        "check",
        "✓",
        "✅",
        "i'm finished",
    ];
    message
        .words
        .are_any(PHRASES)
        .then_some(Intent::Complete(Target::Last))
}

/// "done with …", "finished …", "check off …".
fn announced(message: &Message<'_>) -> Option<Target> {
    const FRONTS: &[&str] = &[
        "done with",
        "i'm done with",
        "i am done with",
        "im done with",
        "finished with",
        "i'm finished with",
        "finished",
        "completed",
        "i finished",
        "i completed",
        "i've finished",
        "i have finished",
        "i've completed",
        "i have completed",
        "i just finished",
        "i just completed",
        "just finished",
        "just completed",
        "check off",
        "tick off",
        "cross off",
        "cross out",
        "mark off",
        "strike off",
        "i did",
        "i've done",
        "i have done",
        "i just did",
        "i already did",
        "just did",
        "already did",
        "done",
        "✓",
        "✔",
        "✅",
        "i've already done",
    ];
    let words = message.words;
    let length = words.begin_with_any(FRONTS)?;
    let rest = words.from(length);
    // The "today" of "I finished everything due today" says which; that of "I finished the report today" says when.
    match target(message, rest)? {
        all @ Target::All(_) => Some(all),
        _ => target(message, rest.without(&[], WHEN)),
    }
}

/// "mark … as done", "tick … off".
fn marked(message: &Message<'_>) -> Option<Target> {
    const ENDS: &[&str] = &[
        "as done",
        "as complete",
        "as completed",
        "as finished",
        "done",
        "complete",
        "completed",
        "finished",
        "to done",
        "to completed",
        "to complete",
    ];
    const OFF: &[&str] = &[
        "off",
        "off my list",
        "off the list",
        "off the to-do list",
        "off my to-do list",
    ];
    let words = message.words;
    let (front, ends): (usize, &[&str]) =
        if let Some(front) = words.begin_with_any(&["mark", "set", "flag"]) {
            (front, ENDS)
        } else {
            (
                words.begin_with_any(&["check", "tick", "cross", "strike", "mark"])?,
                OFF,
            )
        };
    let end = words.end_with_any(ends)?;
    let rest = words.first(words.len() - end).from(front);
    Some(target_or_last(message, rest)).filter(|_| front + end < words.len() + 1)
}

/// "… is done", "dentist: done".
fn is_done(message: &Message<'_>) -> Option<Target> {
    const ENDS: &[&str] = &[
        "is done",
        "are done",
        "is finished",
        "are finished",
        "is complete",
        "is completed",
        "is all done",
        "is taken care of",
        "is handled",
        "has been done",
        "was done",
        "done",
        "is done now",
        "is now done",
        "is sorted",
        "got done",
        "are completed",
        "is already done",
        "has been completed",
        "are complete",
        "✓",
        "✅",
    ];
    let words = message.words;
    let is_question = words
        .begin_with_any(&[
            "is", "are", "what", "what's", "which", "get", "have", "should", "must", "when",
        ])
        .is_some();
    let end = words
        .end_with_any(ENDS)
        .filter(|_| !is_question && !message.asks)?;
    let rest = words.first(words.len() - end);
    // "I need to get it done", "make sure the report is done" are tasks.
    let is_task = words
        .begin_with_any(&[
            "i",
            "make sure",
            "we",
            "to",
            "remind me",
            "need",
            "ensure",
            "wait until",
            "check that",
            "check if",
        ])
        .is_some();
    target(message, rest).filter(|_| !is_task)
}

/// "complete number 2"; but "complete the form by friday" is a task.
fn commanded(message: &Message<'_>) -> Option<Target> {
    let words = message.words;
    let length = words.begin_with_any(&["complete", "close", "finish", "check"])?;
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
    const SUBJECTS: &[&str] = &["i", "i've", "i have", "ive", "we", "we've"];
    const ADVERBS: &[&str] = &["just", "already", "finally", "also", "now", "actually"];
    let words = message.words;
    let subject = words.skip_any(SUBJECTS);
    let adverb = words.from(subject).skip_any(ADVERBS);
    let rest = words.from(subject + adverb);
    let is_past = if subject + adverb > 0 {
        verb::is_past(rest.get(0))
    } else {
        is_report(rest)
    };
    // "I got a new job", "I had to …" tell of other things.
    let is_tale = rest
        .begin_with_any(&[
            "got a",
            "got an",
            "got to",
            "had to",
            "had a",
            "had an",
            "wanted to",
            "needed to",
        ])
        .is_some();
    if !is_past || is_tale || rest.len() < 2 || message.asks {
        return None;
    }
    Some(in_the_past(message, rest))
}

/// "Paid rent", "called mom", "watered the plants"; but a "fixed price contract" is a thing.
fn is_report(rest: Words<'_>) -> bool {
    const OBJECTS: &[&str] = &[
        "the", "my", "a", "an", "it", "our", "that", "this", "his", "her", "all", "both", "them",
        "to", "with", "some",
    ];
    let word = rest.get(0);
    let is_adjective = word.ends_with("ed")
        && !matches!(
            word,
            "called" | "emailed" | "texted" | "phoned" | "messaged" | "visited" | "asked"
        );
    verb::is_clear_past(word) && (!is_adjective || OBJECTS.contains(&rest.get(1)))
}

/// "Called mom" finds "Call mom": looking for tasks knows the forms of verbs.
fn in_the_past(message: &Message<'_>, rest: Words<'_>) -> Target {
    let rest = rest.without(&[], WHEN);
    if rest.len() == 2 && matches!(rest.get(1), "it" | "that" | "them") {
        return Target::Last;
    }
    Target::Words(message.written(rest))
}
