//! The person's own commands on a reminder: snooze and dismiss. Like those of the task service they are one
//! transaction, with their event in the outbox.

use api::reminder::Snooze;
use chrono::{DateTime, Duration, Utc, Weekday};
use dapr::timetable::{Entry as Due, Insert};
use dapr::{Condition, Dapr, DaprError, Write};
use domain::{EventId, TaskId, UserId, zone};
use events::{Chain, Event, ReminderDismissed, ReminderSnoozed, Timestamp};
use function::{Fingerprint, KeptAnswer, Problem, Rate, refuse_erased};
use language::{Context, MAX_TEXT_CHARS};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::agenda::{self, Head, Pointer};
use crate::book::Book;
use crate::fire::SOURCE;
use crate::schedule;

/// How often a command tries again when somebody else came first, or the store's answer was lost.
const TRIES: u32 = 12;

/// How long the answer to a command is kept: 24 hours.
const REQUEST_TTL_SECONDS: u32 = 24 * 60 * 60;

/// Longest snooze: a year.
const MAX_SNOOZE_MINUTES: i64 = 366 * 24 * 60;

/// What is to become of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Snooze(DateTime<Utc>),
    Dismiss,
}

/// Until when.
///
/// # Errors
/// 422 when it says none of the three or more than one, not in the future, or further than a year away.
pub(crate) fn until(snooze: &Snooze, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let (pointer, until) = match (snooze.until, snooze.minutes, &snooze.text) {
        (Some(until), None, None) => ("/until", Some(until.utc())),
        (None, Some(minutes), None) => (
            "/minutes",
            Duration::try_minutes(minutes).and_then(|wait| now.checked_add_signed(wait)),
        ),
        (None, None, Some(text)) => ("/text", Some(moment(snooze, text, now)?)),
        _ => {
            let detail = "Say one of `until` (an instant), `minutes` and `text`.";
            return Err(Problem::invalid_field("", detail));
        }
    };
    until
        .filter(|&until| until > now && until <= now + Duration::minutes(MAX_SNOOZE_MINUTES))
        .ok_or_else(|| Problem::invalid_field(pointer, "Must be within a year from now."))
}

fn moment(snooze: &Snooze, text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let name = snooze
        .time_zone
        .as_deref()
        .ok_or_else(|| Problem::invalid_field("/time_zone", "is needed to understand `text`"))?;
    let zone = zone::parse(name).map_err(|error| Problem::invalid_field("/time_zone", error))?;
    let context = Context {
        now,
        zone,
        week_start: Weekday::Mon,
    };
    let is_readable = text.chars().count() <= MAX_TEXT_CHARS;
    let moment = is_readable.then(|| language::moment(text, &context));
    moment.flatten().ok_or_else(|| {
        Problem::invalid_field("/text", "says no time; write one such as “tomorrow at 9”")
    })
}

/// Who asks for what.
pub(crate) struct Request<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) reminder: Uuid,
    pub(crate) command: Command,
    /// The caller's idempotency key, or a fresh id.
    pub(crate) key: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) event_id: EventId,
    pub(crate) chain: Chain,
    pub(crate) now: DateTime<Utc>,
    pub(crate) rate: Rate,
}

