//! What the task service says of reminders, taken into the book, the agenda and the timetable.

use chrono::{DateTime, Utc};
use dapr::consumer::{Effect, HandleError};
use dapr::timetable::{self, Entry};
use dapr::{Condition, Dapr, Write};
use events::{Event, EventType, TaskReminderCleared, TaskReminderSet};
use uuid::Uuid;

use crate::agenda::{self, Head, Pointer};
use crate::book::Book;

/// The key of a task's book.
pub(crate) fn key(user: &str, task: Uuid) -> String {
    format!("reminder/{user}/{task}")
}

/// Takes one event in.
///
/// The timetable's entries go in first: an entry whose book knows nothing of it is stale and does nothing, while a
/// book without its entry would never ring.
pub(crate) async fn take<D: Dapr>(
    dapr: &D,
    event: &Event,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    if !matches!(
        event.event_type,
        EventType::TaskReminderSet | EventType::TaskReminderCleared
    ) {
        return Ok(Effect::ignored());
    }
    let (user, task) = (event.user_id.as_str(), task_id(event)?);
    let sequence = event.metadata.sequence.ok_or_else(|| {
        HandleError::Poison("an event of the task service has no sequence".to_owned())
    })?;
    let (key, head_key) = (key(user, task), agenda::head_key(user));
    let mut documents = dapr.get_many(&[key.clone(), head_key.clone()]).await?;
    let (head_document, document) = (documents.pop().flatten(), documents.pop().flatten());
    let mut head = Head::read(&head_key, head_document.as_ref())?;
    let before: Book = document
        .as_ref()
        .map(|document| document.read(&key))
        .transpose()?
        .unwrap_or_default();
    if sequence <= before.sequence {
        return Ok(Vec::new().into());
    }

    let mut book = before.clone();
    if event.event_type == EventType::TaskReminderCleared {
        event.payload::<TaskReminderCleared>()?;
        book.clear(sequence);
    } else {
        let set: TaskReminderSet = event.payload()?;
        if !set.reminders.iter().all(|r| agenda::is_sortable(r.at)) {
            return Err(HandleError::Poison(
                "a reminder is outside the years 1970 to 9999".to_owned(),
            ));
        }
        for at in book.set(sequence, set, event.metadata.correlation_id) {
            timetable::insert(dapr, Entry::new(at.0, user, &key), now).await?;
        }
    }

    let mut writes = agenda::edit(dapr, &mut head, user, task, &before, &book).await?;
    writes.extend(pointers(user, task, &before, &book));
    writes.push(Write::put(
        head_key,
        &head,
        Condition::as_read(head_document.as_ref()),
    ));
    writes.push(Write::put(
        key,
        &book,
        Condition::as_read(document.as_ref()),
    ));
    Ok(writes.into())
}

fn task_id(event: &Event) -> Result<Uuid, HandleError> {
    event
        .task_id
        .parse()
        .map_err(|_| HandleError::Poison("task_id is not the id of a task".to_owned()))
}

/// Which ids lead to this task, for the person's commands.
fn pointers(user: &str, task: Uuid, before: &Book, after: &Book) -> Vec<Write> {
    let known = |book: &Book, id: Uuid| book.reminders.iter().any(|entry| entry.id == id);
    let new = after
        .reminders
        .iter()
        .filter(|entry| !known(before, entry.id))
        .map(|entry| {
            let pointer = Pointer {
                task_id: task,
                reminder_id: entry.id,
            };
            Write::put(
                agenda::pointer_key(user, entry.id),
                &pointer,
                Condition::Any,
            )
        });
    let gone = before
        .reminders
        .iter()
        .filter(|entry| !known(after, entry.id))
        .map(|entry| Write::delete(agenda::pointer_key(user, entry.id), Condition::Any));
    new.chain(gone).collect()
}
