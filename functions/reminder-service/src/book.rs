//! What is known of a task's reminders: one document per task, with the rules of how it changes.
//!
//! One document, because a change of the task sets all of them at once, and the timetable's entry needs only its key.

use events::{
    DueDocument, Event, EventType, PayloadError, ReminderDismissed, ReminderSnoozed,
    ReminderTriggered, ScheduledReminder, TaskReminderSet, Timestamp, UnknownFields,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The document `reminder/{user}/{task}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// The last `sequence` of the task service that was taken in: older ones say nothing new.
    pub sequence: u64,
    /// The task's title, for the words of the reminder.
    pub title: String,
    /// The task's due date, for the words of the reminder.
    pub due: Option<DueDocument>,
    /// At most 20.
    pub reminders: Vec<Entry>,
    /// What ties them to the command that set them.
    pub correlation_id: Uuid,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// One reminder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The reminder.
    pub id: Uuid,
    /// When it was set for by the task.
    pub set_for: Timestamp,
    /// When it rings next, or rang.
    pub at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// Raised whenever `at` moves: with the id it names one ring of the bell.
    pub version: u64,
    /// Minutes before the due date, where it counts from that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_due_minutes: Option<u32>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// Where a reminder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It will ring.
    Scheduled,
    /// It will ring again.
    Snoozed,
    /// It rang.
    Triggered,
    /// The person has seen it, or does not want it: it never rings again for this time.
    Dismissed,
    /// Its task was done or deleted before it rang. It rings after all when the task is reopened.
    Cancelled,
}

impl State {
    /// Whether it is still to ring.
    #[must_use]
    pub fn waits(self) -> bool {
        matches!(self, Self::Scheduled | Self::Snoozed)
    }

    /// Whether the person has nothing to do with it any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Dismissed | Self::Cancelled)
    }
}

impl Entry {
    /// The person wants to hear of it again at `until`.
    pub fn snooze(&mut self, until: Timestamp) {
        self.state = State::Snoozed;
        self.at = until;
        self.version += 1;
    }

    /// The person has seen it, or does not want it.
    pub fn dismiss(&mut self) {
        self.state = State::Dismissed;
        self.version += 1;
    }
}

impl Book {
    /// The task's reminders are now those of `set`. One that keeps its time keeps its state, so that
    /// editing a task does not ring it again; returns when the moved and the new ones ring.
    pub fn set(
        &mut self,
        sequence: u64,
        set: TaskReminderSet,
        correlation_id: Uuid,
    ) -> Vec<Timestamp> {
        let before = std::mem::take(&mut self.reminders);
        let mut instants = Vec::new();
        self.reminders = set
            .reminders
            .into_iter()
            .map(|scheduled| {
                let known = before.iter().find(|entry| entry.id == scheduled.id);
                let entry = match set.same_times {
                    true => moved_by_rules(known, &scheduled),
                    false => moved(known, &scheduled),
                };
                if known.is_none_or(|known| known.version != entry.version) {
                    instants.push(entry.at);
                }
                entry
            })
            .collect();
        *self = Self {
            sequence,
            title: set.title,
            due: set.due,
            correlation_id,
            ..std::mem::take(self)
        };
        instants
    }

    /// The task has no reminders any more. What rang already does not ring again should the task be reopened; the
    /// versions stay, so that what does ring does so under a new name.
    pub fn clear(&mut self, sequence: u64) {
        self.sequence = sequence;
        for entry in &mut self.reminders {
            entry.state = if entry.state.waits() {
                entry.version += 1;
                State::Cancelled
            } else {
                State::Dismissed
            };
        }
    }

    /// Takes in what is on record of the task, its own rings and the person's commands among it: the book as it was when
    /// that was written down.
    ///
    /// # Errors
    /// When a payload is malformed.
    pub fn replay(events: &[Event]) -> Result<Self, PayloadError> {
        let mut book = Self::default();
        book.follow(events)?;
        Ok(book)
    }

    /// Takes in what follows on record, where a story is told in parts.
    ///
    /// # Errors
    /// When a payload is malformed.
    pub fn follow(&mut self, events: &[Event]) -> Result<(), PayloadError> {
        let book = self;
        for event in events {
            let sequence = event.metadata.sequence.unwrap_or(book.sequence);
            match event.event_type {
                EventType::TaskReminderSet if sequence > book.sequence => {
                    book.set(sequence, event.payload()?, event.metadata.correlation_id);
                }
                EventType::TaskReminderCleared if sequence > book.sequence => book.clear(sequence),
                EventType::ReminderTriggered => {
                    let rang: ReminderTriggered = event.payload()?;
                    let entry = book.find(rang.reminder_id);
                    // A ring of another version was of a time that the reminder no longer has.
                    if let Some(entry) = entry.filter(|entry| {
                        entry.version == rang.reminder_version && entry.state.waits()
                    }) {
                        entry.state = State::Triggered;
                    }
                }
                EventType::ReminderSnoozed => {
                    let snoozed: ReminderSnoozed = event.payload()?;
                    if let Some(entry) = book.find(snoozed.reminder_id) {
                        entry.snooze(snoozed.until);
                    }
                }
                EventType::ReminderDismissed => {
                    let dismissed: ReminderDismissed = event.payload()?;
                    if let Some(entry) = book.find(dismissed.reminder_id) {
                        entry.dismiss();
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The reminders that are to ring by `now`.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<Entry> {
        self.reminders
            .iter()
            .filter(|entry| entry.state.waits() && entry.at <= now)
            .cloned()
            .collect()
    }

    /// One of them.
    pub fn find(&mut self, id: Uuid) -> Option<&mut Entry> {
        self.reminders.iter_mut().find(|entry| entry.id == id)
    }
}

/// The clocks of a zone go by other rules than before: only what still waits for its own time waits for another instant.
fn moved_by_rules(known: Option<&Entry>, scheduled: &ScheduledReminder) -> Entry {
    match known {
        Some(known) if known.state != State::Scheduled => Entry {
            set_for: scheduled.at,
            ..known.clone()
        },
        _ => moved(known, scheduled),
    }
}

fn moved(known: Option<&Entry>, scheduled: &ScheduledReminder) -> Entry {
    match known {
        Some(known) if known.set_for == scheduled.at && known.state != State::Cancelled => Entry {
            before_due_minutes: scheduled.before_due_minutes,
            ..known.clone()
        },
        _ => Entry {
            id: scheduled.id,
            set_for: scheduled.at,
            at: scheduled.at,
            state: State::Scheduled,
            version: known.map_or(1, |known| known.version + 1),
            before_due_minutes: scheduled.before_due_minutes,
            unknown: known.map(|known| known.unknown.clone()).unwrap_or_default(),
        },
    }
}
