//! A recurring task was completed, so its next occurrence is made; or reopened, so that is taken back.

use api::inner::{NextOccurrence, OccurrenceFields, Withdraw};
use chrono::{DateTime, Utc};
use dapr::consumer::{self, Effect, HandleError};
use dapr::{Condition, Dapr, DaprError, Document, Invocation, Target, Write};
use domain::task::SeriesPlace;
use domain::{SeriesId, Task, TaskId, UserId};
use events::{
    Chain, ChecklistItemDocument, DueDocument, Event, EventType, Payload, ReminderDocument, Story,
    TaskCompleted, TaskDocument, TaskRecurred, TaskReopened, UnknownFields,
};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::known::{self, Known};
use crate::next::{self, Next, Occurrence};

/// The function's app-id.
const SOURCE: &str = "recurrence-engine";

/// The document `series/{user}/{series}`: which completion made which occurrence, for when it is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Series {
    /// The occurrence whose completion was handled last.
    last_task_id: Uuid,
    /// What that made.
    next_task_id: Uuid,
    /// The number of `next_task_id`.
    occurrence: u32,
    /// Whether the person's list has it. Not in what earlier versions wrote.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    listed: bool,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// Handles one event of `task-events`.
pub(crate) async fn react<D: Dapr>(
    dapr: &D,
    event: &Event,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    match event.event_type {
        EventType::TaskCompleted => {
            let document = event.payload::<TaskCompleted>()?.task;
            completed(dapr, event, &document, now).await
        }
        EventType::TaskReopened => {
            let document = event.payload::<TaskReopened>()?.task;
            reopened(dapr, event, &document).await
        }
        _ => Ok(Effect::ignored()),
    }
}

async fn completed<D: Dapr>(
    dapr: &D,
    event: &Event,
    document: &TaskDocument,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    let task = task(document)?;
    let (Some(series), Some(completed_at)) = (task.series, task.completed_at) else {
        return Ok(Effect::ignored());
    };
    let Some(next) = next::next(&task, completed_at) else {
        return Ok(Effect::ignored());
    };
    let occurrence = match next {
        Next::Again(occurrence) => occurrence,
        Next::Ended => {
            let rrule = document.recurrence.as_ref().and_then(|r| r.rrule.clone());
            let payload = events::RecurrenceEnded {
                series_id: series.id.0,
                last_task_id: task.id.0,
                occurrence: series.occurrence,
                rrule: rrule.unwrap_or_default(),
                title: document.title.clone(),
            };
            publish(dapr, event, "ended", task.id, &payload).await?;
            return Ok(Vec::new().into());
        }
    };

    let id = series.id.occurrence(occurrence.number);
    let call = create(event, &task, series, id, &occurrence);
    match answer(dapr, call).await? {
        // Its owner deleted the occurrence that a first delivery of this event made: it stays deleted.
        Answer::Refused => return Ok(Vec::new().into()),
        Answer::Done => {}
    }
    let payload = TaskRecurred {
        series_id: series.id.0,
        from_task_id: task.id.0,
        next_task_id: id.0,
        occurrence: occurrence.number,
        due: DueDocument::from(&occurrence.due),
        skipped: occurrence.skipped,
        title: document.title.clone(),
    };
    publish(dapr, event, "recurred", id, &payload).await?;

    let key = key(&event.user_id, series.id);
    let (before, known) = read(dapr, &event.user_id, &key).await?;
    if known.is_erased(now) {
        return Ok(Effect::ignored());
    }
    // One that can't be read is made anew.
    let stored: Option<Series> = before.as_ref().and_then(|stored| stored.read(&key).ok());
    let is_listed = stored.as_ref().is_some_and(|stored| stored.listed);
    let series = Series {
        last_task_id: task.id.0,
        next_task_id: id.0,
        occurrence: occurrence.number,
        listed: true,
        unknown: stored.map(|stored| stored.unknown).unwrap_or_default(),
    };
    let mut writes = match is_listed {
        true => known.confirm(),
        false => known.list(dapr, &key, true).await?,
    };
    let condition = Condition::as_read(before.as_ref());
    writes.push(Write::put(key, &series, condition));
    Ok(writes.into())
}

