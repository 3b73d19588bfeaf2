//! Which reminders of a task ring, and from when on a ring is over: its task was done, deleted or moved, or the person
//! answered it.
//!
//! What ends a ring comes from the task service and from the reminder service, so it may arrive before the ring that it
//! ends. Each ring says by how much of the task service's word it rang, and which version of the reminder it is; with the
//! highest of both that ended something, this document decides either way round. One reminder that is only moved, before a
//! ring of it arrives that did not know that, still rings: nothing is kept of tasks of which nothing rang.

use dapr::consumer::{HandleError, SEEN_TTL_SECONDS};
use dapr::{Condition, Dapr, DaprError, Write};
use events::{
    Event, EventType, ReminderDismissed, ReminderSnoozed, ReminderTriggered, TaskReminderCleared,
    TaskReminderSet, Timestamp, UnknownFields,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many answers are kept of a task: twice as many as it can have reminders.
const MOST_ANSWERED: usize = 40;

/// The document `bells/{user}/{task}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bells {
    /// The sequence with which the task was last done, deleted or left without reminders: what rang by an older one is over.
    #[serde(default)]
    cleared: u64,
    /// What the person answered last, the latest at the end.
    #[serde(default)]
    answered: Vec<Answered>,
    /// What rings.
    #[serde(default)]
    ringing: Vec<Bell>,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// The version that an answer of the person gave to a reminder: rings of a lower one are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Answered {
    reminder_id: Uuid,
    version: u64,
}

/// One ring that the inbox was told of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Bell {
    notification_id: Uuid,
    reminder_id: Uuid,
    reminder_version: u64,
    /// When the task had set the reminder for; absent where an older reminder service rang.
    #[serde(default)]
    set_for: Option<Timestamp>,
    /// By how much of the task service's word it rang.
    #[serde(default)]
    task_sequence: u64,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// What becomes of a ring that arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ring {
    /// It is over already.
    Over,
    /// It rings, and these notifications of earlier rings of the same reminder are over.
    Rings(Vec<Uuid>),
}

impl Bells {
    /// Takes in a ring, which makes the notification with this id.
    pub(crate) fn ring(&mut self, notification_id: Uuid, rang: &ReminderTriggered) -> Ring {
        let (id, version) = (rang.reminder_id, rang.reminder_version);
        // What an older reminder service rang says not how much it knew: it is told as it always was.
        let is_cleared = rang.task_sequence.is_some_and(|known| known < self.cleared);
        let is_answered = self
            .answered
            .iter()
            .any(|answered| answered.reminder_id == id && version < answered.version);
        let rang_since = self
            .ringing
            .iter()
            .any(|bell| bell.reminder_id == id && bell.reminder_version > version);
        if is_cleared || is_answered || rang_since {
            return Ring::Over;
        }
        let over = self.end(|bell| bell.reminder_id == id);
        self.ringing.push(Bell {
            notification_id,
            reminder_id: id,
            reminder_version: version,
            set_for: rang.set_for,
            task_sequence: rang.task_sequence.unwrap_or_default(),
            unknown: UnknownFields::default(),
        });
        Ring::Rings(over)
    }

    /// Takes in what may end rings; the notifications of those that it ends.
    ///
    /// # Errors
    /// When the event is malformed.
    pub(crate) fn take(&mut self, event: &Event) -> Result<Vec<Uuid>, HandleError> {
        let sequence = || {
            event.metadata.sequence.ok_or_else(|| {
                HandleError::Poison("an event of the task service has no sequence".to_owned())
            })
        };
        Ok(match event.event_type {
            EventType::TaskReminderCleared => {
                event.payload::<TaskReminderCleared>()?;
                self.clear(sequence()?)
            }
            EventType::TaskReminderSet => self.set(sequence()?, &event.payload()?),
            EventType::ReminderSnoozed => {
                let snoozed: ReminderSnoozed = event.payload()?;
                self.answer(snoozed.reminder_id, snoozed.reminder_version)
            }
            EventType::ReminderDismissed => {
                let dismissed: ReminderDismissed = event.payload()?;
                self.answer(dismissed.reminder_id, dismissed.reminder_version)
            }
            _ => Vec::new(),
        })
    }

