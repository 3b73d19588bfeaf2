//! "Move the dentist to Friday", "push it back two days", "the report has no date any more".

use chrono::Duration;
use language::matchers::{amount, clock};
use language::turn;
use language::vocabulary::amount::Amounts;
use language::vocabulary::token::Words;

use super::list::everything;
use super::target::{target, target_or_last};
use crate::intent::message::Message;
use crate::intent::phrases::postpone as phrases;
use crate::intent::vocabulary::{Intent, NewDue, Target};

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
    let words = message.words;
    words.begin_with_any(phrases::MOVE).is_some() && !phrases::MOVE_OR_NEW.contains(&words.get(0))
}

/// "move … to friday", "set … for 5pm", "make … due monday".
fn moved(message: &Message<'_>) -> Option<(Target, NewDue)> {
    let words = message.words;
    let verb = words.begin_with_any(phrases::MOVE)?;
    let rest = words.from(verb);
    for at in 0..rest.len() {
        let Some(joint) = rest.from(at).begin_with_any(phrases::MOVE_JOINTS) else {
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
        let strict = phrases::MOVE_STRICTLY.contains(&words.get(0))
            && phrases::NEW_JOINTS.contains(&rest.get(at));
        let is_new = strict && matches!(target, Target::Words(_));
        return (!is_new).then_some((target, to));
    }
    None
}

/// "make it friday", "do it tomorrow".
fn it(message: &Message<'_>) -> Option<(Target, NewDue)> {
    let words = message.words;
    let front = words.begin_with_any(phrases::MOVE_IT)?;
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
    let words = message.words;
    let front = words.begin_with_any(&["remind me", "nudge me"])?;
    let rest = words.from(front);
    let said = rest.without(phrases::AGAIN, phrases::AGAIN);
    let to = new_due(message, said).filter(|_| said.len() < rest.len())?;
    Some((Target::Last, to))
}

/// "push … back two days", "postpone … by an hour", "snooze it for 10 minutes", "postpone …".
fn shifted(message: &Message<'_>) -> Option<(Target, NewDue)> {
    let words = message.words;
    let verb = words.begin_with_any(phrases::SHIFT)?;
    let mut earlier = words.first(verb).end_with_any(phrases::EARLIER).is_some();
    let mut rest = words.from(verb);
    if let Some(length) = rest
        .end_with_any(phrases::EARLIER)
        .or(rest.end_with_any(phrases::LATER))
    {
        earlier |= rest.end_with_any(phrases::EARLIER).is_some();
        rest = rest.first(rest.len() - length);
    }
    for at in 0..rest.len() {
        let joint = rest.from(at).skip_any(phrases::SHIFT_JOINTS);
        let Some((length, amounts)) = amount::sum(rest.from(at + joint)) else {
            continue;
        };
        if at + joint + length != rest.len() {
            continue;
        }
        let mut named = rest.first(at);
        if let Some(length) = named
            .end_with_any(phrases::EARLIER)
            .or(named.end_with_any(phrases::LATER))
        {
            earlier |= named.end_with_any(phrases::EARLIER).is_some();
            named = named.first(named.len() - length);
        } else if named.are_any(phrases::EARLIER) || named.are_any(phrases::LATER) {
            earlier |= named.are_any(phrases::EARLIER);
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
    let words = message.words;
    let (at, joint) = words.find_any(phrases::IS_NOW)?;
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
    let rest = words
        .first(words.len() - end)
        .without(phrases::INSTEAD_FRONTS, &[]);
    (0..rest.len()).find_map(|at| {
        let joint = rest.from(at).skip_any(&["on", "at", "for"]);
        let to =
            new_due(message, rest.from(at)).or_else(|| new_due(message, rest.from(at + joint)))?;
        Some((target_or_last(message, rest.first(at)), to))
    })
}

/// "… no longer has a date", "remove the date from …", "unschedule …".
fn never(message: &Message<'_>) -> Option<(Target, NewDue)> {
    let words = message
        .words
        .without(&[], &["anymore", "any more", "any longer"]);
    if let Some(length) = words.begin_with_any(phrases::NEVER_FRONTS) {
        return Some((target(message, words.from(length))?, NewDue::Never));
    }
    let length = words.end_with_any(phrases::NEVER_ENDS)?;
    let verb = words.skip_any(phrases::MOVE);
    let asks = words.begin_with_any(phrases::ASKING).is_some();
    let rest = words.first(words.len() - length).from(verb);
    target(message, rest)
        .filter(|_| !asks)
        .map(|target| (target, NewDue::Never))
}

/// The 3 of "move it to 3".
fn hour(words: Words<'_>, goal: Words<'_>) -> Option<NewDue> {
    let moves = phrases::MOVE_TO_AN_HOUR.contains(&words.get(0));
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
