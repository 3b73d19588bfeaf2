//! Every event is on record once, in a chain that shows what was touched.

use std::collections::BTreeMap;

use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use domain::{EventId, TaskId};
use events::{Chain, Event, EventType, NotificationsRead, ReminderDismissed, Timestamp};
use function::{Function, Routes, fake};
use http::Method;
use rand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

const PEOPLE: [&str; 2] = ["ada", "bob"];

/// The routes of the audit service.
pub(crate) struct Audit;

impl fake::Replicated for Audit {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        audit_service::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

/// An audit service over a Dapr in memory.
pub(crate) type Service = fake::Replica<Audit>;

fn get(service: &Service, person: &str, path: &str) -> Value {
    let (status, body) = service.send(person, Method::GET, path, &Value::Null);
    assert_eq!(status, 200, "{body}");
    body
}

pub(crate) fn event(person: &str, number: u128) -> Event {
    event_of(person, number, number % 5)
}

/// An event about the task called `task`.
pub(crate) fn event_of(person: &str, number: u128, task: u128) -> Event {
    let payload = ReminderDismissed {
        reminder_id: Uuid::from_u128(number),
        reminder_version: None,
    };
    let chain = Chain {
        correlation_id: Uuid::from_u128(7),
        causation_id: None,
    };
    let id = EventId(Uuid::from_u128(number));
    let task = Some(TaskId(Uuid::from_u128(task)));
    let user = fake::user(person);
    Event::new(
        id,
        "reminder-service",
        &user,
        task,
        &payload,
        chain,
        Timestamp::clamped(clock()),
    )
}

async fn deliver(service: Service, event: Event) {
    service.deliver(event).await;
}

/// Seen to fail: when head and records are written without their conditions.
#[test]
fn every_event_is_recorded_once_whatever_crashes_when() {
    for seed in 0..60 {
        let mut world = Interleaving::new(seed);
        let service = Service::new();
        let mut told: BTreeMap<&str, Vec<Event>> = BTreeMap::new();
        world.set_crash_probability(0.01);
        for turn in 0..600 {
            if turn % 12 == 0 {
                let person = PEOPLE[world.rng().random_range(0..PEOPLE.len())];
                let event = event(person, turn);
                told.entry(person).or_default().push(event.clone());
                // A broker may deliver an event twice, to two replicas at once.
                for _ in 0..world.rng().random_range(1..=2) {
                    world.spawn(deliver(service.clone(), event.clone()));
                }
            }
            world.turn(50);
        }
        world.set_crash_probability(0.0);
        world.run_out(5);
        for event in told.values().flatten() {
            block_on(service.deliver(event.clone()));
        }
        for (person, events) in &told {
            let verified = get(&service, person, "/api/history/verify");
            assert_eq!(verified["valid"], true, "seed {seed}: {verified}");
            assert_eq!(verified["records"], events.len(), "seed {seed}");
            let page = get(&service, person, "/api/history?limit=200");
            let mut ids: Vec<&str> = page["items"]
                .as_array()
                .expect("items")
                .iter()
                .filter_map(|item| item["event_id"].as_str())
                .collect();
            ids.sort_unstable();
            let mut expected: Vec<String> = events.iter().map(|e| e.event_id.to_string()).collect();
            expected.sort_unstable();
            assert_eq!(ids, expected, "seed {seed}");
        }
    }
}

/// No mark that is gone one day: its own record says what is on it.
#[test]
fn an_event_is_on_record_once_for_ever() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    block_on(service.deliver(event("ada", 1)));
    assert_eq!(service.dapr.keys("seen/"), [] as [&str; 0]);
    block_on(service.deliver(event("ada", 1)));
    assert_eq!(get(&service, "ada", "/api/history/verify")["records"], 1);
}

/// What only keeps open screens up to date is told to them and not kept.
#[test]
fn who_read_what_is_not_on_record() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let payload = NotificationsRead {
        notification_ids: vec![Uuid::from_u128(1)],
    };
    let read = Event {
        event_type: EventType::NotificationsRead,
        payload: serde_json::to_value(payload).expect("JSON"),
        ..event("ada", 1)
    };
    block_on(service.deliver(read));
    assert_eq!(get(&service, "ada", "/api/history/verify")["records"], 0);
    assert_eq!(service.dapr.keys("audit"), [] as [&str; 0]);
}

/// A transaction and one read before it, as long as a story fits into its first chunk.
#[test]
fn recording_costs_two_calls() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    block_on(service.deliver(event("ada", 1)));
    service.dapr.set_fault(None);
    block_on(service.deliver(event("ada", 2)));
    assert_eq!(service.dapr.operations(), 2);
}

#[test]
fn a_story_of_many_records_is_told_whole() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    // All of the same task.
    for number in (0..260).map(|round| 5 * round + 3) {
        block_on(service.deliver(event("ada", number)));
    }
    let path = format!("/api/history?limit=200&task_id={}", Uuid::from_u128(3));
    let page = get(&service, "ada", &path);
    let cursor = page["next_cursor"].as_str().expect("a second page");
    let rest = get(&service, "ada", &format!("{path}&cursor={cursor}"));
    let count = |page: &serde_json::Value| page["items"].as_array().map_or(0, Vec::len);
    assert_eq!((count(&page), count(&rest)), (200, 60));
}

#[test]
fn a_touched_record_is_found_and_others_are_not_shown() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    for number in 1..=8 {
        block_on(service.deliver(event("ada", number)));
    }
    assert_eq!(get(&service, "bob", "/api/history")["items"], json!([]));
    let path = format!("/api/history?task_id={}", Uuid::from_u128(3));
    let story = get(&service, "ada", &path);
    let numbers: Vec<u64> = story["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["number"].as_u64())
        .collect();
    assert_eq!(numbers, [8, 3]);

    let key = service.dapr.keys("audit-body/")[4].clone();
    let mut body = service.dapr.value(&key).expect("a body");
    body["payload"]["reminder_id"] = json!(Uuid::nil());
    service.dapr.tamper(&key, body);
    let verified = get(&service, "ada", "/api/history/verify");
    assert_eq!(
        (&verified["valid"], &verified["record"]),
        (&json!(false), &json!(5))
    );
}

/// An event of a type that only a newer version knows goes on record as it is, and the chain holds.
#[test]
fn events_of_a_newer_version_are_recorded_as_they_are() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let mut event = serde_json::to_value(event("ada", 1)).expect("JSON");
    event["event_type"] = json!("TASK_EATEN");
    event["later"] = json!({ "by": "goat" });
    event["metadata"]["later"] = json!(1);
    event["payload"]["later"] = json!([2]);
    let sent: Event = serde_json::from_value(event.clone()).expect("an event");
    block_on(service.deliver(sent));
    let history = get(&service, "ada", "/api/history");
    assert_eq!(history["items"][0]["event_type"], "TASK_EATEN");
    assert_eq!(history["items"][0]["payload"]["later"], json!([2]));
    let body = format!("audit-body/{}/{:020}", fake::user("ada"), 1);
    assert_eq!(service.dapr.value(&body), Some(event));
    assert_eq!(get(&service, "ada", "/api/history/verify")["valid"], true);
}