    fn clear(&mut self, sequence: u64) -> Vec<Uuid> {
        self.cleared = self.cleared.max(sequence);
        self.end(|bell| bell.task_sequence < sequence)
    }

    /// The task's reminders are now these. What rang for a time that is no longer one of theirs is over.
    fn set(&mut self, sequence: u64, set: &TaskReminderSet) -> Vec<Uuid> {
        let now = |id: Uuid| set.reminders.iter().find(|reminder| reminder.id == id);
        if set.same_times {
            for bell in &mut self.ringing {
                if let Some(reminder) = now(bell.reminder_id) {
                    bell.set_for = Some(reminder.at);
                }
            }
        }
        self.end(|bell| {
            let is_as_set = now(bell.reminder_id)
                .is_some_and(|reminder| bell.set_for.is_none_or(|at| at == reminder.at));
            bell.task_sequence < sequence && !is_as_set
        })
    }

    /// The person answered a reminder, which gave it this version; an older reminder service does not say which.
    fn answer(&mut self, id: Uuid, version: Option<u64>) -> Vec<Uuid> {
        if let Some(version) = version {
            let before = self
                .answered
                .extract_if(.., |answered| answered.reminder_id == id);
            let version = before
                .map(|answered| answered.version)
                .fold(version, u64::max);
            self.answered.push(Answered {
                reminder_id: id,
                version,
            });
            let most = self.answered.len().saturating_sub(MOST_ANSWERED);
            self.answered.drain(..most);
        }
        self.end(|bell| {
            bell.reminder_id == id && version.is_none_or(|version| bell.reminder_version < version)
        })
    }

    fn end(&mut self, is_over: impl Fn(&Bell) -> bool) -> Vec<Uuid> {
        let over = self.ringing.extract_if(.., |bell| is_over(bell));
        over.map(|bell| bell.notification_id).collect()
    }
}

/// A task's bells, read to be changed.
pub(crate) struct Kept {
    key: String,
    /// What must hold for it to be replaced.
    condition: Condition,
    pub(crate) bells: Bells,
}

/// The key of a task's [`Bells`].
pub(crate) fn key(user: &str, task: impl std::fmt::Display) -> String {
    format!("bells/{user}/{task}")
}

impl Kept {
    pub(crate) async fn read<D: Dapr>(dapr: &D, user: &str, task: Uuid) -> Result<Self, DaprError> {
        let key = key(user, task);
        let (condition, read) = match dapr.get(&key).await {
            Ok(None) => (Condition::Absent, Ok(Bells::default())),
            Ok(Some(document)) => {
                let read = document.read(&key);
                (Condition::Unchanged(document.etag), read)
            }
            Err(error @ DaprError::Corrupt { .. }) => (Condition::Any, Err(error)),
            Err(error) => return Err(error),
        };
        // What can't be read is begun anew: no ring is lost for it.
        let bells = read.unwrap_or_else(|error| {
            eprintln!("{error}");
            Bells::default()
        });
        Ok(Self {
            key,
            condition,
            bells,
        })
    }

    /// Whether anything was kept of the task.
    pub(crate) fn is_kept(&self) -> bool {
        self.condition != Condition::Absent
    }

    /// The write of what is kept now. Where nothing rings, it is needed only for rings that are still on their way: for longer
    /// than any topic keeps them.
    pub(crate) fn write(&self) -> Write {
        let write = Write::put(&self.key, &self.bells, self.condition.clone());
        match self.bells.ringing.is_empty() {
            true => write.with_ttl(SEEN_TTL_SECONDS),
            false => write,
        }
    }
}

#[cfg(test)]
mod tests;
