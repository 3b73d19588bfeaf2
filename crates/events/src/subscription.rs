//! Who hears what on which topic: one table that subscriptions, routes and documents are tested against.

use crate::{EventType, Topic};

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
