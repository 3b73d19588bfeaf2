//! What is not done, and not written down either: commands with a "not" before them, commands that are understood in part only,
//! and what is put right with words that nobody here can follow.

use language::matchers::{clock, day};
use language::vocabulary::lexicon::{digits, is_task_verb};
use language::vocabulary::token::Words;
use language::{QuickAdd, turn};

use super::{change, complete, delete, postpone, rename, reopen};
use crate::intent::message::Message;
use crate::intent::phrases::guard as phrases;
use crate::intent::vocabulary::{Intent, Target};

/// Whatever changes tasks that are there.
const COMMANDS: [fn(&Message<'_>) -> Option<Intent>; 6] = [
    reopen::reopen,
    change::change,
    postpone::postpone,
    rename::rename,
    complete::complete,
    delete::delete,
];

/// What a message asks for that is not to be done, or only in part.
pub(crate) fn guard(message: &Message<'_>) -> Option<Intent> {
    if is_forbidden(message) {
        return Some(Intent::No);
    }
    let words = message.words;
    let is_vague = says_when_vaguely(words) || is_of_reminders(words);
    (is_vague || is_put_right(words) || asks_for_more(message)).then_some(Intent::Unknown)
}

fn command(message: &Message<'_>) -> Option<Intent> {
    COMMANDS.iter().find_map(|command| command(message))
}

/// "Don't delete the report". "Don't call mom" is something to keep in mind, and "don't forget" something to do.
fn is_forbidden(message: &Message<'_>) -> bool {
    let Some(front) = message.words.begin_with_any(phrases::FORBIDDING) else {
        return false;
    };
    let rest = message.words.from(front).without(&["please", "just"], &[]);
    let is_another = phrases::NOT_FORBIDDING.contains(&rest.get(0));
    let forbids = || {
        let said = message.of(rest);
        let begins = postpone::begins_a_move(&said) || phrases::OF_THE_LIST.contains(&rest.get(0));
        command(&said).is_some() || begins && is_pronoun(rest.get(1))
    };
    !is_another && !rest.is_empty() && forbids()
}

/// "Buy milk, no wait, buy eggs", "delete the report, actually no, keep it": what could be put right word by word has been.
fn is_put_right(words: Words<'_>) -> bool {
    (1..words.len()).any(|at| {
        let here = words.from(at);
        let Some(length) = turn(here) else {
            return false;
        };
        let rest = here.from(length);
        let is_apart = words.closed_after(at);
        let is_firm =
            (0..length).any(|word| here.from(word).begin_with_any(phrases::TURNED).is_some());
        let says_no = (0..length)
            .any(|word| matches!(here.get(word), "no" | "nope") && here.closed_after(word + 1));
        let is_number =
            digits(rest.get(0)).is_some() && rest.closed_after(1) && here.get(0) == "no";
        !rest.is_empty() && is_apart && (is_firm || says_no || is_number)
    })
}

/// "Remind me later", "snooze": of what, and when?
fn says_when_vaguely(words: Words<'_>) -> bool {
    let front = words.begin_with_any(phrases::VAGUE_FRONTS);
    front.is_some_and(|front| words.from(front).are_any(phrases::VAGUE))
        || words.are_any(&["snooze"])
}

/// "Remove the reminder from the dentist": it is not the task that is to go. "The reminder for the dentist" is the task, unless
/// it is to be turned off.
fn is_of_reminders(words: Words<'_>) -> bool {
    let off = words.begin_with_any(phrases::TURN_OFF);
    let front = off.or(words.begin_with_any(phrases::REMOVE));
    let Some(front) = front else {
        return false;
    };
    let named = words.from(front).begin_with_any(phrases::REMINDERS);
    named.is_some_and(|named| {
        let behind = words.from(front + named);
        off.is_some() || matches!(behind.get(0), "from" | "off")
    })
}

/// "I finished the report, remind me to send it", "move the dentist to friday and call mom": two things at once, of which a
/// command would do one.
fn asks_for_more(message: &Message<'_>) -> bool {
    let words = message.words;
    // Whoever says more than this at once is read as far as that.
    const MOST: usize = 6;
    const REACH: usize = 10;
    let behind = |at: usize| {
        let and = words.from(at).skip_any(phrases::AND);
        (and > 0 || words.closed_after(at))
            .then(|| words.from(at + and))
            .filter(|rest| !rest.is_empty())
    };
    let parts = (1..words.len()).filter_map(|at| {
        let rest = behind(at)?;
        let begins = rest.begin_with_any(phrases::ANOTHER).is_some();
        let goes_on = || is_task_verb(rest.get(0)) || goal(message, rest.first(REACH)).is_some();
        (begins || goes_on()).then_some((at, begins))
    });
    let mut parts = parts.take(MOST);
    parts.any(|(at, begins)| match command(&message.of(words.first(at))) {
        Some(Intent::Move { .. } | Intent::Change { .. }) => true,
        Some(_) => begins,
        None => false,
    })
}

/// Whether a command speaks of a task as no task is spoken of: of "it" and more, or of everything but some.
pub(crate) fn is_of_no_task(message: &Message<'_>, intent: &Intent) -> bool {
    // "I didn't finish everything" opens nothing again.
    if matches!(intent, Intent::Reopen(Target::All(_))) && message.words.get(0) == "i" {
        return true;
    }
    let (Intent::Show(target)
    | Intent::Complete(target)
    | Intent::Reopen(target)
    | Intent::Delete(target)
    | Intent::Move { target, .. }
    | Intent::Rename { target, .. }
    | Intent::Change { target, .. }) = intent
    else {
        return false;
    };
    let Target::Words(words) = target else {
        return false;
    };
    let mut words = words.split_whitespace().map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    let first = first.trim_matches(|c: char| !c.is_alphanumeric());
    matches!(first, "it" | "everything" | "all") && words.next().is_some()
}

/// Whether a message that was not understood as a command begins as one, and so is no new task.
pub(crate) fn begins_a_command(message: &Message<'_>, read: &QuickAdd) -> bool {
    let words = message.words;
    let begins = postpone::begins_a_move(message);
    if begins && (read.has_unclear_day || goal(message, words.from(1)).is_some()) {
        return true;
    }
    let object = words.get(1);
    if phrases::OF_THE_LIST.contains(&words.get(0)) {
        return is_pronoun(object) || phrases::UNTIL.contains(&object);
    }
    // "Push it", "bring it forward": by how much? "Make it 5": o'clock, or of them?
    let moves = phrases::MOVES.contains(&words.get(0));
    let begins_so = matches!(words.get(0), "make" | "set");
    let is_bare = object == "it"
        && words.len() <= 3
        && (moves || begins_so && digits(words.get(2)).is_some());
    if is_bare {
        return true;
    }
    // "Set it up tomorrow", "make it to the gym by 5" are things to do.
    let is_thing = phrases::THINGS_TO_DO.contains(&words.get(2))
        || (words.get(0) == "make" && words.get(2) == "to");
    let speaks_of_when = read.due.is_some()
        || read.recurrence.is_some()
        || !read.notes.is_empty()
        || (2..words.len()).any(|at| phrases::WHENS.contains(&words.get(at)));
    (begins || phrases::ALSO.contains(&words.get(0)))
        && is_pronoun(object)
        && !is_thing
        && speaks_of_when
}

fn is_pronoun(word: &str) -> bool {
    phrases::PRONOUNS.contains(&word)
}

/// Where in `words` it is said to when something goes: the "to friday" of "move the dentist to friday or saturday".
fn goal(message: &Message<'_>, words: Words<'_>) -> Option<usize> {
    (1..words.len()).find(|at| {
        let to = words.from(*at).begin_with_any(&["to", "until", "till"]);
        to.is_some_and(|to| {
            let goal = words.from(at + to);
            day::bare(goal, message.reading, true).is_some()
                || clock::time(goal, message.reading).is_some()
        })
    })
}
