//! A completed occurrence has one successor, and a reopened one has none, whatever crashes when.
//!
//! Seen to fail: when the successor's id is fresh each time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use dapr::Invocation;
use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use domain::{EventId, TaskId};
use events::{
    Chain, Event, EventType, Payload, TaskCompleted, TaskDocument, TaskReopened, Timestamp,
};
use function::{Function, Routes, fake};
use http::{Method, Response, StatusCode};
use rand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

/// The routes of the recurrence engine.
struct Engine;

impl fake::Replicated for Engine {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        recurrence_engine::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

type Service = fake::Replica<Engine>;

/// What the task service was asked for: the successors that there are, by id.
type Tasks = Rc<RefCell<BTreeMap<String, Value>>>;

fn service() -> (Service, Tasks) {
    service_after(Vec::new())
}

/// With a task service that gives these answers first, from the last to the first.
fn service_after(answers: Vec<StatusCode>) -> (Service, Tasks) {
    let (dapr, tasks) = (FakeDapr::new(), Tasks::default());
    let (asked, answers) = (Rc::clone(&tasks), RefCell::new(answers));
    dapr.respond(move |call| {
        if let Some(keys) = fake::key_set(call) {
            return Ok(keys);
        }
        Ok(match answers.borrow_mut().pop() {
            Some(status) => answer(status),
            None => task_service(&mut asked.borrow_mut(), call),
        })
    });
    (Service::over(dapr), tasks)
}

fn answer(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(b"{}".to_vec());
    *response.status_mut() = status;
    response
}

fn task_service(tasks: &mut BTreeMap<String, Value>, call: &Invocation) -> Response<Vec<u8>> {
    let body: Value = serde_json::from_slice(&call.body).expect("JSON");
    match call.path.strip_suffix("/withdraw") {
        Some(path) => {
            tasks.remove(path.rsplit('/').next().unwrap_or_default());
            answer(StatusCode::NO_CONTENT)
        }
        None => {
            let id = body["id"].as_str().expect("an id").to_owned();
            let is_new = tasks.insert(id, body["task"].clone()).is_none();
            answer(if is_new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            })
        }
    }
}

/// An occurrence of a task that comes every other day at 9:00 in Berlin.
fn occurrence(number: u128, completed: bool) -> TaskDocument {
    let at = clock();
    serde_json::from_value(json!({
        "id": Uuid::from_u128(number), "version": 2, "title": format!("Task {number}"), "notes": "",
        "status": if completed { "completed" } else { "open" }, "priority": 4, "labels": [], "list": "inbox",
        "checklist": [{ "text": "Step", "done": true }],
        "due": { "date": "2026-03-28", "time": "09:00", "time_zone": "Europe/Berlin" },
        "reminders": [{ "id": Uuid::from_u128(number), "before_due_minutes": 10 }],
        "recurrence": { "rrule": "FREQ=DAILY;INTERVAL=2;COUNT=9", "basis": "due" },
        "series_id": Uuid::from_u128(number + 1_000_000), "occurrence": 1, "series_start": "2026-03-28",
        "created_at": Timestamp::clamped(at), "updated_at": Timestamp::clamped(at),
        "completed_at": completed.then_some(Timestamp::clamped(at)),
    }))
    .expect("a task")
}

fn event<P: Payload>(number: u128, purpose: &str, payload: &P) -> Event {
    let chain = Chain {
        correlation_id: Uuid::from_u128(number),
        causation_id: None,
    };
    let id = EventId(Uuid::new_v5(&Uuid::from_u128(number), purpose.as_bytes()));
    let (user, task) = (fake::user("me"), Some(TaskId(Uuid::from_u128(number))));
    Event::new(
        id,
        "task-service",
        &user,
        task,
        payload,
        chain,
        Timestamp::clamped(clock()),
    )
}

fn completed(number: u128) -> Event {
    let task = occurrence(number, true);
    event(number, "completed", &TaskCompleted { task })
}

fn reopened(number: u128) -> Event {
    let task = occurrence(number, false);
    event(number, "reopened", &TaskReopened { task })
}

async fn deliver(service: Service, event: Event) {
    service.deliver(event).await;
}

#[test]
fn every_completion_has_one_successor_whatever_crashes_when() {
    for seed in 0..80 {
        let mut world = Interleaving::new(seed);
        let (service, tasks) = service();
        let mut events = Vec::new();
        world.set_crash_probability(0.02);
        for turn in 0..400 {
            if turn % 20 == 0 {
                let event = completed(turn + 1);
                events.push(event.clone());
                for _ in 0..world.rng().random_range(1..=2) {
                    world.spawn(deliver(service.clone(), event.clone()));
                }
            }
            world.turn(20);
        }
        world.set_crash_probability(0.0);
        world.run_out(5);
        for event in &events {
            block_on(service.deliver(event.clone()));
        }
        let titles: BTreeSet<String> = tasks
            .borrow()
            .values()
            .map(|t| t["title"].to_string())
            .collect();
        assert_eq!(
            titles.len(),
            events.len(),
            "seed {seed}: a completion has no successor"
        );
        assert_eq!(
            tasks.borrow().len(),
            events.len(),
            "seed {seed}: one has two"
        );
        let told: BTreeSet<Uuid> = service
            .dapr
            .published()
            .iter()
            .filter(|(_, event)| event.event_type == EventType::TaskRecurred)
            .map(|(_, event)| event.event_id)
            .collect();
        assert_eq!(told.len(), events.len(), "seed {seed}: TASK_RECURRED");
    }
}