/// A series' document, and which series the person has.
async fn read<'a, D: Dapr>(
    dapr: &D,
    user: &'a str,
    key: &str,
) -> Result<(Option<Document>, Known<'a>), DaprError> {
    let keys = [key.to_owned(), known::key(user)];
    let mut documents = dapr.get_many(&keys).await?.into_iter();
    let (series, known) = (documents.next().flatten(), documents.next().flatten());
    Ok((series, Known::of(user, known)?))
}

/// The next occurrence is withdrawn, unless the person has already touched it.
async fn reopened<D: Dapr>(
    dapr: &D,
    event: &Event,
    document: &TaskDocument,
) -> Result<Effect, HandleError> {
    let Some(series_id) = document.series_id else {
        return Ok(Effect::ignored());
    };
    let key = key(&event.user_id, SeriesId(series_id));
    let (stored, known) = read(dapr, &event.user_id, &key).await?;
    let Some(stored) = stored else {
        return Ok(Effect::ignored());
    };
    let series: Series = stored.read(&key)?;
    if series.last_task_id != document.id {
        return Ok(Effect::ignored());
    }
    let body = Withdraw {
        user_id: event.user_id.clone(),
        correlation_id: event.metadata.correlation_id,
        causation_id: event.event_id,
    };
    let path = format!("/task-service/tasks/{}/withdraw", series.next_task_id);
    answer(dapr, invocation(path, &body)).await?;
    let mut writes = known.list(dapr, &key, false).await?;
    writes.push(Write::delete(key, Condition::Unchanged(stored.etag)));
    Ok(writes.into())
}

/// Makes the series' document again that was lost, from what is on record of the occurrence that was completed. The
/// occurrence which that made is there: it is the task service's.
pub(crate) async fn restore<D: Dapr>(
    dapr: &D,
    story: &Story,
    now: DateTime<Utc>,
) -> Result<bool, HandleError> {
    let Some(recurred) = last_recurrence(story)? else {
        return Ok(false);
    };
    let key = key(&story.user_id, SeriesId(recurred.series_id));
    let make = async || {
        let (stored, known) = read(dapr, &story.user_id, &key).await?;
        if known.is_erased(now) {
            return Ok(Vec::new());
        }
        let before = stored.as_ref().map(|document| document.read(&key));
        let before: Option<Series> = before.transpose()?;
        let is_there = |before: &Series| before.occurrence >= recurred.occurrence;
        if before.as_ref().is_some_and(is_there) {
            return Ok(Vec::new());
        }
        let series = Series {
            last_task_id: recurred.from_task_id,
            next_task_id: recurred.next_task_id,
            occurrence: recurred.occurrence,
            listed: true,
            unknown: before.map(|before| before.unknown).unwrap_or_default(),
        };
        let mut writes = known.list(dapr, &key, true).await?;
        let condition = Condition::as_read(stored.as_ref());
        writes.push(Write::put(key.clone(), &series, condition));
        writes.extend(story.events.iter().map(consumer::seen));
        Ok(writes)
    };
    consumer::restore(dapr, make).await
}

/// What the task's last completion led to, unless it was reopened since.
fn last_recurrence(story: &Story) -> Result<Option<TaskRecurred>, HandleError> {
    // Their topics are not in order among each other: a recurrence names the completion that caused it.
    let completion = story.events.iter().filter(|event| {
        matches!(
            event.event_type,
            EventType::TaskCompleted | EventType::TaskReopened
        )
    });
    let last = completion.max_by_key(|event| event.metadata.sequence);
    let Some(last) = last.filter(|last| last.event_type == EventType::TaskCompleted) else {
        return Ok(None);
    };
    let caused = |event: &&Event| {
        event.event_type == EventType::TaskRecurred
            && event.metadata.causation_id == Some(last.event_id)
    };
    let recurred = story.events.iter().find(caused);
    Ok(recurred.map(Event::payload).transpose()?)
}

