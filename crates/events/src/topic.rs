//! The topics, and who publishes on them.

use std::fmt;

/// A topic of the pub/sub component. Messages are keyed by user id, so one user's events of a topic stay in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// What became of tasks.
    TaskEvents,
    /// Due dates and reminders.
    TaskReminders,
    /// Generated occurrences.
    TaskRecurrence,
    /// What open screens show; may be lost.
    TaskUpdates,
    /// Facts that are no task change but must be on record.
    TaskAudit,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 5] = [
        Self::TaskEvents,
        Self::TaskReminders,
        Self::TaskRecurrence,
        Self::TaskUpdates,
        Self::TaskAudit,
    ];

    /// The name that the broker knows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskEvents => "task-events",
            Self::TaskReminders => "task-reminders",
            Self::TaskRecurrence => "task-recurrence",
            Self::TaskUpdates => "task-updates",
            Self::TaskAudit => "task-audit",
        }
    }

    /// Whether losing an event of this topic would be a loss: where not, people see the same by other means.
    #[must_use]
    pub fn must_arrive(self) -> bool {
        self != Self::TaskUpdates
    }

    /// The functions that publish on it.
    #[must_use]
    pub fn published_by(self) -> &'static [&'static str] {
        match self {
            Self::TaskEvents => &["task-service"],
            Self::TaskReminders => &["task-service", "reminder-service"],
            Self::TaskRecurrence => &["recurrence-engine"],
            Self::TaskUpdates => &["task-service", "notification-service"],
            // Any of them may refuse somebody.
            Self::TaskAudit => &[
                "task-service",
                "reminder-service",
                "recurrence-engine",
                "notification-service",
                "websocket-gateway",
                "audit-service",
                "chatbot",
                "web-app",
            ],
        }
    }

    /// The topic on which `source` tells what it does: where a type goes that only a newer version of it knows.
    #[must_use]
    pub fn main_of(source: &str) -> Self {
        match source {
            "task-service" => Self::TaskEvents,
            "reminder-service" => Self::TaskReminders,
            "recurrence-engine" => Self::TaskRecurrence,
            _ => Self::TaskAudit,
        }
    }

    /// Where Dapr puts what `app_id` could not process.
    #[must_use]
    pub fn dead_letter(self, app_id: &str) -> String {
        format!("{}.{app_id}.dlq", self.name())
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