/// What says nothing of the event is no reason to give it up: neither a task service that can't, nor one that has another
/// app API token by now. Seen to fail, by a dead letter, when 401 was such a reason.
#[test]
fn a_task_service_that_does_not_know_us_is_asked_again() {
    let _world = Interleaving::new(0);
    let passing = [401, 403, 429, 500, 503, 504];
    let passing = passing.map(|status| StatusCode::from_u16(status).expect("a status"));
    let (service, tasks) = service_after(passing.to_vec());
    block_on(service.deliver(completed(1)));
    assert_eq!(tasks.borrow().len(), 1);
}

/// As where a document of the task's owner is damaged: others on the same partition wait for ten minutes, and not for ever.
/// Seen to fail: when any answer that may pass was tried again without limit.
#[test]
fn what_the_task_service_always_fails_at_is_given_up() {
    let _world = Interleaving::new(0);
    let (service, tasks) = service_after(vec![StatusCode::INTERNAL_SERVER_ERROR; 1_000]);
    let body = events::cloud_event(&completed(1), None);
    let deliver = || block_on(service.call(fake::dapr_request("/recurrence-engine/events", &body)));
    for _ in 1..600 {
        assert_eq!(deliver().0, 503);
    }
    let (status, answer) = deliver();
    assert_eq!((status, &answer["status"]), (200, &json!("DROP")));
    assert!(tasks.borrow().is_empty());
}

/// The clocks go forward on 29 March: the wall-clock time stays, the checklist begins anew, the reminder stays as far
/// before the due time.
#[test]
fn the_successor_is_like_its_predecessor_two_days_later() {
    let _world = Interleaving::new(0);
    let (service, tasks) = service();
    block_on(service.deliver(completed(1)));
    let tasks = tasks.borrow();
    let next = tasks.values().next().expect("a successor");
    assert_eq!(
        next["due"],
        json!({ "date": "2026-03-30", "time": "09:00", "time_zone": "Europe/Berlin" })
    );
    assert_eq!(
        next["checklist"],
        json!([{ "text": "Step", "done": false }])
    );
    assert_eq!(next["reminders"], json!([{ "before_due_minutes": 10 }]));
}

#[test]
fn reopening_takes_the_successor_back_and_completing_makes_it_again() {
    let _world = Interleaving::new(0);
    let (service, tasks) = service();
    let count = || tasks.borrow().len();
    block_on(service.deliver(completed(1)));
    assert_eq!(count(), 1);
    block_on(service.deliver(reopened(1)));
    assert_eq!(count(), 0);
    let again = event(
        1,
        "completed again",
        &TaskCompleted {
            task: occurrence(1, true),
        },
    );
    block_on(service.deliver(again));
    assert_eq!(count(), 1);
}

#[test]
fn a_rule_is_shown_before_it_is_chosen() {
    let _world = Interleaving::new(0);
    let (service, _) = service();
    let ask = |body: Value| service.send("me", Method::POST, "/api/recurrence/preview", &body);
    let monthly = json!({ "rrule": "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "start": "2026-01-31",
        "time": "09:00", "time_zone": "Europe/Berlin", "count": 4 });
    let (status, answer) = ask(monthly);
    assert_eq!(
        (status, &answer["description"]),
        (200, &json!("every month on the 31st"))
    );
    let at = |n: usize| {
        answer["occurrences"][n]["at"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        [at(0), at(1), at(2), at(3)],
        [
            "2026-01-31T08:00:00.000Z",
            "2026-02-28T08:00:00.000Z",
            "2026-03-31T07:00:00.000Z",
            "2026-04-30T07:00:00.000Z",
        ]
    );
    let in_words =
        json!({ "text": "every other week on Monday", "start": "2026-03-02", "time_zone": "UTC" });
    assert_eq!(ask(in_words).1["rrule"], "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO");
    for (body, pointer) in [
        (
            json!({ "text": "now and then", "start": "2026-01-31", "time_zone": "UTC" }),
            "/text",
        ),
        (json!({ "start": "2026-01-31", "time_zone": "UTC" }), ""),
        (
            json!({ "rrule": "FREQ=HOURLY", "start": "2026-01-31", "time_zone": "UTC" }),
            "/rrule",
        ),
        (
            json!({ "rrule": "FREQ=DAILY", "start": "2026-01-31", "time_zone": "X" }),
            "/time_zone",
        ),
        (
            json!({ "rrule": "FREQ=DAILY", "start": "2026-01-31", "time_zone": "UTC", "count": 0 }),
            "/count",
        ),
    ] {
        let (status, problem) = ask(body);
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer))
        );
    }
}
