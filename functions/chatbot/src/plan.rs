//! What is to be done about a message: pure. The tasks that may be meant come in as arguments.

use chrono::NaiveDate;
use domain::{Due, Recurrence, ReminderRule, zone};
use events::{DueDocument, RecurrenceDocument, ReminderDocument};
use language::{Context, QuickAdd};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Known;
use crate::command::Command;
use crate::conversation::{Conversation, Mention, Question, QuestionKind};
use crate::intent::{Choice, Edit, Intent, ListQuery, NewDue, Period, Target, TitleMatch, find};

/// Most tasks that one message changes.
pub const MAX_CHANGES: usize = 50;

/// Most tasks that "everything …" changes without asking. A deletion of more than one always asks.
const MAX_UNASKED: usize = 10;

/// What a message comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Only words.
    Say(Say),
    /// Tasks are shown.
    List(ListQuery, Vec<Known>),
    /// One task is told of.
    Tell(Box<Known>),
    /// The person has to choose.
    Ask(QuestionKind, Vec<Known>),
    /// Something is done.
    Do(Vec<Step>),
}

/// Words that need no task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// Hello.
    Greeting,
    /// You're welcome.
    Thanks,
    /// What can be said here.
    Help,
    /// The message was not understood.
    Unknown,
    /// "Remind me to" … what?
    NoTitle,
    /// No task is what these words describe.
    NotFound(String),
    /// "It", but nothing was spoken of.
    NothingMentioned,
    /// There is no task that the message could change.
    NothingThere,
    /// "Yes", but nothing was asked.
    NothingAsked,
    /// "No": all stays as it is.
    Left,
    /// There is nothing to take back.
    NothingToUndo,
    /// A due date can't be moved so.
    CantMove(String),
}

/// One command, with the task as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What the task service is asked.
    pub command: Command,
    /// The task as it was; `None` for a new one.
    pub before: Option<Known>,
    /// What the person may want to know beside it.
    pub notes: Vec<String>,
}

/// Which tasks must be known before a plan can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// None.
    Nothing,
    /// The open ones, as far as this due date.
    Open(Option<NaiveDate>),
    /// The completed ones, the newest first.
    Completed,
    /// This one.
    One(Mention),
}

/// Which tasks `intent` needs.
#[must_use]
pub fn needs(intent: &Intent, conversation: &Conversation, context: &Context) -> Needs {
    if let Intent::List(query) = intent {
        return of_list(query, context);
    }
    match verb(intent) {
        None => Needs::Nothing,
        Some((Target::Words(_), Verb::Reopen)) => Needs::Completed,
        Some((Target::Words(_), _)) => Needs::Open(None),
        Some((Target::All(query), _)) => of_list(query, context),
        Some((Target::Last | Target::Number(_), _)) => {
            mentioned(intent, conversation).map_or(Needs::Nothing, Needs::One)
        }
    }
}

fn of_list(query: &ListQuery, context: &Context) -> Needs {
    let today = context.local().date();
    match query.period {
        Period::Completed => Needs::Completed,
        Period::All | Period::NoDue => Needs::Open(None),
        Period::Today | Period::Overdue => Needs::Open(Some(today)),
        Period::Week => Needs::Open(Some(end_of_week(context))),
        Period::Between(_, last) => Needs::Open(Some(last)),
    }
}

fn mentioned(intent: &Intent, conversation: &Conversation) -> Option<Mention> {
    match verb(intent)?.0 {
        Target::Last => conversation.last.clone(),
        Target::Number(number) => conversation.shown.get(number.checked_sub(1)?).cloned(),
        Target::Words(_) | Target::All(_) => None,
    }
}

