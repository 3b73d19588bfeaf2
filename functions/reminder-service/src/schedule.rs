//! What the task service says of reminders, taken into the book and the timetable.

use chrono::{DateTime, Utc};
use dapr::consumer::{Effect, HandleError};
use dapr::timetable::{self, Entry};
use dapr::{Condition, Dapr, Write};
use events::{Event, EventType, TaskReminderCleared, TaskReminderSet};

use crate::book::Book;

/// The key of a task's book.
pub(crate) fn key(user: &str, task: &str) -> String {
    format!("reminder/{user}/{task}")
}

/// Takes one event in.
///
/// The timetable's entries go in first: an entry whose book knows nothing of it is stale and does nothing, while a book
/// without its entry would never ring.
pub(crate) async fn take<D: Dapr>(dapr: &D, event: &Event, now: DateTime<Utc>) -> Result<Effect, HandleError> {
    if !matches!(event.event_type, EventType::TaskReminderSet | EventType::TaskReminderCleared) {
        return Ok(Effect::ignored());
    }
    let key = key(&event.user_id, &event.task_id);
    let document = dapr.get(&key).await?;
    let mut book: Book = document.as_ref().map(|document| document.read(&key)).transpose()?.unwrap_or_default();
    let sequence = event
        .metadata
        .sequence
        .ok_or_else(|| HandleError::Poison("an event of the task service has no sequence".to_owned()))?;
    if sequence <= book.sequence {
        return Ok(Vec::new().into());
    }
    if event.event_type == EventType::TaskReminderCleared {
        event.payload::<TaskReminderCleared>()?;
        book.clear(sequence);
    } else {
        let set: TaskReminderSet = event.payload()?;
        for at in book.set(sequence, set, event.metadata.correlation_id) {
            timetable::insert(dapr, Entry::new(at.0, &event.user_id, &key), now).await?;
        }
    }
    Ok(vec![Write::put(key, &book, Condition::as_read(document.as_ref()))].into())
}
