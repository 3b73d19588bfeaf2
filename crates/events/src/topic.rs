//! The topics, and who hears what on them: one table that subscriptions, routes and documents are tested against.

use std::fmt;

use crate::EventType;

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

/// One consumer of one topic.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// The consuming function's Dapr app-id, which is also its Kafka consumer group.
    pub app_id: &'static str,
    /// The topic.
    pub topic: Topic,
    /// The types that it acts on; others are acknowledged without work. `None`: all.
    pub acts_on: Option<&'static [EventType]>,
}

/// Who hears what. `dapr-components/subscriptions/` holds the same table for Dapr.
pub const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription {
        app_id: "recurrence-engine",
        topic: Topic::TaskEvents,
        acts_on: Some(&[EventType::TaskCompleted, EventType::TaskReopened]),
    },
    Subscription {
        app_id: "reminder-service",
        topic: Topic::TaskReminders,
        acts_on: Some(&[EventType::TaskReminderSet, EventType::TaskReminderCleared]),
    },
    Subscription {
        app_id: "notification-service",
        topic: Topic::TaskReminders,
        acts_on: Some(&[
            EventType::TaskReminderSet,
            EventType::TaskReminderCleared,
            EventType::ReminderTriggered,
            EventType::ReminderSnoozed,
            EventType::ReminderDismissed,
        ]),
    },
    Subscription {
        app_id: "notification-service",
        topic: Topic::TaskRecurrence,
        acts_on: Some(&[EventType::RecurrenceEnded]),
    },
    Subscription {
        app_id: "websocket-gateway",
        topic: Topic::TaskUpdates,
        acts_on: None,
    },
    Subscription {
        app_id: "audit-service",
        topic: Topic::TaskEvents,
        acts_on: None,
    },
    Subscription {
        app_id: "audit-service",
        topic: Topic::TaskReminders,
        acts_on: None,
    },
    Subscription {
        app_id: "audit-service",
        topic: Topic::TaskRecurrence,
        acts_on: None,
    },
    Subscription {
        app_id: "audit-service",
        topic: Topic::TaskUpdates,
        acts_on: None,
    },
    Subscription {
        app_id: "audit-service",
        topic: Topic::TaskAudit,
        acts_on: None,
    },
];
