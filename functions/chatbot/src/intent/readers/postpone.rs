//! "Move the dentist to Friday", "push it back two days", "the report has no date any more".

use chrono::Duration;
use language::matchers::{amount, clock};
use language::turn;
use language::vocabulary::amount::Amounts;
use language::vocabulary::token::Words;

use super::list::everything;
use super::target::{target, target_or_last};
use crate::intent::message::Message;
use crate::intent::vocabulary::{Intent, NewDue, Target};

const VERBS: &[&str] = &[
    "move",
    "reschedule",
    "postpone",
    "push",
    "shift",
    "delay",
    "bump",
    "defer",
    "put off",
    "change",
    "set",
    "bring",
    "push back",
    "move back",
    "bring forward",
    "move forward",
    "pull forward",
    "snooze",
    "move up",
    "change the date of",
    "change date of",
    "change due date of",
    "set due date of",
    "change time of",
    "change the due date of",
    "change the time of",
    "set the due date of",
    "set the date of",
    "set the time of",
    "make",
    "update",
    "set the deadline of",
    "change the deadline of",
];

/// Another due date.
pub(crate) fn postpone(message: &Message<'_>) -> Option<Intent> {
    let (target, to) = [never, shifted, moved, it, is_now, instead, again]
        .iter()
        .find_map(|form| form(message))?;
    Some(Intent::Move { target, to })
}

/// Another due date for what was said before, in no words but those of the date.
pub(crate) fn corrected(message: &Message<'_>) -> Option<Intent> {
    put_right(message).map(|(target, to)| Intent::Move { target, to })
}

/// Whether a message begins as one that moves a task. "Set", "make" and "bring" begin new ones as well.
pub(crate) fn begins_a_move(message: &Message<'_>) -> bool {
    const NEW_TOO: &[&str] = &["set", "make", "bring", "update", "push"];
    let words = message.words;
    words.begin_with_any(VERBS).is_some() && !NEW_TOO.contains(&words.get(0))
}

/// "move … to friday", "set … for 5pm", "make … due monday".
fn moved(message: &Message<'_>) -> Option<(Target, NewDue)> {
    const JOINTS: &[&str] = &[
        "to",
        "until",
        "till",
        "for",
        "on",
        "by",
        "due",
        "to be due",
        "due on",
        "back to",
        "forward to",
        "up to",
        "out to",
        "due by",
        "from today to",
        "over to",
    ];
    let words = message.words;
    let verb = words.begin_with_any(VERBS)?;
    let rest = words.from(verb);
    for at in 0..rest.len() {
        let Some(joint) = rest.from(at).begin_with_any(JOINTS) else {
            continue;
        };
        let goal = rest.from(at + joint);
        let Some(to) = new_due(message, goal).or_else(|| hour(words, goal)) else {
            continue;
        };
        // "Everything from today" is less than everything; of one task "from today" says nothing new.
        let from_today = rest.from(at).skip_any(&["from today"]);
        let all = everything(message, rest.first(at + from_today));
        // "Set the alarm for 7" and "make a cake for Friday" are tasks; "set it for 7" is none.
        let target = all.map_or_else(
            || {
                let named = rest.first(at);
                target_or_last(
                    message,
                    named.without(&["the due date of", "the date of"], &[]),
                )
            },
            Target::All,
        );
        let strict = matches!(
            words.get(0),
            "set" | "make" | "bring" | "change" | "update" | "push"
        ) && matches!(rest.get(at), "for" | "on" | "by" | "until" | "till");
        let is_new = strict && matches!(target, Target::Words(_));
        return (!is_new).then_some((target, to));
    }
    None
}

/// "make it friday", "do it tomorrow".
fn it(message: &Message<'_>) -> Option<(Target, NewDue)> {
    let words = message.words;
    let front = words.begin_with_any(&[
        "make it",
        "make that",
        "make this",
        "do it",
        "do that",
        "do this",
        "move it",
    ])?;
    Some((Target::Last, new_due(message, words.from(front))?))
}

