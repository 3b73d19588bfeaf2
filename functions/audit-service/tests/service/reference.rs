//! What is kept of TASK_CHANGED, and what a task costs on record.

use dapr::fake::{FakeDapr, Interleaving};
use events::{Event, EventType};
use function::{Function, Routes, fake};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::fixture::Audit;

struct Tasks;

impl fake::Replicated for Tasks {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        task_service::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

/// What the task service publishes while ada does all that one can do with a task.
fn life_of_a_task() -> Vec<Event> {
    let tasks = fake::Replica::<Tasks>::new();
    let send = |method: Method, path: &str, body: Value| {
        let (status, answer) = tasks.send("ada", method, path, &body);
        assert!(status < 300, "{path}: {answer}");
        answer
    };
    let task = send(Method::POST, "/api/tasks", created());
    let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
    send(
        Method::PATCH,
        &path,
        json!({ "title": "Rye bread", "notes": "the dark one" }),
    );
    send(Method::POST, &format!("{path}/complete"), json!({}));
    send(Method::POST, &format!("{path}/reopen"), json!({}));
    send(Method::DELETE, &path, Value::Null);
    let mut events: Vec<Event> = tasks
        .dapr
        .published()
        .into_iter()
        .map(|one| one.1)
        .collect();
    events.sort_by_key(|event| event.metadata.sequence);
    events
}

/// A task with a reminder, as people make them.
fn created() -> Value {
    json!({
        "title": "Buy bread", "due": { "date": "2026-04-01", "time": "09:00", "time_zone": "Europe/Berlin" },
        "reminders": [{ "before_due_minutes": 10 }],
    })
}

fn recorded(events: &[Event]) -> Audit {
    let audit = Audit::new();
    for event in events {
        audit.takes(event);
    }
    audit
}

fn sha256(value: &Value) -> String {
    let canonical = serde_json_canonicalizer::to_vec(value).expect("JSON");
    Sha256::digest(canonical)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// In whatever order the topics deliver: from the record of TASK_CHANGED and that of the event that it names, what was
/// published is made again to the last field, for every kind of command.
///
/// Seen to fail: when the reference names the number of TASK_CHANGED itself.
#[test]
fn what_was_published_is_made_again_from_the_record() {
    let _world = Interleaving::new(0);
    let events = life_of_a_task();
    let changes = events
        .iter()
        .filter(|event| event.event_type == EventType::TaskChanged);
    assert_eq!(changes.count(), 5);
    for is_reversed in [false, true] {
        let mut delivered = events.clone();
        if is_reversed {
            delivered.reverse();
        }
        let audit = recorded(&delivered);
        // Every one of them a second time.
        delivered.iter().for_each(|event| audit.takes(event));
        let history = audit.history("");
        assert_eq!(history.len(), events.len());
        let by_sequence = |sequence: &Value| {
            let mut items = history.iter();
            items
                .find(|item| item["sequence"] == *sequence)
                .expect("a record")
        };
        for published in &events {
            let item = by_sequence(&json!(published.metadata.sequence));
            let mut payload = item["payload"].clone();
            if published.event_type == EventType::TaskChanged && payload["task"].is_object() {
                let reference = payload["task"].take();
                let cause = by_sequence(&reference["same_as_sequence"]);
                assert_ne!(cause["event_type"], "TASK_CHANGED");
                let task = cause["payload"]["task"].clone();
                assert_eq!(reference["sha256"], sha256(&task));
                payload["task"] = task;
            }
            assert_eq!(payload, published.payload);
        }
        assert_eq!(audit.gets("/api/history/verify").1["valid"], true);
    }
}

/// Records of earlier versions have the whole task: they are shown and verified as they are, before new ones.
#[test]
fn records_of_earlier_versions_stay_as_they_are() {
    let _world = Interleaving::new(0);
    let events = life_of_a_task();
    let audit = recorded(&events);
    let old = as_earlier(&audit, &events);
    assert_eq!(audit.gets("/api/history/verify").1["valid"], true);
    let history = audit.history("");
    let first = history
        .iter()
        .rev()
        .find(|item| item["event_type"] == "TASK_CHANGED");
    let task = &first.expect("a record")["payload"]["task"];
    assert_eq!(task["title"], "Buy bread");
    let later = life_of_a_task();
    later.iter().for_each(|event| audit.takes(event));
    assert_eq!(
        audit.gets("/api/history/verify").1["records"],
        2 * events.len()
    );
    assert_eq!(audit.gets("/api/history/verify").1["valid"], true);
    assert!(old > 0);
}

/// Makes of a record what earlier versions would have made of the same events, and says how many bytes that is.
fn as_earlier(audit: &Audit, events: &[Event]) -> usize {
    use audit_service::chain::{BEGINNING, Record};
    let (dapr, user) = (&audit.dapr.dapr, crate::fixture::ada());
    let mut hash = BEGINNING.to_owned();
    for (number, event) in (1_u64..).zip(events) {
        let body = serde_json::to_value(event).expect("JSON");
        let at = events::Timestamp::clamped(dapr::fake::clock());
        let record = Record::following(number - 1, &hash, &body, event.event_id, at);
        hash = record.hash();
        dapr.tamper(&format!("audit/{user}/{number:020}"), json!(record));
        dapr.tamper(&format!("audit-body/{user}/{number:020}"), body);
        dapr.tamper(
            &format!("audit-event/{user}/{}", event.event_id),
            json!(number),
        );
    }
    let head = json!({ "number": events.len(), "hash": hash });
    dapr.tamper(&format!("audit-head/{user}"), head);
    bytes(audit)
}

/// Bytes of keys and values that a person has on record.
fn bytes(audit: &Audit) -> usize {
    let dapr = &audit.dapr.dapr;
    let length = |key: &String| key.len() + dapr.value(key).expect("a document").to_string().len();
    dapr.keys("audit").iter().map(length).sum()
}

/// The size that docs/services.md and decision 13 say. A small task with a reminder has four events.
#[test]
fn what_a_created_task_costs_on_record_is_counted() {
    let _world = Interleaving::new(0);
    let tasks = fake::Replica::<Tasks>::new();
    let (status, _) = tasks.send("ada", Method::POST, "/api/tasks", &created());
    assert_eq!(status, 201);
    let events: Vec<Event> = tasks
        .dapr
        .published()
        .into_iter()
        .map(|one| one.1)
        .collect();
    assert_eq!(events.len(), 4);
    let audit = recorded(&events);
    let after = bytes(&audit);
    let before = as_earlier(&audit, &events);
    assert_eq!((before, after), (5_057, 4_965));

    // One at its limits.
    let whole = |event: &Event| event.payload.to_string().len();
    let large = [crate::fixture::updated(1, 1), crate::fixture::changed(2, 1)];
    let published: usize = large.iter().map(whole).sum();
    let kept = bytes(&recorded(&large));
    assert!(kept < published / 2 + 4_096, "{kept} of {published}");
    assert!(published > 400_000);
}
