//! An audit service whose reads are counted, and events about tasks at their limits.

use dapr::fake::{FakeDapr, block_on, clock};
use domain::{EventId, TaskId, UserId};
use events::{
    Chain, Event, Payload, ReminderSnoozed, TaskChanged, TaskCompleted, TaskDocument, TaskUpdated,
    Timestamp, cloud_event,
};
use function::{Function, Request, fake};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::counting::Counting;

/// Whose record it is.
pub(crate) fn ada() -> UserId {
    fake::user("ada")
}

/// An audit service over a Dapr that counts.
pub(crate) struct Audit {
    pub(crate) dapr: Counting,
    function: Function<Counting>,
}

impl Audit {
    pub(crate) fn new() -> Self {
        let dapr = Counting::default();
        dapr.dapr
            .respond(|call| Ok(fake::key_set(call).expect("only the key set is asked for")));
        Self::over(dapr)
    }

    pub(crate) fn over(dapr: Counting) -> Self {
        let means = fake::function(FakeDapr::new());
        let function = Function {
            dapr: dapr.clone(),
            issuer: means.issuer,
            app_api_token: means.app_api_token,
            clock: means.clock,
            new_id: means.new_id,
            limits: means.limits,
        };
        Self { dapr, function }
    }

    /// Status and body of the answer.
    pub(crate) async fn answer(&self, request: Request) -> (u16, Vec<u8>) {
        let answer = audit_service::routes()
            .answer(&self.function, request)
            .await;
        assert!(answer.after.is_none(), "nothing is done behind an answer");
        (
            answer.response.status().as_u16(),
            answer.response.into_body(),
        )
    }

    /// What ada reads.
    pub(crate) fn gets(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.gets_bytes(path);
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub(crate) fn gets_bytes(&self, path: &str) -> (u16, Vec<u8>) {
        block_on(self.answer(fake::request("ada", Method::GET, path, &Value::Null)))
    }

    /// What an operator asks for.
    pub(crate) fn posts(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, body) = block_on(self.answer(fake::dapr_request(path, body)));
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Delivers an event as Dapr does: again, as long as it is answered 503.
    pub(crate) async fn deliver(&self, event: &Event) {
        let body = cloud_event(event, None);
        loop {
            let request = fake::dapr_request("/audit-service/events", &body);
            match self.answer(request).await {
                (200, body) => {
                    let answer: Value = serde_json::from_slice(&body).expect("JSON");
                    return assert_eq!(answer["status"], "SUCCESS", "{event:?}");
                }
                (503, _) => {}
                (status, body) => panic!("{status}: {}", String::from_utf8_lossy(&body)),
            }
        }
    }

    pub(crate) fn takes(&self, event: &Event) {
        block_on(self.deliver(event));
    }

    /// Ada's whole history, page by page, the newest first; each page with `limit`, and in which no read is larger and no
    /// answer longer than is promised.
    pub(crate) fn history(&self, query: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            self.dapr.take();
            let (status, body) = self.gets_bytes(&format!("/api/history?limit=200{query}{cursor}"));
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
            let page: Value = serde_json::from_slice(&body).expect("JSON");
            let found = page["items"].as_array().expect("items");
            assert!(!found.is_empty() || items.is_empty(), "an empty page");
            let most = if found.len() == 1 { BODY } else { PAGE };
            assert!(
                body.len() <= most,
                "{} items are {} bytes",
                found.len(),
                body.len()
            );
            assert!(self.dapr.take().largest <= BATCH, "a page");
            items.extend(found.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// Most bytes of an answer with more than one item: 1 MiB and the frame around it.
const PAGE: usize = 1024 * 1024 + 1024;
/// Most bytes that are read at once: a batch, which a task at its limits may exceed where its length is not known.
pub(crate) const BATCH: usize = 1024 * 1024 + 256 * 1024;
/// Most bytes of one event, as of a delivery.
const BODY: usize = 2 * 1024 * 1024;

pub(crate) fn task_id(number: u128) -> TaskId {
    TaskId(Uuid::from_u128(number))
}

/// An event of ada's with this number as its id.
pub(crate) fn event<P: Payload>(source: &str, number: u128, task: u128, payload: &P) -> Event {
    let chain = Chain {
        correlation_id: Uuid::from_u128(7),
        causation_id: None,
    };
    let mut event = Event::new(
        EventId(Uuid::from_u128(number)),
        source,
        &ada(),
        Some(task_id(task)),
        payload,
        chain,
        Timestamp::clamped(clock()),
    );
    event.metadata.sequence = u64::try_from(number).ok();
    event
}

/// A small one.
pub(crate) fn snoozed(number: u128, task: u128) -> Event {
    let payload = ReminderSnoozed {
        reminder_id: Uuid::from_u128(2),
        until: Timestamp::clamped(clock()),
        reminder_version: None,
    };
    event("reminder-service", number, task, &payload)
}

/// A task with all that it may have: 100 steps of 500 characters of four bytes, 16 KiB of notes.
pub(crate) fn task_at_its_limits(task: u128) -> TaskDocument {
    let step = json!({ "text": "😀".repeat(500), "done": false });
    let document = json!({
        "id": task_id(task).0, "version": 1, "title": "😀".repeat(500), "notes": "ü".repeat(8 * 1024),
        "status": "open", "priority": 1, "labels": vec!["😀".repeat(60); 50], "list": "inbox",
        "checklist": vec![step; 100], "due": null, "reminders": [], "recurrence": null, "series_id": null,
        "created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:00Z", "completed_at": null,
    });
    serde_json::from_value(document).expect("a task")
}

/// A quarter of a megabyte.
pub(crate) fn updated(number: u128, task: u128) -> Event {
    let payload = TaskUpdated {
        task: task_at_its_limits(task),
        changed: vec!["checklist".to_owned()],
    };
    event("task-service", number, task, &payload)
}

pub(crate) fn completed(number: u128, task: u128) -> Event {
    let payload = TaskCompleted {
        task: task_at_its_limits(task),
    };
    event("task-service", number, task, &payload)
}

/// What tells screens of the change that [`updated`] with the number before tells of.
pub(crate) fn changed(number: u128, task: u128) -> Event {
    let revision = u64::try_from(number).expect("a revision");
    let payload = TaskChanged {
        revision,
        previous_revision: revision - 2,
        task: Some(task_at_its_limits(task)),
    };
    event("task-service", number, task, &payload)
}
