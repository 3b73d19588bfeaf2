//! The rule of a reminder, and the instant it comes to.

use chrono::{DateTime, Duration, Utc};

use crate::{Due, ReminderId};

/// The longest time before the due instant: four weeks.
pub const MAX_MINUTES_BEFORE: u32 = 4 * 7 * 24 * 60;

/// One reminder of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminder {
    /// Unique within the task.
    pub id: ReminderId,
    /// When it is due.
    pub rule: ReminderRule,
}

/// When a reminder is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderRule {
    /// At a fixed instant, whatever becomes of the due date.
    At(DateTime<Utc>),
    /// So many minutes before the task is due (0 is at the due time, at most [`MAX_MINUTES_BEFORE`]).
    BeforeDue(u32),
}

impl ReminderRule {
    /// Whether it is a fixed instant within the minute before the due time, which is one to the minute: "in 20 minutes" is due
    /// in the minute after it rings.
    #[must_use]
    pub fn is_fixed_at(self, due: &Due) -> bool {
        match self {
            Self::At(at) => {
                let late = due.reminder_instant() - at;
                due.time.is_some() && (Duration::zero()..Duration::minutes(1)).contains(&late)
            }
            Self::BeforeDue(_) => false,
        }
    }

    /// The instant, or `None` for a rule that counts from a due date which the task doesn't have.
    #[must_use]
    pub fn instant(self, due: Option<&Due>) -> Option<DateTime<Utc>> {
        match self {
            Self::At(instant) => Some(instant),
            Self::BeforeDue(minutes) => {
                due.map(|due| due.reminder_instant() - Duration::minutes(i64::from(minutes)))
            }
        }
    }
}