fn key(user: &str, series: SeriesId) -> String {
    format!("series/{user}/{series}")
}

fn task(document: &TaskDocument) -> Result<Task, HandleError> {
    Task::try_from(document)
        .map_err(|error| HandleError::Poison(format!("the task is malformed: {error}")))
}

/// The call that makes the next occurrence: the same however often the event is delivered.
fn create(
    event: &Event,
    task: &Task,
    series: SeriesPlace,
    id: TaskId,
    occurrence: &Occurrence,
) -> Invocation {
    let reminders = next::reminders(task, &occurrence.due);
    // As it is known here: the engine and the task service may be of different versions.
    let again = TaskDocument::from(task);
    let undone = |item| ChecklistItemDocument {
        done: false,
        ..item
    };
    let body = NextOccurrence {
        user_id: event.user_id.clone(),
        id: id.0,
        series_id: series.id.0,
        occurrence: occurrence.number,
        series_start: series.start,
        task: OccurrenceFields {
            title: again.title,
            notes: again.notes,
            priority: again.priority.into(),
            labels: again.labels,
            list: again.list,
            checklist: again.checklist.into_iter().map(undone).collect(),
            due: Some(DueDocument::from(&occurrence.due)),
            reminders: reminders.into_iter().map(ReminderDocument::from).collect(),
            recurrence: again.recurrence,
        },
        correlation_id: event.metadata.correlation_id,
        causation_id: event.event_id,
    };
    invocation("/task-service/tasks".to_owned(), &body)
}

fn invocation<T: Serialize>(path: String, body: &T) -> Invocation {
    Invocation {
        target: Target::App("task-service".to_owned()),
        method: Method::POST,
        path,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: serde_json::to_vec(body).expect("a body with string keys"),
    }
}

enum Answer {
    Done,
    /// The task service says that it is too late for this.
    Refused,
}

async fn answer<D: Dapr>(dapr: &D, call: Invocation) -> Result<Answer, HandleError> {
    let path = call.path.clone();
    let response = dapr.invoke(call).await?;
    let status = response.status();
    let said = || String::from_utf8_lossy(response.body()).into_owned();
    if status.is_success() {
        Ok(Answer::Done)
    } else if status == StatusCode::CONFLICT {
        Ok(Answer::Refused)
    } else if dapr::may_pass(status) {
        let detail = format!("task-service answered {path} with {status}: {}", said());
        let what = "invoke";
        // A fault may be this task's own, such as a damaged document of its owner's: it does not come for ever.
        let error = match status {
            StatusCode::INTERNAL_SERVER_ERROR => DaprError::Refused { what, detail },
            _ => DaprError::Unavailable { what, detail },
        };
        Err(error.into())
    } else {
        let reason = format!("task-service refused {path} with {status}: {}", said());
        Err(HandleError::Poison(reason))
    }
}

async fn publish<D: Dapr, P: Payload>(
    dapr: &D,
    cause: &Event,
    purpose: &str,
    task: TaskId,
    payload: &P,
) -> Result<(), HandleError> {
    let user = UserId::parse(&cause.user_id)
        .map_err(|error| HandleError::Poison(format!("user_id: {error}")))?;
    let chain: Chain = cause.chain();
    let id = cause.id().derive(purpose);
    // The cause's own time, so that a repeat is the same event to the last byte.
    let now = cause.timestamp;
    let event = Event::new(id, SOURCE, &user, Some(task), payload, chain, now);
    Ok(dapr.publish(event.topic(), &[event]).await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_newer_version_keeps_of_a_series_stays() {
        let stored = json!({
            "last_task_id": Uuid::nil(), "next_task_id": Uuid::nil(), "occurrence": 2, "later": { "deep": [1] },
        });
        let read: Series = serde_json::from_value(stored.clone()).expect("a series");
        assert_eq!(serde_json::to_value(read).expect("JSON"), stored);
    }
}