/// What is to be done about `intent`, when `tasks` are those that it [`needs`].
#[must_use]
pub fn plan(intent: &Intent, tasks: Vec<Known>, context: &Context) -> Plan {
    match intent {
        Intent::Add(quick) if quick.title.is_empty() => Plan::Say(Say::NoTitle),
        Intent::Add(quick) => Plan::Do(vec![Step {
            command: Command::Create {
                fields: fields(quick),
            },
            before: None,
            notes: quick.notes.clone(),
        }]),
        Intent::List(query) => Plan::List(query.clone(), matching(tasks, query, context)),
        Intent::Yes | Intent::Choose(_) => Plan::Say(Say::NothingAsked),
        Intent::No => Plan::Say(Say::Left),
        Intent::Help => Plan::Say(Say::Help),
        Intent::Greeting => Plan::Say(Say::Greeting),
        Intent::Thanks => Plan::Say(Say::Thanks),
        // The conversation knows what can be undone; `turn` has asked it before.
        Intent::Undo => Plan::Say(Say::NothingToUndo),
        Intent::Unknown => Plan::Say(Say::Unknown),
        Intent::Show(target)
        | Intent::Complete(target)
        | Intent::Reopen(target)
        | Intent::Delete(target)
        | Intent::Move { target, .. }
        | Intent::Rename { target, .. }
        | Intent::Change { target, .. } => on_target(intent, target, tasks, context),
    }
}

fn on_target(intent: &Intent, target: &Target, tasks: Vec<Known>, context: &Context) -> Plan {
    match target {
        Target::Words(words) => {
            let titles: Vec<&str> = tasks.iter().map(|task| task.title.as_str()).collect();
            match find(words, titles.iter().copied()) {
                TitleMatch::None => Plan::Say(Say::NotFound(words.clone())),
                TitleMatch::One(at) => for_chosen(intent, vec![tasks[at].clone()], context),
                TitleMatch::Several(places) => {
                    let several = places.into_iter().map(|at| tasks[at].clone());
                    ask_which(intent, several.collect())
                }
            }
        }
        Target::Last | Target::Number(_) if tasks.is_empty() => Plan::Say(Say::NothingMentioned),
        Target::Last | Target::Number(_) => for_chosen(intent, tasks, context),
        Target::All(query) => {
            let all = matching(tasks, query, context);
            let unasked = match intent {
                Intent::Delete(_) => 1,
                Intent::Show(_) => usize::MAX,
                _ => MAX_UNASKED,
            };
            match all.len() {
                0 => Plan::Say(Say::NothingThere),
                count if count > unasked => Plan::Ask(QuestionKind::Sure, all),
                _ => for_chosen(intent, all, context),
            }
        }
    }
}

fn ask_which(intent: &Intent, several: Vec<Known>) -> Plan {
    match intent {
        Intent::Show(_) => Plan::List(ListQuery::default(), several),
        _ => Plan::Ask(QuestionKind::Which, several),
    }
}

/// What is to be done when the person has said which tasks they mean.
#[must_use]
pub fn for_chosen(intent: &Intent, mut chosen: Vec<Known>, context: &Context) -> Plan {
    let Some((_, verb)) = verb(intent) else {
        return Plan::Say(Say::Unknown);
    };
    if let (Verb::Show, [only]) = (&verb, chosen.as_slice()) {
        return Plan::Tell(Box::new(only.clone()));
    }
    if matches!(verb, Verb::Show) {
        return Plan::List(ListQuery::default(), chosen);
    }
    chosen.truncate(MAX_CHANGES);
    let steps = chosen.into_iter().map(|task| {
        let (command, notes) = verb.command(&task, context)?;
        Ok(Step {
            command,
            before: Some(task),
            notes,
        })
    });
    match steps.collect::<Result<Vec<_>, String>>() {
        Ok(steps) => Plan::Do(steps),
        Err(reason) => Plan::Say(Say::CantMove(reason)),
    }
}

/// How a message answers a question: the tasks that it chooses, or `None` when it is about something else.
#[must_use]
pub fn answer(question: &Question, message: &str, intent: &Intent) -> Option<Vec<Mention>> {
    let all = &question.candidates;
    match (question.kind, intent) {
        (QuestionKind::Sure, Intent::Yes | Intent::Choose(Choice::All)) => Some(all.clone()),
        (QuestionKind::Which, Intent::Choose(Choice::All)) => Some(all.clone()),
        (QuestionKind::Which, Intent::Choose(Choice::Last)) => {
            Some(all.last()?.to_owned().into_vec())
        }
        (QuestionKind::Which, Intent::Choose(Choice::Numbers(numbers))) => numbers
            .iter()
            .map(|number| all.get(number.checked_sub(1)?).cloned())
            .collect(),
        // Nothing of the message was understood as anything else: it may be a title.
        (QuestionKind::Which, Intent::Add(quick)) if quick.spans.is_empty() => {
            by_title(all, message)
        }
        (QuestionKind::Which, Intent::Unknown) => by_title(all, message),
        _ => None,
    }
}

