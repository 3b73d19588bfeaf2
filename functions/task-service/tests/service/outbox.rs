//! No acknowledged command without its events, by simulation: commands of several people, two replicas' ticks and
//! crashes interleaved at every operation of the store and the broker.
//!
//! Seen to fail: when documents are deleted before they are published, when a command publishes its own events without
//! those that are still pending before them, and when no check is planned.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use dapr::fake::{Interleaving, block_on};
use events::{EventType, Topic};
use function::fake;
use http::Method;
use rand::Rng;
use serde_json::{Value, json};

use super::fixture::{Service, create, json_of, titles};

const PEOPLE: [&str; 3] = ["ada", "bob", "cyd"];

/// What a person was told: each task's id, and whether it is open.
#[derive(Default)]
struct Acknowledged {
    created: BTreeMap<String, String>,
    completed: BTreeSet<String>,
}

/// Creates a task and completes every other one; repeats a command under its key until it is answered.
async fn live(
    service: Service,
    person: &'static str,
    number: u32,
    told: Rc<RefCell<Acknowledged>>,
) {
    let title = format!("{person} {number}");
    let body = json!({ "title": title, "due": { "date": "2026-03-05", "time": "09:00", "time_zone": "Europe/Berlin" } });
    let task = command(
        &service,
        person,
        "/api/tasks",
        &body,
        &format!("create {number}"),
    )
    .await;
    let id = task["id"].as_str().expect("an id").to_owned();
    told.borrow_mut().created.insert(title, id.clone());
    if number.is_multiple_of(2) {
        let path = format!("/api/tasks/{id}/complete");
        command(
            &service,
            person,
            &path,
            &Value::Null,
            &format!("complete {number}"),
        )
        .await;
        told.borrow_mut().completed.insert(id);
    }
}

async fn command(service: &Service, person: &str, path: &str, body: &Value, key: &str) -> Value {
    loop {
        let mut request = fake::request(person, Method::POST, path, body);
        let value = http::HeaderValue::from_str(key).expect("a header");
        request.headers_mut().insert("idempotency-key", value);
        let answer = service.answer(request).await;
        let status = answer.response.status().as_u16();
        let task = json_of(&answer.response);
        if let Some(work) = answer.after {
            work.await;
        }
        match status {
            200 | 201 => return task,
            503 => {}
            _ => panic!("{status}: {task}"),
        }
    }
}

async fn tick(service: Service) {
    service.tick("cron-outbox").await;
}

/// Minutes in which nobody does anything and nothing crashes.
fn settle(world: &mut Interleaving, service: &Service) {
    for _ in 0..12 {
        world.wait_ms(15_000);
        world.spawn(tick(service.clone()));
        world.run_out(5);
    }
}

fn simulate(seed: u64) {
    let mut world = Interleaving::new(seed);
    let service = Service::new();
    let told = Rc::new(RefCell::new(Acknowledged::default()));
    world.set_crash_probability(0.01);
    let mut number = 0;
    for turn in 0..1200 {
        if turn % 25 == 0 {
            let person = PEOPLE[world.rng().random_range(0..PEOPLE.len())];
            number += 1;
            world.spawn(live(service.clone(), person, number, Rc::clone(&told)));
        }
        if turn % 60 == 0 {
            world.spawn(tick(service.clone()));
        }
        world.turn(100);
    }
    world.set_crash_probability(0.0);
    world.run_out(5);
    settle(&mut world, &service);
    let told = told.borrow();
    check_events(seed, &service, &told);
    check_lists(seed, &service, &told);
}

/// Per person: every number once, without a gap, and in order on each topic; every acknowledged command told of.
fn check_events(seed: u64, service: &Service, told: &Acknowledged) {
    let mut numbers: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let mut last: BTreeMap<(String, Topic), u64> = BTreeMap::new();
    let (mut seen, mut facts) = (BTreeSet::new(), BTreeSet::new());
    for (topic, event) in service.dapr.published() {
        if !seen.insert(event.event_id) {
            continue;
        }
        let sequence = event.metadata.sequence.expect("a sequence");
        let is_new = numbers
            .entry(event.user_id.clone())
            .or_default()
            .insert(sequence);
        assert!(is_new, "seed {seed}: two events have the number {sequence}");
        let before = last.insert((event.user_id.clone(), topic), sequence);
        assert!(
            before.is_none_or(|before| before < sequence),
            "seed {seed}: {topic} is out of order"
        );
        facts.insert((event.event_type.clone(), event.task_id.clone()));
    }
    for (user, numbers) in &numbers {
        let expected: BTreeSet<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(*numbers, expected, "seed {seed}: {user} has a gap");
    }
    for id in told.created.values() {
        let fact = (EventType::TaskCreated, id.clone());
        assert!(
            facts.contains(&fact),
            "seed {seed}: {id} was created and nobody told"
        );
    }
    for id in &told.completed {
        let fact = (EventType::TaskCompleted, id.clone());
        assert!(
            facts.contains(&fact),
            "seed {seed}: {id} was completed and nobody told"
        );
    }
    for prefix in ["outbox/", "timetable/2"] {
        let left = service.dapr.keys(prefix);
        assert!(left.is_empty(), "seed {seed}: {left:?} is left");
    }
}