/// "No, friday", "I meant at 6", "actually tomorrow": said of the task last spoken of.
fn put_right(message: &Message<'_>) -> Option<(Target, NewDue)> {
    let words = message.words;
    let turned = turn(words).or((words.before() == "actually").then_some(0))?;
    Some((Target::Last, new_due(message, words.from(turned))?))
}

/// "remind me again tomorrow", "remind me at 5 about it".
fn again(message: &Message<'_>) -> Option<(Target, NewDue)> {
    const IT: &[&str] = &[
        "again",
        "about it",
        "of it",
        "about that",
        "of that",
        "about this",
    ];
    let words = message.words;
    let front = words.begin_with_any(&["remind me", "nudge me"])?;
    let rest = words.from(front);
    let said = rest.without(IT, IT);
    let to = new_due(message, said).filter(|_| said.len() < rest.len())?;
    Some((Target::Last, to))
}

/// "push … back two days", "postpone … by an hour", "snooze it for 10 minutes", "postpone …".
fn shifted(message: &Message<'_>) -> Option<(Target, NewDue)> {
    const SHIFTS: &[&str] = &[
        "move",
        "postpone",
        "push",
        "shift",
        "delay",
        "bump",
        "defer",
        "put off",
        "push back",
        "move back",
        "bring forward",
        "move forward",
        "snooze",
        "reschedule",
        "bring",
        "pull forward",
        "move up",
    ];
    const EARLIER: &[&str] = &["forward", "earlier", "up", "ahead", "sooner", "forwards"];
    const LATER: &[&str] = &["back", "later", "out", "off", "backwards", "down"];
    let words = message.words;
    let verb = words.begin_with_any(SHIFTS)?;
    let mut earlier = words.first(verb).end_with_any(EARLIER).is_some();
    let mut rest = words.from(verb);
    if let Some(length) = rest.end_with_any(EARLIER).or(rest.end_with_any(LATER)) {
        earlier |= rest.end_with_any(EARLIER).is_some();
        rest = rest.first(rest.len() - length);
    }
    for at in 0..rest.len() {
        let joint =
            rest.from(at)
                .skip_any(&["by", "for", "in", "by another", "another", "for another"]);
        let Some((length, amounts)) = amount::sum(rest.from(at + joint)) else {
            continue;
        };
        if at + joint + length != rest.len() {
            continue;
        }
        let mut named = rest.first(at);
        if let Some(length) = named.end_with_any(EARLIER).or(named.end_with_any(LATER)) {
            earlier |= named.end_with_any(EARLIER).is_some();
            named = named.first(named.len() - length);
        } else if named.are_any(EARLIER) || named.are_any(LATER) {
            earlier |= named.are_any(EARLIER);
            named = named.first(0);
        }
        return Some((target_or_last(message, named), shift(amounts, earlier)?));
    }
    let alone = matches!(words.get(0), "postpone" | "delay" | "defer")
        || words.begin_with("put off").is_some();
    let has_goal = rest.find_any(&["to", "until", "till"]).is_some();
    (alone && !has_goal && !message.has_a_date()).then(|| {
        (
            target_or_last(message, rest),
            NewDue::Shift {
                months: 0,
                days: 1,
                time: Duration::zero(),
            },
        )
    })
}

fn shift(amounts: Amounts, earlier: bool) -> Option<NewDue> {
    let sign = if earlier { -1 } else { 1 };
    Some(NewDue::Shift {
        months: sign * i32::try_from(amounts.months).ok()?,
        days: i64::from(sign) * i64::try_from(amounts.days).ok()?,
        time: amounts.time()? * sign,
    })
}

