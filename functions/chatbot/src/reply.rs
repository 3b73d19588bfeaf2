//! The words of an answer: pure.

use chrono::NaiveDate;
use domain::zone::Tz;
use domain::{Due, ReminderRule};
use events::ReminderDocument;
use language::{Context, describe};
use serde::Deserialize;
use serde_json::Value;

use crate::Known;
use crate::command::Command;
use crate::conversation::QuestionKind;
use crate::intent::{Intent, ListQuery, Period};
use crate::plan::{MAX_CHANGES, Say, Step};

/// Most tasks that are told one by one; the answer's `tasks` has all of them.
const MAX_TOLD: usize = 20;

/// A step that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What was asked.
    pub step: Step,
    /// The task as it now is; `None` when it is gone.
    pub after: Option<Known>,
}

/// Words that need no task.
#[must_use]
pub fn say(say: &Say) -> String {
    match say {
        Say::Greeting => "Hello! Tell me what you want to be reminded of, or ask what is due.".to_owned(),
        Say::Thanks => "You're welcome.".to_owned(),
        Say::Help => HELP.to_owned(),
        Say::Unknown => "I didn't get that. Tell me a task, such as “call mom tomorrow at 6pm”, or ask “what's due today?”".to_owned(),
        Say::NoTitle => "What shall I remind you of?".to_owned(),
        Say::NotFound(words) => format!("I can't find a task like “{words}”. Ask me to show all tasks to see what there is."),
        Say::NothingMentioned => "Which task do you mean? Say some words of its title.".to_owned(),
        Say::NothingThere => "There is no such task, so I changed nothing.".to_owned(),
        Say::NothingAsked => "I didn't ask anything. Tell me a task, or ask what is due.".to_owned(),
        Say::Left => "Okay, I left everything as it is.".to_owned(),
        Say::NothingToUndo => "There is nothing that I could undo.".to_owned(),
        Say::CantMove(reason) => reason.clone(),
    }
}

const HELP: &str = "Here is what you can say:\n\
    • “remind me to call mom in 20 minutes” or “water the plants every 3 days at 8am #home !2”\n\
    • “what's due today?”, “show overdue”, “what do I have this week?”\n\
    • “done with the dentist”, “delete the milk”, “rename milk to oat milk”\n\
    • “move the dentist to friday at 3pm”, “make it urgent”, “undo”";

/// What was done, in one line or a few.
#[must_use]
pub fn done(done: &[Done], context: &Context) -> String {
    let mut lines = vec![match done {
        [only] => one(only, context),
        several => many(several),
    }];
    lines.extend(done.iter().flat_map(|done| done.step.notes.clone()));
    lines.join(" ")
}

fn one(done: &Done, context: &Context) -> String {
    let before = done.step.before.as_ref();
    let title = done
        .after
        .as_ref()
        .or(before)
        .map_or("", |task| &task.title);
    match (&done.step.command, &done.after) {
        (Command::Create { .. }, Some(task)) => added(task, context),
        (Command::Create { .. }, None) => format!("Added “{title}”."),
        (Command::Complete { .. }, _) => {
            let again = before
                .and_then(repeats)
                .map(|words| format!(" It repeats {words}."));
            format!("Done: “{title}”.{}", again.unwrap_or_default())
        }
        (Command::Reopen { .. }, _) => format!("“{title}” is open again."),
        (Command::Delete { .. }, _) => {
            let series = before.is_some_and(|task| task.recurrence.is_some());
            let all = if series { " It won't come again." } else { "" };
            format!("Deleted “{title}”.{all}")
        }
        (Command::Patch { changes, .. }, after) => {
            patched(title, changes, before, after.as_ref(), context)
        }
    }
}

/// `Added “Pay rent” for Tue 1 Dec at 09:00, every month on the 1st. I'll remind you then.`
fn added(task: &Known, context: &Context) -> String {
    let mut text = format!("Added “{}”", task.title);
    if let Some(due) = &task.due {
        text.push_str(" for ");
        text.push_str(&when(due, context));
    }
    if let Some(words) = repeats(task) {
        text.push_str(", ");
        text.push_str(&words);
    }
    text.push('.');
    if let Some(sentence) = reminders(task, context) {
        text.push(' ');
        text.push_str(&sentence);
    }
    text
}