fn by_title(candidates: &[Mention], message: &str) -> Option<Vec<Mention>> {
    let titles: Vec<&str> = candidates
        .iter()
        .map(|mention| mention.title.as_str())
        .collect();
    match find(message, titles.iter().copied()) {
        TitleMatch::One(at) => Some(vec![candidates[at].clone()]),
        TitleMatch::None | TitleMatch::Several(_) => None,
    }
}

impl Mention {
    fn into_vec(self) -> Vec<Self> {
        vec![self]
    }
}

/// What is done to a task that is meant.
enum Verb<'a> {
    Show,
    Complete,
    Reopen,
    Delete,
    Move(NewDue),
    Rename(&'a str),
    Change(&'a Edit),
}

fn verb(intent: &Intent) -> Option<(&Target, Verb<'_>)> {
    Some(match intent {
        Intent::Show(target) => (target, Verb::Show),
        Intent::Complete(target) => (target, Verb::Complete),
        Intent::Reopen(target) => (target, Verb::Reopen),
        Intent::Delete(target) => (target, Verb::Delete),
        Intent::Move { target, to } => (target, Verb::Move(*to)),
        Intent::Rename { target, title } => (target, Verb::Rename(title)),
        Intent::Change { target, edit } => (target, Verb::Change(edit)),
        Intent::Add(_)
        | Intent::List(_)
        | Intent::Choose(_)
        | Intent::Yes
        | Intent::No
        | Intent::Undo
        | Intent::Help
        | Intent::Greeting
        | Intent::Thanks
        | Intent::Unknown => return None,
    })
}

impl Verb<'_> {
    /// The command for one task, and what the person should know of it; or why it can't be.
    fn command(&self, task: &Known, context: &Context) -> Result<(Command, Vec<String>), String> {
        let id = task.id.clone();
        let mut notes = Vec::new();
        let command = match self {
            // Shown before; a list of commands has none of it.
            Self::Show => return Err("There is nothing to change.".to_owned()),
            Self::Complete => Command::Complete { id },
            Self::Reopen => Command::Reopen { id },
            Self::Delete => Command::Delete { id },
            Self::Rename(title) => Command::Patch {
                id,
                changes: json!({ "title": title }),
            },
            Self::Move(to) => {
                let due = to
                    .apply(task.due.as_ref(), context)
                    .map_err(|error| format!("“{}” {error}.", task.title))?;
                if due.is_none() && task.recurrence.is_some() {
                    notes.push("It no longer repeats, since that needs a date.".to_owned());
                }
                Command::Patch {
                    id,
                    changes: moved(task, due),
                }
            }
            Self::Change(edit) => Command::Patch {
                id,
                changes: changed(task, edit, context),
            },
        };
        Ok((command, notes))
    }
}

/// A new due date, with what hangs on it.
fn moved(task: &Known, due: Option<Due>) -> Value {
    let Some(due) = due else {
        let reminders = task.value["reminders"].as_array();
        let fixed: Vec<&Value> = reminders
            .into_iter()
            .flatten()
            .filter(|reminder| reminder.get("at").is_some_and(|at| !at.is_null()))
            .collect();
        return json!({ "due": null, "recurrence": null, "reminders": fixed });
    };
    let mut changes = json!({ "due": due_patch(&due) });
    let gets_a_time = due.time.is_some() && task.due.is_none_or(|before| before.time.is_none());
    if gets_a_time && !task.has_reminders() {
        changes["reminders"] = json!([ReminderDocument::from(ReminderRule::BeforeDue(0))]);
    }
    changes
}

fn changed(task: &Known, edit: &Edit, context: &Context) -> Value {
    let mut changes = Map::new();
    if let Some(priority) = edit.priority {
        changes.insert("priority".to_owned(), json!(priority.level()));
    }
    if !(edit.add_labels.is_empty() && edit.remove_labels.is_empty()) {
        let goes = |label: &str| {
            edit.remove_labels
                .iter()
                .any(|other| other.as_str() == label)
        };
        let mut labels: Vec<&str> = task.labels().filter(|label| !goes(label)).collect();
        for label in &edit.add_labels {
            if !labels.contains(&label.as_str()) {
                labels.push(label.as_str());
            }
        }
        changes.insert("labels".to_owned(), json!(labels));
    }
    if let Some(list) = &edit.list {
        changes.insert("list".to_owned(), json!(list.as_str()));
    }
    match &edit.recurrence {
        None => {}
        Some(None) => {
            changes.insert("recurrence".to_owned(), Value::Null);
        }
        Some(Some(recurrence)) => {
            let due = task.due.unwrap_or_else(|| first_due(recurrence, context));
            if task.due.is_none() {
                changes.insert("due".to_owned(), due_patch(&due));
            }
            let document = RecurrenceDocument::from(&Recurrence {
                rule: recurrence.rule.clone().anchored(due.date),
                basis: recurrence.basis,
            });
            changes.insert(
                "recurrence".to_owned(),
                json!({ "rrule": document.rrule, "basis": document.basis }),
            );
        }
    }
    changes.into()
}