/// "… is now on friday", "… has been moved to friday".
fn is_now(message: &Message<'_>) -> Option<(Target, NewDue)> {
    const JOINTS: &[&str] = &[
        "is now",
        "is now on",
        "is now at",
        "is now due",
        "is actually",
        "is actually on",
        "is actually at",
        "is moved to",
        "was moved to",
        "has been moved to",
        "got moved to",
        "has moved to",
        "is postponed to",
        "was postponed to",
        "is rescheduled to",
        "was rescheduled to",
        "has been rescheduled to",
        "has been postponed to",
        "is now for",
    ];
    let words = message.words;
    let (at, joint) = words.find_any(JOINTS)?;
    let to = new_due(message, words.from(at + joint))?;
    Some((target(message, words.first(at))?, to))
}

/// "do … tomorrow instead", "… on friday instead".
fn instead(message: &Message<'_>) -> Option<(Target, NewDue)> {
    let words = message.words;
    // "Tomorrow instead of friday".
    if let Some((at, of)) = words.find_any(&["instead of"]) {
        new_due(message, words.from(at + of))?;
        return Some((Target::Last, new_due(message, words.first(at))?));
    }
    let end = words.end_with_any(&["instead"])?;
    let rest = words.first(words.len() - end).without(
        &[
            "do",
            "i'll do",
            "i will do",
            "let's do",
            "make",
            "can we do",
            "could we do",
        ],
        &[],
    );
    (0..rest.len()).find_map(|at| {
        let joint = rest.from(at).skip_any(&["on", "at", "for"]);
        let to =
            new_due(message, rest.from(at)).or_else(|| new_due(message, rest.from(at + joint)))?;
        Some((target_or_last(message, rest.first(at)), to))
    })
}

/// "… no longer has a date", "remove the date from …", "unschedule …".
fn never(message: &Message<'_>) -> Option<(Target, NewDue)> {
    const FRONTS: &[&str] = &[
        "unschedule",
        "remove the date from",
        "remove the due date from",
        "remove the deadline from",
        "remove the date of",
        "remove the due date of",
        "clear the date of",
        "clear the due date of",
        "clear the date for",
        "clear the due date for",
        "delete the date of",
        "delete the due date of",
        "take the date off",
        "no date for",
        "remove the time and date from",
    ];
    const ENDS: &[&str] = &[
        "no longer has a date",
        "no longer has a due date",
        "has no date",
        "has no due date",
        "doesn't have a date",
        "doesn't have a due date",
        "has no deadline",
        "to someday",
        "to no date",
        "to never",
        "no longer has a deadline",
        "doesn't need a date",
        "without a date",
    ];
    let words = message
        .words
        .without(&[], &["anymore", "any more", "any longer"]);
    if let Some(length) = words.begin_with_any(FRONTS) {
        return Some((target(message, words.from(length))?, NewDue::Never));
    }
    let length = words.end_with_any(ENDS)?;
    let verb = words.skip_any(VERBS);
    let asks = words
        .begin_with_any(&["what", "which", "show", "list", "add"])
        .is_some();
    let rest = words.first(words.len() - length).from(verb);
    target(message, rest)
        .filter(|_| !asks)
        .map(|target| (target, NewDue::Never))
}

/// The 3 of "move it to 3".
fn hour(words: Words<'_>, goal: Words<'_>) -> Option<NewDue> {
    let moves = matches!(
        words.get(0),
        "move" | "reschedule" | "postpone" | "push" | "shift" | "bump" | "change"
    );
    let said = clock::hour(goal.get(0)).filter(|_| moves && goal.len() == 1)?;
    Some(NewDue::At {
        date: None,
        time: Some(said.likely()),
    })
}

/// A day and time, if `words` are nothing else.
fn new_due(message: &Message<'_>, words: Words<'_>) -> Option<NewDue> {
    let (date, time) = message.moment(words)?;
    let part = date.and_then(|date| date.part);
    let time = match (time, part) {
        (Some(time), Some(part)) => Some(time.within(part)),
        (Some(time), None) => Some(time.likely()),
        (None, part) => date
            .and_then(|date| date.time)
            .or(part.map(|part| part.time())),
    };
    Some(NewDue::At {
        date: date.map(|date| date.date),
        time,
    })
}