fn reminders(task: &Known, context: &Context) -> Option<String> {
    let rules = task.value["reminders"]
        .as_array()?
        .iter()
        .filter_map(|reminder| ReminderDocument::deserialize(reminder).ok()?.rule().ok());
    let words: Vec<String> = rules
        .map(|rule| match rule {
            ReminderRule::BeforeDue(0) if task.due.is_some_and(|due| due.time.is_none()) => {
                "at 09:00 that day".to_owned()
            }
            ReminderRule::BeforeDue(0) => "then".to_owned(),
            rule if task.due.is_some_and(|due| rule.is_fixed_at(&due)) => "then".to_owned(),
            ReminderRule::BeforeDue(minutes) => format!("{} before", stretch(minutes)),
            ReminderRule::At(at) => {
                let local = domain::zone::local(at, context.zone);
                let due = Due {
                    date: local.date(),
                    time: Some(local.time()),
                    zone: context.zone,
                };
                when(&due, context)
            }
        })
        .collect();
    (!words.is_empty()).then(|| format!("I'll remind you {}.", and(&words)))
}

/// `10 minutes`, `an hour`, `2 days`.
fn stretch(minutes: u32) -> String {
    let (count, unit) = match minutes {
        m if m % (7 * 24 * 60) == 0 => (m / (7 * 24 * 60), "week"),
        m if m % (24 * 60) == 0 => (m / (24 * 60), "day"),
        m if m % 60 == 0 => (m / 60, "hour"),
        m => (m, "minute"),
    };
    match (count, unit) {
        (1, "hour") => "an hour".to_owned(),
        (1, unit) => format!("a {unit}"),
        (count, unit) => format!("{count} {unit}s"),
    }
}

fn patched(
    title: &str,
    changes: &Value,
    before: Option<&Known>,
    after: Option<&Known>,
    context: &Context,
) -> String {
    if changes.get("title").is_some() {
        let old = before.map_or("", |task| &task.title);
        return format!("Renamed “{old}” to “{title}”.");
    }
    let mut words = Vec::new();
    if changes.get("due").is_some() {
        words.push(match after.and_then(|task| task.due.as_ref()) {
            Some(due) => format!("is now due {}", when(due, context)),
            None => "has no due date any more".to_owned(),
        });
    }
    match changes["priority"].as_u64() {
        Some(4) => words.push("has no priority any more".to_owned()),
        Some(level) => words.push(format!("now has priority {level}")),
        None => {}
    }
    if let Some(labels) = changes["labels"].as_array() {
        let labels: Vec<String> = labels
            .iter()
            .filter_map(Value::as_str)
            .map(|label| format!("#{label}"))
            .collect();
        words.push(match labels.as_slice() {
            [] => "has no labels any more".to_owned(),
            labels => format!("is labelled {}", and(labels)),
        });
    }
    if let Some(list) = changes["list"].as_str() {
        words.push(format!("is now in the list {list}"));
    }
    if changes.get("due").is_none_or(|due| !due.is_null()) && changes.get("recurrence").is_some() {
        words.push(match after.and_then(repeats) {
            Some(words) => format!("repeats {words}"),
            None => "no longer repeats".to_owned(),
        });
    }
    format!("“{title}” {}.", and(&words))
}

fn many(done: &[Done]) -> String {
    let titles: Vec<String> = done
        .iter()
        .filter_map(|done| done.after.as_ref().or(done.step.before.as_ref()))
        .map(|task| format!("“{}”", task.title))
        .collect();
    let what = match done.first().map(|done| done.step.command.kind()) {
        Some("completed") => "Done",
        Some("reopened") => "Open again",
        Some("deleted") => "Deleted",
        Some("moved") => "Moved",
        Some("added") => "Added",
        _ => "Changed",
    };
    format!("{what}: {}.", and(&some(&titles)))
}

/// One task, when it was asked for.
#[must_use]
pub fn tell(task: &Known, context: &Context) -> String {
    let mut text = format!("“{}”", task.title);
    match &task.due {
        Some(due) => {
            let tense = if due.overdue_after() <= context.now {
                "was"
            } else {
                "is"
            };
            text.push_str(&format!(" {tense} due {}", when(due, context)));
        }
        None => text.push_str(" has no due date"),
    }
    if let Some(words) = repeats(task) {
        text.push_str(&format!(" and repeats {words}"));
    }
    text.push('.');
    text
}

/// A list of tasks, numbered.
#[must_use]
pub fn list(query: &ListQuery, tasks: &[Known], context: &Context) -> String {
    let about = about(query, context);
    let empty = *query
        == ListQuery {
            period: query.period,
            ..ListQuery::default()
        };
    match (tasks, query.period) {
        ([], Period::Completed) => format!("Nothing is done yet{about}."),
        ([], Period::Overdue) if empty => "Nothing is overdue. Well done.".to_owned(),
        ([], Period::Today) if empty => "Nothing is due today.".to_owned(),
        ([], Period::All) if empty => "There is nothing to do. Tell me a task to begin.".to_owned(),
        ([], _) => format!("There is nothing{about}."),
        (tasks, _) => {
            let count = match tasks.len() {
                1 => "1 task".to_owned(),
                count => format!("{count} tasks"),
            };
            format!("{count}{about}:\n{}", numbered(tasks, context))
        }
    }
}

