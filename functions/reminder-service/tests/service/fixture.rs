//! A reminder service, and what the task service tells it.

use chrono::{DateTime, Utc};
use dapr::fake::{FakeDapr, block_on, clock};
use domain::{EventId, TaskId};
use events::{
    Chain, ClearReason, Event, EventType, Payload, ReminderTriggered, ScheduledReminder,
    TaskReminderCleared, TaskReminderSet, Timestamp, cloud_event,
};
use http::Method;
use http_api::{Answer, Function, Request, fake};
use serde_json::{Value, json};
use uuid::Uuid;

/// A reminder service over a Dapr in memory. Clones share the Dapr, as two replicas would.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) dapr: FakeDapr,
    function: Function<FakeDapr>,
}

impl Service {
    pub(crate) fn new() -> Self {
        let dapr = FakeDapr::new();
        dapr.respond(|call| Ok(fake::key_set(call).expect("only the key set is asked for")));
        Self {
            function: fake::function(dapr.clone()),
            dapr,
        }
    }

    pub(crate) async fn answer(&self, request: Request) -> Answer {
        reminder_service::route(&self.function, request).await
    }

    /// The status and body of an answer, after what was still to be done.
    pub(crate) async fn call(&self, request: Request) -> (u16, Value) {
        let answer = self.answer(request).await;
        if let Some(work) = answer.after {
            work.await;
        }
        let body = serde_json::from_slice(answer.response.body()).unwrap_or_default();
        (answer.response.status().as_u16(), body)
    }

    /// Delivers an event as Dapr does: again, as long as it is answered 503.
    pub(crate) async fn deliver(&self, event: &Event) {
        let body = cloud_event(event, None);
        loop {
            let request = fake::dapr_request("/reminder-service/events", &body);
            match self.call(request).await {
                (200, answer) => return assert_eq!(answer["status"], "SUCCESS"),
                (503, _) => {}
                (status, body) => panic!("{status}: {body}"),
            }
        }
    }

    pub(crate) async fn tick(&self) -> u16 {
        let request = fake::dapr_request("/reminder-service/cron-reminder", &json!({}));
        self.call(request).await.0
    }

    /// Ticks until nothing is left to be done.
    pub(crate) fn settle(&self) {
        for _ in 0..4 {
            assert_eq!(block_on(self.tick()), 200);
        }
    }

    pub(crate) fn command(&self, reminder: Uuid, verb: &str, body: &Value) -> (u16, Value) {
        let path = format!("/api/reminders/{reminder}/{verb}");
        block_on(self.call(fake::request("me", Method::POST, &path, body)))
    }

    pub(crate) fn list(&self) -> Vec<Value> {
        let request = fake::request("me", Method::GET, "/api/reminders", &Value::Null);
        let (status, page) = block_on(self.call(request));
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().expect("items").clone()
    }

    /// What was told, each ring once: reminder, and when it was to ring.
    pub(crate) fn rings(&self) -> Vec<(Uuid, DateTime<Utc>)> {
        let mut seen = std::collections::BTreeSet::new();
        let events = self.dapr.published().into_iter().map(|(_, event)| event);
        events
            .filter(|event| event.event_type == EventType::ReminderTriggered)
            .filter(|event| seen.insert(event.event_id))
            .map(|event| {
                let ring: ReminderTriggered = event.payload().expect("a payload");
                (ring.reminder_id, ring.scheduled_at.0)
            })
            .collect()
    }
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
                at: Timestamp(at),
                before_due_minutes: None,
            })
            .collect(),
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
        Timestamp(clock()),
    );
    event.metadata.sequence = Some(sequence);
    event
}