impl Request<'_> {
    /// Carries the command out; answers what the list shows of the reminder.
    pub(crate) async fn run<D: Dapr>(&self, dapr: &D) -> Result<Value, Problem> {
        let mut last = DaprError::Conflict;
        for _ in 0..TRIES {
            match self.attempt(dapr).await {
                Ok(answer) => return answer,
                // After a lost answer the next round finds the answer under the request's key, if it was committed.
                Err(error @ (DaprError::Conflict | DaprError::Unavailable { .. })) => last = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }

    async fn attempt<D: Dapr>(&self, dapr: &D) -> Result<Result<Value, Problem>, DaprError> {
        let user = self.user.as_str();
        let request_key = format!("request/{user}/{}", self.key);
        let (head_key, pointer_key) = (
            agenda::head_key(user),
            agenda::pointer_key(user, self.reminder),
        );
        let keys = [request_key.clone(), head_key.clone(), pointer_key.clone()];
        let mut documents = dapr.get_many(&keys).await?.into_iter();
        let mut next = || documents.next().flatten();
        let (answered, head_document, pointer) = (next(), next(), next());
        let mut head = Head::read(&head_key, head_document.as_ref())?;
        if let Err(problem) = refuse_erased(head.erased, self.now) {
            return Ok(Err(problem));
        }
        if let Some(answered) = answered {
            let answered: KeptAnswer = answered.read(&request_key)?;
            return Ok(answered.to(&self.fingerprint));
        }
        let Some(pointer) = pointer else {
            return Ok(Err(no_such_reminder()));
        };
        let pointer: Pointer = pointer.read(&pointer_key)?;
        let book_key = schedule::key(user, pointer.task_id);
        let Some(document) = dapr.get(&book_key).await? else {
            return Ok(Err(no_such_reminder()));
        };
        let before: Book = document.read(&book_key)?;
        let mut book = before.clone();
        let Some(entry) = book.find(self.reminder) else {
            return Ok(Err(no_such_reminder()));
        };
        match self.command {
            Command::Snooze(_) if entry.state.is_over() => {
                return Ok(Err(Problem::conflict(
                    "This reminder was dismissed, or its task is done.",
                )));
            }
            Command::Snooze(until) => entry.snooze(Timestamp::clamped(until)),
            Command::Dismiss => entry.dismiss(),
        }
        let entry = entry.clone();

        if let Err(seconds) = head.pace.take(self.rate, self.now) {
            return Ok(Err(Problem::too_many_requests(seconds)));
        }
        let mut writes =
            agenda::edit(dapr, &mut head, user, pointer.task_id, &before, &book).await?;
        let mut events = [self.event(TaskId(pointer.task_id), entry.version)];
        writes.extend(head.outbox.append(user, &mut events, false));
        let check = head.outbox.plan_check(self.now);
        let due = matches!(self.command, Command::Snooze(_))
            .then(|| Due::new(entry.at.utc(), user, book_key.as_str()))
            .into_iter()
            .chain(check.map(|at| Due::new(at, user, head_key.as_str())))
            .collect();
        let (insert, entries) = Insert::plan(dapr, due, self.now).await?;
        let answer = json!(agenda::shown(pointer.task_id, &book, &entry));
        writes.extend(entries);
        let number = head.outbox.sequence;
        writes.push(head.answers.keep(user, number, &request_key, self.now));
        head.erased = None;
        writes.push(Write::put(
            head_key,
            &head,
            Condition::as_read(head_document.as_ref()),
        ));
        writes.push(Write::put(
            book_key,
            &book,
            Condition::Unchanged(document.etag),
        ));
        let answered = KeptAnswer::new(self.fingerprint.clone(), answer.clone());
        writes.push(
            Write::put(request_key, &answered, Condition::Absent).with_ttl(REQUEST_TTL_SECONDS),
        );
        dapr.transact(writes).await?;
        insert.confirm(dapr).await?;
        Ok(Ok(answer))
    }

    fn event(&self, task: TaskId, version: u64) -> Event {
        let (reminder_id, now) = (self.reminder, Timestamp::clamped(self.now));
        let (id, user, task, chain) = (self.event_id, self.user, Some(task), self.chain);
        let reminder_version = Some(version);
        match self.command {
            Command::Snooze(until) => {
                let payload = ReminderSnoozed {
                    reminder_id,
                    until: Timestamp::clamped(until),
                    reminder_version,
                };
                Event::new(id, SOURCE, user, task, &payload, chain, now)
            }
            Command::Dismiss => {
                let payload = ReminderDismissed {
                    reminder_id,
                    reminder_version,
                };
                Event::new(id, SOURCE, user, task, &payload, chain, now)
            }
        }
    }
}

fn no_such_reminder() -> Problem {
    Problem::not_found("There is no such reminder.")
}
