//! "Make it urgent", "tag the report with #work", "stop repeating the report".

use domain::{Basis, Label, Priority, Recurrence};
use language::matchers::{mark, priority, repeat};
use language::vocabulary::lexicon::number;
use language::vocabulary::meaning::Meaning;
use language::vocabulary::token::Words;

use super::target::{target, target_or_last};
use crate::intent::message::Message;
use crate::intent::phrases::change as phrases;
use crate::intent::vocabulary::{Edit, Intent, Target};

/// Another priority, label, list or recurrence.
pub(crate) fn change(message: &Message<'_>) -> Option<Intent> {
    let (target, edit) = [
        no_recurrence,
        recurrence,
        list,
        labels,
        no_labels,
        priority_of,
    ]
    .iter()
    .find_map(|form| form(message))?;
    Some(Intent::Change {
        target,
        edit: Box::new(edit),
    })
}

type ParsedEdit = Option<(Target, Edit)>;

/// "stop repeating …", "… no longer repeats".
fn no_recurrence(message: &Message<'_>) -> ParsedEdit {
    let words = message
        .words
        .without(&[], &["anymore", "any more", "any longer"]);
    let rest = match words.begin_with_any(phrases::ONCE_FRONTS) {
        Some(length) => {
            // "Don't repeat the report every week".
            let rest = words.from(length);
            let rule = (1..rest.len()).find(|at| rule(message, rest.from(*at)).is_some());
            rest.first(rule.unwrap_or(rest.len()))
        }
        None => {
            let end = words.end_with_any(phrases::ONCE_ENDS)?;
            words
                .first(words.len() - end)
                .without(&["make", "stop", "let"], &[])
        }
    };
    Some((
        target(message, rest)?,
        Edit {
            recurrence: Some(None),
            ..Edit::default()
        },
    ))
}

/// "make … repeat every week", "repeat … daily", "change … to every monday".
fn recurrence(message: &Message<'_>) -> ParsedEdit {
    let words = message.words;
    let front = words.skip_any(phrases::REPEAT_FRONTS);
    let rest = words.from(front);
    // Without a verb in front only "… should repeat …" is about a task that is there.
    let needs_joint = front == 0;
    (1..rest.len()).find_map(|at| {
        let joint = rest.from(at).skip_any(phrases::REPEAT_JOINTS);
        let said = rule(message, rest.from(at + joint))?;
        let spoken = phrases::REPEATING.contains(&rest.get(at));
        if needs_joint && !spoken {
            return None;
        }
        let target = target(message, rest.first(at))?;
        // "Make dinner every Friday" is a task; "make dinner repeat …", "make it weekly" are none.
        let is_new = joint == 0
            && words.get(0) != "repeat"
            && matches!(target, Target::Words(_))
            && !is_adverb(rest, at);
        (!is_new).then(|| {
            (
                target,
                Edit {
                    recurrence: Some(Some(said)),
                    ..Edit::default()
                },
            )
        })
    })
}

/// "make the report weekly", and until when.
fn is_adverb(rest: Words<'_>, at: usize) -> bool {
    rest.get(at).ends_with("ly") && rest.get(0) == "the"
}

/// The recurrence that `words` are, and nothing else. Its days follow from the due date of the task.
fn rule(message: &Message<'_>, words: Words<'_>) -> Option<Recurrence> {
    let found = repeat::recurrence(words, message.reading)?;
    let Meaning::Recurrence(said) = found.meaning else {
        return None;
    };
    let mut length = found.words;
    let except = repeat::except(words.from(length), message.reading);
    let said = match except.as_ref().map(|found| &found.meaning) {
        Some(Meaning::Except(days)) => said.without(days)?,
        _ => said,
    };
    length += except.map_or(0, |found| found.words);
    let basis = repeat::basis(words.from(length), message.reading);
    length += basis.as_ref().map_or(0, |basis| basis.words);
    let end = repeat::end(words.from(length), message.reading);
    length += end.as_ref().map_or(0, |end| end.words);
    let mut rule = said.unanchored(message.reading.week_start())?;
    if let Some(Meaning::End(until)) = end.map(|end| end.meaning) {
        // "For 3 weeks" counts from the first date, which only the task has.
        rule.end = until
            .end(message.reading.today())
            .filter(|_| !until.is_relative())?;
    }
    let basis = if basis.is_some() {
        Basis::Completion
    } else {
        Basis::Due
    };
    (length == words.len()).then_some(Recurrence { rule, basis })
}

/// "move … to list work", "put … on my shopping list".
fn list(message: &Message<'_>) -> ParsedEdit {
    let words = message.words;
    let front = words.begin_with_any(phrases::LIST_FRONTS)?;
    let rest = words.from(front);
    (1..rest.len()).find_map(|at| {
        let joint = rest.from(at).skip_any(phrases::LIST_JOINTS);
        let name = [at, at + joint].into_iter().find_map(|from| {
            let found = mark::list(rest.from(from), message.reading)?;
            (from + found.words == rest.len()).then_some(found.meaning)
        });
        let Some(Meaning::List(name)) = name else {
            return None;
        };
        let target = target(message, rest.first(at))?;
        // "Put milk on my shopping list" adds it.
        let is_new = words.get(0) == "put" && matches!(target, Target::Words(_));
        (!is_new).then(|| {
            (
                target,
                Edit {
                    list: Some(name),
                    ..Edit::default()
                },
            )
        })
    })
}