/// What is acknowledged is in the lists, and no command was done twice.
fn check_lists(seed: u64, service: &Service, told: &Acknowledged) {
    let mut listed: BTreeMap<String, String> = BTreeMap::new();
    let mut open = BTreeSet::new();
    for person in PEOPLE {
        for status in ["open", "completed"] {
            let path = format!("/api/tasks?limit=200&status={status}");
            let (_, page) = service.send(person, Method::GET, &path, &Value::Null);
            for task in page["items"].as_array().expect("items") {
                let text = |name: &str| task[name].as_str().unwrap_or_default().to_owned();
                let twice = listed.insert(text("title"), text("id"));
                assert_eq!(twice, None, "seed {seed}: {} is there twice", text("title"));
                if status == "open" {
                    open.insert(text("id"));
                }
            }
        }
    }
    for (title, id) in &told.created {
        assert_eq!(listed.get(title), Some(id), "seed {seed}: {title} is lost");
        let is_completed = told.completed.contains(id);
        assert!(
            !(is_completed && open.contains(id)),
            "seed {seed}: {title} is open again"
        );
    }
}

#[test]
fn no_command_is_lost_or_done_twice_whatever_crashes_when() {
    for seed in 0..100 {
        simulate(seed);
    }
}

/// A command reads in the head that a check is planned; while it is at work, that check looks and finds nothing; then
/// the command's process dies before it publishes. The commit must meet the head that the check changed, or the timetable's second look at the minute must.
#[test]
fn a_command_that_races_with_a_check_is_not_forgotten() {
    for (before, after) in (0..16).flat_map(|before| (0..14).map(move |after| (before, after))) {
        let mut world = Interleaving::new(0);
        let service = Service::new();
        let told = Rc::new(RefCell::new(Acknowledged::default()));
        block_on(live(service.clone(), "ada", 1, Rc::clone(&told)));
        // The check is planned 10 s after the command.
        world.wait_ms(9_900);
        let mut command = Box::pin(live(service.clone(), "ada", 3, Rc::clone(&told)));
        let mut poll = |times: u32| (0..times).any(|_| is_ready(command.as_mut()));
        if !poll(before) {
            world.wait_ms(200);
            block_on(tick(service.clone()));
            poll(after);
        }
        drop(command);
        settle(&mut world, &service);
        check_events(0, &service, &told.borrow());
    }
}

fn is_ready(future: Pin<&mut impl Future<Output = ()>>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

/// Every operation of one command fails, or its answer is lost, one after the other.
#[test]
fn a_fault_at_any_operation_of_a_command_loses_nothing() {
    use dapr::fake::Fault;
    let faults: [fn(u64) -> Fault; 3] = [Fault::FailAt, Fault::LoseAnswerAt, Fault::CrashAt];
    for fault in faults {
        for operation in 1..20 {
            let mut world = Interleaving::new(0);
            let service = Service::new();
            create(&service, json!({ "title": "before" }));
            service.dapr.set_fault(Some(fault(operation)));
            let request = fake::request(
                "me",
                Method::POST,
                "/api/tasks",
                &json!({ "title": "after" }),
            );
            let (status, _) = block_on(service.call(request));
            service.dapr.set_fault(None);
            for _ in 0..3 {
                world.wait_ms(15_000);
                block_on(tick(service.clone()));
            }
            let exists = titles(&service, "").contains(&"after".to_owned());
            let events = service.dapr.published();
            let created = events
                .iter()
                .filter(|(_, event)| event.event_type == EventType::TaskCreated);
            let ids: BTreeSet<_> = created.map(|(_, event)| event.event_id).collect();
            let context = format!("{:?}", fault(operation));
            assert!(exists || status != 201, "{context}: acknowledged and gone");
            assert_eq!(ids.len(), 1 + usize::from(exists), "{context}");
        }
    }
}
