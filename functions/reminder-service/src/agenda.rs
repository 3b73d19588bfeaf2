//! A person's reminders in order of time, over all their tasks: what the list reads, and the head that their commands
//! take turns on.

use std::ops::{Bound, ControlFlow};

use api::reminder::{self, ScheduledReminder};
use dapr::erase::{Answers, Tombstone};
use dapr::ordered::{self, Change, Directory, Item, Order, Reading};
use dapr::outbox::OutboxHead;
use dapr::{Dapr, DaprError, Document, Json, Write};
use events::{Timestamp, UnknownFields};
use function::Pace;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::book::{Book, Entry, State};

/// The document `user/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The events of the person's own commands (snooze, dismiss).
    #[serde(default)]
    pub(crate) outbox: OutboxHead,
    /// Where the list's chunks are.
    #[serde(default)]
    pub(crate) agenda: Directory,
    /// How much of what a person may do at a time is used up.
    #[serde(default, skip_serializing_if = "Pace::is_unused")]
    pub(crate) pace: Pace,
    /// Where the answers to the last day's commands are.
    #[serde(default)]
    pub(crate) answers: Answers,
    /// Set when everything of the person is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erased: Option<Tombstone>,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// What one item of the list points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pointer {
    pub(crate) task_id: Uuid,
    pub(crate) reminder_id: Uuid,
}

impl Head {
    pub(crate) fn read(key: &str, document: Option<&Document>) -> Result<Self, DaprError> {
        document.map_or_else(|| Ok(Self::default()), |document| document.read(key))
    }
}

/// The key of a person's head.
pub(crate) fn head_key(user: &str) -> String {
    format!("user/{user}")
}

/// The key of the document that says whose reminder an id is.
pub(crate) fn pointer_key(user: &str, reminder: Uuid) -> String {
    format!("pointer/{user}/{reminder}")
}

/// The prefix of the list's chunks.
pub(crate) fn prefix(user: &str) -> String {
    format!("agenda/{user}")
}

/// What the list has of a reminder: nothing when it is over.
pub(crate) fn item(task: Uuid, entry: &Entry) -> Option<Item> {
    (!entry.state.is_over()).then(|| Item {
        key: format!(
            "{}/{task}/{}",
            entry.at.utc().format("%Y%m%d%H%M%S"),
            entry.id
        ),
        value: Json::of(&Pointer {
            task_id: task,
            reminder_id: entry.id,
        }),
    })
}

/// Brings the list from what `before` says of a task to what `after` says.
pub(crate) async fn edit<D: Dapr>(
    dapr: &D,
    head: &mut Head,
    user: &str,
    task: Uuid,
    before: &Book,
    after: &Book,
) -> Result<Vec<Write>, DaprError> {
    let items = |book: &Book| -> Vec<Item> {
        book.reminders
            .iter()
            .filter_map(|entry| item(task, entry))
            .collect()
    };
    let (gone, new) = (items(before), items(after));
    if gone == new {
        return Ok(Vec::new());
    }
    let gone = gone.into_iter().map(|item| Change::Remove(item.key));
    let changes: Vec<Change> = gone.chain(new.into_iter().map(Change::Put)).collect();
    let edited = ordered::edit(dapr, &prefix(user), &mut head.agenda, &changes, &[]).await?;
    edited.warn_of_drift("the agenda", user);
    Ok(edited.writes)
}

/// Up to `limit` items behind `cursor`, and the cursor of the next page.
pub(crate) async fn page<D: Dapr>(
    reading: &Reading<'_, D>,
    head: &Head,
    user: &str,
    cursor: Option<&str>,
    limit: usize,
) -> Result<(Vec<Pointer>, Option<String>), DaprError> {
    let from = cursor.map_or(Bound::Unbounded, Bound::Excluded);
    let range = (from, Bound::Unbounded);
    let mut items = Vec::new();
    let prefix = prefix(user);
    let take = |item| {
        items.push(item);
        match items.len() > limit {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let order = Order::Ascending;
    reading
        .scan(&prefix, &head.agenda, range, order, take)
        .await?;
    let further = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| further)
        .map(|item| item.key.clone());
    let pointers = items
        .into_iter()
        .filter_map(|item| item.value.read().ok())
        .collect();
    Ok((pointers, next))
}

/// What the list shows of a reminder.
pub(crate) fn shown(task: Uuid, book: &Book, entry: &Entry) -> ScheduledReminder {
    ScheduledReminder {
        id: entry.id,
        task_id: task,
        title: book.title.clone(),
        due: book.due.clone().map(Into::into),
        at: entry.at,
        set_for: entry.set_for,
        before_due_minutes: entry.before_due_minutes,
        state: match entry.state {
            State::Scheduled => reminder::State::Scheduled,
            State::Snoozed => reminder::State::Snoozed,
            State::Triggered => reminder::State::Triggered,
            State::Dismissed => reminder::State::Dismissed,
            State::Cancelled => reminder::State::Cancelled,
        },
    }
}

/// Whether `at` is an instant that a list can be sorted by: the years 1970 to 9999.
pub(crate) fn is_sortable(at: Timestamp) -> bool {
    (0..253_402_300_800).contains(&at.utc().timestamp())
}