fn about(query: &ListQuery, context: &Context) -> String {
    let today = context.local().date();
    let mut words = match query.period {
        Period::All => String::new(),
        Period::Today => " due today or earlier".to_owned(),
        Period::Overdue => " overdue".to_owned(),
        Period::Week => " due by the end of this week".to_owned(),
        Period::Between(first, last) if first == last => {
            format!(" due {}", describe::date(first, today))
        }
        Period::Between(first, last) => format!(
            " due from {} to {}",
            describe::date(first, today),
            describe::date(last, today)
        ),
        Period::NoDue => " without a due date".to_owned(),
        Period::Completed => " done".to_owned(),
    };
    if let Some(priority) = query.priority {
        words.push_str(&format!(" with priority {}", priority.level()));
    }
    if let Some(label) = &query.label {
        words.push_str(&format!(" labelled #{label}"));
    }
    if let Some(list) = &query.list {
        words.push_str(&format!(" in the list {list}"));
    }
    if let Some(text) = &query.text {
        words.push_str(&format!(" about “{text}”"));
    }
    words
}

/// The question which tasks are meant, or whether really all of them are.
#[must_use]
pub fn ask(kind: QuestionKind, intent: &Intent, candidates: &[Known], context: &Context) -> String {
    let list = numbered(candidates, context);
    if kind == QuestionKind::Which {
        return format!("Which one do you mean?\n{list}");
    }
    let verb = match intent {
        Intent::Delete(_) => "delete",
        Intent::Complete(_) => "complete",
        Intent::Reopen(_) => "reopen",
        Intent::Move { .. } => "move",
        _ => "change",
    };
    let most = match candidates.len().checked_sub(MAX_CHANGES) {
        None | Some(0) => String::new(),
        Some(_) => format!(", the first {MAX_CHANGES} of them now"),
    };
    format!(
        "That would {verb} {} tasks{most}. Shall I?\n{list}",
        candidates.len()
    )
}

/// What a command that the task service refused comes to.
#[must_use]
pub fn refused(title: Option<&str>, detail: &str) -> String {
    match title {
        Some(title) => format!("“{title}” stays as it is: {detail}"),
        None => format!("I couldn't add that: {detail}"),
    }
}

/// What was taken back.
#[must_use]
pub fn undone(done: &[Done]) -> String {
    let titles: Vec<String> = done
        .iter()
        .filter_map(|done| done.after.as_ref().or(done.step.before.as_ref()))
        .map(|task| format!("“{}”", task.title))
        .collect();
    match titles.as_slice() {
        [] => "Undone.".to_owned(),
        titles => format!("Undone: {}.", and(&some(titles))),
    }
}

fn numbered(tasks: &[Known], context: &Context) -> String {
    let today = context.local().date();
    let mut lines: Vec<String> = tasks
        .iter()
        .take(MAX_TOLD)
        .zip(1..)
        .map(|(task, number)| format!("{number}. {}", line(task, today, context)))
        .collect();
    if let Some(more) = tasks.len().checked_sub(MAX_TOLD).filter(|more| *more > 0) {
        lines.push(format!("… and {more} more."));
    }
    lines.join("\n")
}

fn line(task: &Known, today: NaiveDate, context: &Context) -> String {
    let completed = task.value["completed_at"]
        .as_str()
        .and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok());
    match (&task.due, completed) {
        (_, Some(at)) => {
            let date = domain::zone::local(at.to_utc(), context.zone).date();
            format!("{} (done {})", task.title, describe::date(date, today))
        }
        (Some(due), None) => format!("{} ({})", task.title, when(due, context)),
        (None, None) => task.title.clone(),
    }
}

/// How a task comes again.
fn repeats(task: &Known) -> Option<String> {
    let recurrence = task.recurrence.as_ref()?;
    Some(match &task.due {
        Some(due) => recurrence.dated(due).describe(),
        None => recurrence.describe(),
    })
}

/// A due date where the person is; of another zone's clocks when the task is by those.
fn when(due: &Due, context: &Context) -> String {
    let said = describe::due(due, context.local().date());
    let is_elsewhere = |zone: Tz| zone != context.zone && due.time.is_some();
    if is_elsewhere(due.zone) {
        format!("{said} ({})", due.zone.name())
    } else {
        said
    }
}

fn some(titles: &[String]) -> Vec<String> {
    let mut some: Vec<String> = titles.iter().take(MAX_TOLD).cloned().collect();
    if titles.len() > MAX_TOLD {
        some.push(format!("{} more", titles.len() - MAX_TOLD));
    }
    some
}

fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
