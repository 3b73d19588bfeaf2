//! What the task service says of reminders, taken into the book, the agenda and the timetable.

use chrono::{DateTime, Utc};
use dapr::consumer::{self, Effect, HandleError};
use dapr::erase::Tombstone;
use dapr::timetable::{Entry, Insert};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use events::{Event, EventType, Story, StoryPart, TaskReminderCleared, TaskReminderSet, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use crate::agenda::{self, Head, Pointer};
use crate::book::Book;

/// The key of a task's book.
pub(crate) fn key(user: &str, task: Uuid) -> String {
    format!("reminder/{user}/{task}")
}

/// Takes one event in: the book, the agenda and the timetable's entries in one transaction.
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
    let (user, task) = (event.user_id.as_str(), task_id(&event.task_id)?);
    let sequence = event.metadata.sequence.ok_or_else(|| {
        HandleError::Poison("an event of the task service has no sequence".to_owned())
    })?;
    let shelf = Shelf::open(dapr, user, task).await?;
    if Tombstone::holds(shelf.head.erased, now) {
        return Ok(Effect::ignored());
    }
    if sequence <= shelf.before.sequence {
        return Ok(Vec::new().into());
    }

    let mut book = shelf.before.clone();
    let mut instants = Vec::new();
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
        instants = book.set(sequence, set, event.metadata.correlation_id);
    }
    shelf.put(dapr, &book, instants, now).await
}

/// Makes a book again that was lost, or that is older than the record. What waits rings at its time, and at once where
/// that is past; what rang before does not ring again.
pub(crate) async fn restore<D: Dapr>(
    dapr: &D,
    story: &Story,
    now: DateTime<Utc>,
) -> Result<bool, HandleError> {
    put_back(dapr, story, Book::replay(&story.events)?, now).await
}

/// What became of one part of a story.
pub(crate) enum Part {
    /// What the next part is to bring along: the book as it was after this one.
    Carry(Value),
    /// It was the last one; whether anything was made again.
    Restored(bool),
}

/// The same as [`restore`] from a story that is told in parts. Nothing is written before the last one.
pub(crate) async fn restore_part<D: Dapr>(
    dapr: &D,
    part: StoryPart,
    now: DateTime<Utc>,
) -> Result<Part, HandleError> {
    let mut book: Book = match part.carry {
        Some(carry) => serde_json::from_value(carry)
            .map_err(|error| HandleError::Poison(format!("carry is no book: {error}")))?,
        None => Book::default(),
    };
    book.follow(&part.story.events)?;
    if part.continues {
        let carry = serde_json::to_value(&book).expect("a book with string keys");
        return Ok(Part::Carry(carry));
    }
    let restored = put_back(dapr, &part.story, book, now).await?;
    Ok(Part::Restored(restored))
}

/// Writes `book` where the one that is there is older.
async fn put_back<D: Dapr>(
    dapr: &D,
    story: &Story,
    book: Book,
    now: DateTime<Utc>,
) -> Result<bool, HandleError> {
    let (user, task) = (story.user_id.as_str(), task_id(&story.task_id)?);
    let make = async || {
        let shelf = Shelf::open(dapr, user, task).await?;
        let is_erased = Tombstone::holds(shelf.head.erased, now);
        if is_erased || book.sequence <= shelf.before.sequence {
            return Ok(Effect::ignored());
        }
        let waiting = book.reminders.iter().filter(|entry| entry.state.waits());
        let instants = waiting.map(|entry| entry.at).collect();
        let mut effect = shelf.put(dapr, &book, instants, now).await?;
        effect
            .writes
            .extend(story.events.iter().map(consumer::seen));
        Ok(effect)
    };
    consumer::restore(dapr, make).await
}

/// A task's book and what lists it, read to be changed.
struct Shelf<'a> {
    user: &'a str,
    task: Uuid,
    key: String,
    document: Option<Document>,
    before: Book,
    head_key: String,
    head: Head,
    head_document: Option<Document>,
}

impl<'a> Shelf<'a> {
    async fn open<D: Dapr>(dapr: &D, user: &'a str, task: Uuid) -> Result<Self, DaprError> {
        let (key, head_key) = (key(user, task), agenda::head_key(user));
        let mut documents = dapr.get_many(&[key.clone(), head_key.clone()]).await?;
        let (head_document, document) = (documents.pop().flatten(), documents.pop().flatten());
        let before = document
            .as_ref()
            .map(|document| document.read(&key))
            .transpose()?
            .unwrap_or_default();
        let head = Head::read(&head_key, head_document.as_ref())?;
        Ok(Self {
            user,
            task,
            key,
            document,
            before,
            head_key,
            head,
            head_document,
        })
    }

    /// Puts `book` in the place of the one that was there, to be looked at at `instants`.
    async fn put<D: Dapr>(
        self,
        dapr: &D,
        book: &Book,
        instants: Vec<Timestamp>,
        now: DateTime<Utc>,
    ) -> Result<Effect, HandleError> {
        let mut head = self.head;
        head.erased = None;
        let (user, task) = (self.user, self.task);
        let mut writes = agenda::edit(dapr, &mut head, user, task, &self.before, book).await?;
        writes.extend(pointers(user, task, &self.before, book));
        let entries = instants
            .into_iter()
            .map(|at| Entry::new(at.utc(), user, &self.key))
            .collect();
        let (insert, planned) = Insert::plan(dapr, entries, now).await?;
        writes.extend(planned);
        writes.push(Write::put(
            self.head_key,
            &head,
            Condition::as_read(self.head_document.as_ref()),
        ));
        writes.push(Write::put(
            self.key,
            book,
            Condition::as_read(self.document.as_ref()),
        ));
        Ok(Effect {
            writes,
            insert,
            ..Effect::default()
        })
    }
}

fn task_id(text: &str) -> Result<Uuid, HandleError> {
    text.parse()
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
