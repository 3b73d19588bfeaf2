//! A reminder service, and what the task service tells it.

use chrono::{DateTime, Utc};
use dapr::fake::{FakeDapr, block_on, clock};
use domain::{EventId, TaskId};
use events::{
    Chain, ClearReason, Event, EventType, Payload, ReminderTriggered, ScheduledReminder,
    TaskReminderCleared, TaskReminderSet, Timestamp,
};
use function::{Function, Routes, fake};
use http::Method;
use serde_json::Value;
use uuid::Uuid;

/// The routes of the reminder service.
pub(crate) struct Reminders;

impl fake::Replicated for Reminders {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        reminder_service::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

/// A reminder service over a Dapr in memory.
pub(crate) type Service = fake::Replica<Reminders>;

/// One tick of the service's cron.
pub(crate) async fn tick(service: Service) {
    service.tick("cron-reminder").await;
}

/// Ticks until nothing is left to be done.
pub(crate) fn settle(service: &Service) {
    for _ in 0..4 {
        block_on(tick(service.clone()));
    }
}

pub(crate) fn command(service: &Service, reminder: Uuid, verb: &str, body: &Value) -> (u16, Value) {
    let path = format!("/api/reminders/{reminder}/{verb}");
    service.send("me", Method::POST, &path, body)
}

pub(crate) fn list(service: &Service) -> Vec<Value> {
    let (status, page) = service.send("me", Method::GET, "/api/reminders", &Value::Null);
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().expect("items").clone()
}

/// What was told, each ring once: reminder, and when it was to ring.
pub(crate) fn rings(service: &Service) -> Vec<(Uuid, DateTime<Utc>)> {
    let mut seen = std::collections::BTreeSet::new();
    let events = service.dapr.published().into_iter().map(|(_, event)| event);
    events
        .filter(|event| event.event_type == EventType::ReminderTriggered)
        .filter(|event| seen.insert(event.event_id))
        .map(|event| {
            let ring: ReminderTriggered = event.payload().expect("a payload");
            (ring.reminder_id, ring.scheduled_at.utc())
        })
        .collect()
}

/// The reminders of `task` are now these.
pub(crate) fn set(
    user: &str,
    task: Uuid,
    sequence: u64,
    reminders: &[(Uuid, DateTime<Utc>)],
) -> Event {
    let payload = TaskReminderSet {
        title: format!("Task {task}"),
        due: None,
        reminders: reminders
            .iter()
            .map(|&(id, at)| ScheduledReminder {
                id,
                at: Timestamp::clamped(at),
                unknown: events::UnknownFields::default(),
                before_due_minutes: None,
            })
            .collect(),
        same_times: false,
    };
    event(user, task, sequence, &payload)
}

/// `task` was done.
pub(crate) fn cleared(user: &str, task: Uuid, sequence: u64) -> Event {
    let reason = ClearReason::Completed;
    event(user, task, sequence, &TaskReminderCleared { reason })
}

fn event<P: Payload>(user: &str, task: Uuid, sequence: u64, payload: &P) -> Event {
    let chain = Chain {
        correlation_id: task,
        causation_id: None,
    };
    let id = EventId(Uuid::new_v5(&task, &sequence.to_be_bytes()));
    let (user, task) = (fake::user(user), Some(TaskId(task)));
    let mut event = Event::new(
        id,
        "task-service",
        &user,
        task,
        payload,
        chain,
        Timestamp::clamped(clock()),
    );
    event.metadata.sequence = Some(sequence);
    event
}