/// When a task without a due date is first due if it is to repeat: on the first day of the rule, all day.
fn first_due(recurrence: &Recurrence, context: &Context) -> Due {
    let today = context.local().date();
    let date = recurrence.rule.occurrences(today).next().unwrap_or(today);
    Due {
        date,
        time: None,
        zone: context.zone,
    }
}

/// A due date for a merge patch, which has to say that there is no time.
fn due_patch(due: &Due) -> Value {
    let mut value = json!(DueDocument::from(due));
    if due.time.is_none() {
        value["time"] = Value::Null;
    }
    value
}

/// Body of `POST /api/tasks` for what a text said.
#[must_use]
pub fn fields(quick: &QuickAdd) -> Value {
    let labels: Vec<&str> = quick.labels.iter().map(|label| label.as_str()).collect();
    let mut fields = json!({ "title": quick.title, "labels": labels });
    if let Some(due) = &quick.due {
        fields["due"] = json!(DueDocument::from(due));
    }
    if let Some(reminders) = &quick.reminders {
        let reminders: Vec<ReminderDocument> = reminders.iter().map(|&rule| rule.into()).collect();
        fields["reminders"] = json!(reminders);
    }
    if let Some(recurrence) = &quick.recurrence {
        fields["recurrence"] = json!(RecurrenceDocument::from(recurrence));
    }
    if let Some(priority) = quick.priority {
        fields["priority"] = json!(priority.level());
    }
    if let Some(list) = &quick.list {
        fields["list"] = json!(list.as_str());
    }
    fields
}

/// The tasks that a list shows, in the order given.
fn matching(tasks: Vec<Known>, query: &ListQuery, context: &Context) -> Vec<Known> {
    let text = query.text.as_ref().map(|text| text.to_lowercase());
    tasks
        .into_iter()
        .filter(|task| {
            text.as_ref().is_none_or(|text| is_about(task, text))
                && is_in(query.period, task, context)
                && query
                    .label
                    .as_ref()
                    .is_none_or(|label| task.labels().any(|has| has == label.as_str()))
                && query
                    .list
                    .as_ref()
                    .is_none_or(|list| task.value["list"] == list.as_str())
                && query
                    .priority
                    .is_none_or(|priority| task.value["priority"] == priority.level())
        })
        .collect()
}

/// Whether the title has all words of `text`, or a label or the list is called so.
fn is_about(task: &Known, text: &str) -> bool {
    let title = task.title.to_lowercase();
    text.split_whitespace().all(|word| title.contains(word))
        || task.labels().any(|label| label == text)
        || task.value["list"] == text
}

fn is_in(period: Period, task: &Known, context: &Context) -> bool {
    let today = context.local().date();
    let date = task.due.map(|due| local_date(&due, context));
    let by = |last: NaiveDate| date.is_some_and(|date| date <= last);
    match period {
        Period::All | Period::Completed => true,
        Period::NoDue => date.is_none(),
        Period::Today => by(today),
        Period::Overdue => task
            .due
            .is_some_and(|due| due.overdue_after() <= context.now),
        Period::Week => by(end_of_week(context)),
        Period::Between(first, last) => by(last) && date.is_some_and(|date| date >= first),
    }
}

/// The day on which a task is due where the person is.
fn local_date(due: &Due, context: &Context) -> NaiveDate {
    match due.time {
        Some(time) => zone::local(zone::resolve(due.date, time, due.zone), context.zone).date(),
        None => due.date,
    }
}

fn end_of_week(context: &Context) -> NaiveDate {
    let today = context.local().date();
    today.week(context.week_start).last_day()
}