/// "tag … with #home", "add #home to …", "label … as home".
fn labels(message: &Message<'_>) -> ParsedEdit {
    let words = message.words;
    if let Some(front) = words.begin_with_any(&["tag", "label"]) {
        let rest = words.from(front);
        let (at, joint) = rest.find_any(phrases::LABEL_JOINTS).or_else(|| {
            (1..rest.len())
                .find(|at| rest.get(*at).starts_with('#'))
                .map(|at| (at, 0))
        })?;
        let target = target(message, rest.first(at))?;
        // "Tag along with Bob" is no label: a name without its sign needs a task that is clearly one.
        let is_loose = matches!(target, Target::Words(_)) && !matches!(rest.get(0), "the" | "my");
        let add_labels = names(rest.from(at + joint), is_loose)?;
        return Some((
            target,
            Edit {
                add_labels,
                ..Edit::default()
            },
        ));
    }
    let front = words.begin_with_any(&["add", "put", "attach"])?;
    let (add_labels, rest) = named_labels(words.from(front), &["to", "on"])?;
    Some((
        target(message, rest)?,
        Edit {
            add_labels,
            ..Edit::default()
        },
    ))
}

/// "remove #home from …", "untag …".
fn no_labels(message: &Message<'_>) -> ParsedEdit {
    let words = message.words;
    let front = words.begin_with_any(phrases::UNLABEL)?;
    let (remove_labels, rest) = named_labels(words.from(front), &["from", "off", "of"])?;
    Some((
        target(message, rest)?,
        Edit {
            remove_labels,
            ..Edit::default()
        },
    ))
}

/// "#home and #work to …", "the label home to …": the labels, and what is behind the joint.
fn named_labels<'a>(words: Words<'a>, joints: &[&str]) -> Option<(Vec<Label>, Words<'a>)> {
    let lead = words.skip_any(phrases::LABELS);
    let rest = words.from(lead);
    let (at, joint) = rest.find_any(joints)?;
    Some((names(rest.first(at), lead == 0)?, rest.from(at + joint)))
}

fn names(words: Words<'_>, marked: bool) -> Option<Vec<Label>> {
    let names = (0..words.len())
        .map(|at| words.get(at))
        .filter(|word| !matches!(*word, "and" | "&"));
    let labels: Vec<Label> = names
        .map(|name| {
            Label::parse(name)
                .ok()
                .filter(|_| !marked || name.starts_with('#'))
        })
        .collect::<Option<_>>()?;
    (!labels.is_empty()).then_some(labels)
}

/// "make … urgent", "set the priority of … to 1", "… is urgent", "prioritise …".
fn priority_of(message: &Message<'_>) -> ParsedEdit {
    let words = message.words;
    let found = |priority, target| {
        Some((
            target,
            Edit {
                priority: Some(priority),
                ..Edit::default()
            },
        ))
    };
    if let Some(front) = words.begin_with_any(&["prioritise", "prioritize"]) {
        return found(Priority::HIGH, target(message, words.from(front))?);
    }
    if let Some(front) = words.begin_with_any(phrases::NO_PRIORITY) {
        let of = words.from(front).begin_with_any(&["from", "of"])?;
        return found(Priority::NONE, target(message, words.from(front + of))?);
    }
    if let Some(front) = words.begin_with_any(phrases::PRIORITY_OF) {
        let rest = words.from(front);
        let (at, joint) = rest.find_any(&["to", "as", "at"])?;
        return found(
            level(message, rest.from(at + joint))?,
            target(message, rest.first(at))?,
        );
    }
    let front = words.begin_with_any(phrases::PRIORITY_FRONTS);
    let rest = words.from(front.unwrap_or(0));
    (1..rest.len()).find_map(|at| {
        let joint = rest.from(at).skip_any(phrases::PRIORITY_JOINTS);
        if front.is_none() && !rest.get(at).starts_with("is") {
            return None;
        }
        let negative = phrases::NOT_URGENT.contains(&rest.get(at)) || rest.get(at + 1) == "not";
        let priority = level(message, rest.from(at + joint))?;
        let priority = if negative { Priority::NONE } else { priority };
        found(priority, target_or_last(message, rest.first(at)))
    })
}

/// The priority that `words` are, and nothing else.
fn level(message: &Message<'_>, words: Words<'_>) -> Option<Priority> {
    if words.len() == 1 {
        let grade = priority::grade(words.get(0)).filter(|_| words.get(0) != "no");
        if let Some(priority) = grade.or_else(|| Priority::parse(number(words.get(0))?.into()).ok())
        {
            return Some(priority);
        }
    }
    let found = priority::priority(words, message.reading)?;
    let Meaning::Priority(priority) = found.meaning else {
        return None;
    };
    (found.words == words.len()).then_some(priority)
}
