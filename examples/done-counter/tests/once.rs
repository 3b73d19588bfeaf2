//! The done counter through its routes, over a Dapr in memory.

use dapr::fake::{FakeDapr, block_on};
use events::Event;
use function::{Function, Routes, fake};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// The routes of the done counter.
struct Counter;

impl fake::Replicated for Counter {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        done_counter::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

type Service = fake::Replica<Counter>;

/// What the task service says of one of the person's tasks.
fn event(kind: &str, person: &str) -> Event {
    let event = json!({
        "event_id": Uuid::now_v7(), "event_type": kind, "task_id": "", "user_id": fake::user(person).as_str(), "payload": {},
        "metadata": { "source": "task-service", "version": "v1", "correlation_id": Uuid::nil() },
        "timestamp": "2026-03-01T09:00:00.000Z",
    });
    serde_json::from_value(event).expect("an event")
}

fn done(service: &Service, person: &str) -> Value {
    let (status, answer) = service.send(person, Method::GET, "/api/done-count", &Value::Null);
    assert_eq!(status, 200, "{answer}");
    answer["done"].clone()
}

/// Dapr delivers an event at least once: after a crash it comes again.
///
/// Seen to fail: with `events_on_record`, which keeps no marks.
#[test]
fn an_event_that_is_delivered_twice_counts_once() {
    let service = Service::new();
    let completed = event("TASK_COMPLETED", "mia");
    block_on(service.deliver(completed.clone()));
    block_on(service.deliver(completed));
    assert_eq!(done(&service, "mia"), 1);
    block_on(service.deliver(event("TASK_COMPLETED", "mia")));
    assert_eq!(done(&service, "mia"), 2);
}

/// Each person has a count of their own.
///
/// Seen to fail: with a reopened task that changes nothing.
#[test]
fn a_task_that_is_reopened_counts_no_longer_and_nobody_elses_ever() {
    let service = Service::new();
    for kind in [
        "TASK_CREATED",
        "TASK_COMPLETED",
        "TASK_REOPENED",
        "TASK_COMPLETED",
    ] {
        block_on(service.deliver(event(kind, "mia")));
    }
    assert_eq!(done(&service, "mia"), 1);
    assert_eq!(done(&service, "kai"), 0);
}

/// The event is the last one of a person who is erased.
///
/// Seen to fail: with an erasure that is passed over.
#[test]
fn nothing_is_left_of_a_person_who_is_erased() {
    let service = Service::new();
    block_on(service.deliver(event("TASK_COMPLETED", "mia")));
    block_on(service.deliver(event("ERASURE_REQUESTED", "mia")));
    assert_eq!(done(&service, "mia"), 0);
}
