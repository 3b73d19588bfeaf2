//! A person is erased: nothing is left of what their events said, the chain is whole, and says that it was done.

use dapr::fake::{Interleaving, block_on, clock};
use dapr::{Condition, Dapr, Write};
use events::{EventType, TaskRecurred, Timestamp};
use rand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::counting::Counting;
use crate::fixture::{Audit, BATCH, ada, event, snoozed, task_id, updated};

fn asks(audit: &Audit) -> (u16, Value) {
    let body = json!({ "user_id": ada().as_str(), "asked_by": "kai" });
    audit.posts("/audit-service/erase", &body)
}

/// Asks until it is done, and says how many records were erased.
fn erases(audit: &Audit) -> u64 {
    let mut erased = 0;
    loop {
        audit.dapr.take();
        let (status, answer) = asks(audit);
        assert_eq!(status, 200, "{answer}");
        assert!(audit.dapr.take().largest <= BATCH);
        let count = answer["erased"].as_u64().expect("a count");
        assert!(count <= 1_000, "{answer}");
        erased += count;
        if answer["done"] == true {
            return erased;
        }
    }
}

/// Only the last event, which says that all others were erased, is left, and nothing that leads to one.
fn is_bare(audit: &Audit, records: u64) {
    let dapr = &audit.dapr.dapr;
    let bodies = dapr.keys("audit-body/");
    let said = bodies.iter().map(|key| dapr.value(key).expect("a body"));
    for body in said {
        assert_eq!(body["event_type"], EventType::PersonErased.name());
    }
    assert_eq!(dapr.keys("audit-task/"), [] as [&str; 0]);
    assert_eq!(dapr.keys("audit-event/").len(), bodies.len());
    assert_eq!(dapr.keys("audit/").len() as u64, records);
    let (status, verified) = audit.gets("/api/history/verify");
    assert_eq!(
        (status, &verified["valid"]),
        (200, &json!(true)),
        "{verified}"
    );
    assert_eq!(verified["records"], records);
    assert_eq!(verified["erased"], records - bodies.len() as u64);
}

impl Audit {
    /// A document is gone behind everybody's back.
    pub(crate) fn loses(&self, key: &str) {
        let gone = vec![Write::delete(key, Condition::Any)];
        block_on(self.dapr.dapr.transact(gone)).expect("a fake that works");
    }
}

#[test]
fn a_person_is_erased_and_the_chain_stays_whole() {
    let mut world = Interleaving::new(0);
    let audit = Audit::new();
    for number in 1..=20 {
        audit.takes(&updated(number, number));
    }
    for number in 21..=2_500 {
        audit.takes(&snoozed(number, number % 3));
    }
    // Some of an earlier version, some damaged.
    let dapr = &audit.dapr.dapr;
    for key in &dapr.keys("audit-event/")[..40] {
        let entry = dapr.value(key).expect("an entry");
        dapr.tamper(key, entry["number"].clone());
    }
    dapr.tamper(&dapr.keys("audit-body/")[100], json!("damaged"));
    world.wait_ms(1_000);
    assert_eq!(erases(&audit), 2_500);
    is_bare(&audit, 2_501);
    let history = audit.history("");
    assert_eq!(history.len(), 1);
    let said = &history[0];
    assert_eq!(said["event_type"], "PERSON_ERASED");
    assert_eq!(
        said["payload"],
        json!({ "asked_by": "kai", "through": 2_500 })
    );
    let of_task = audit.gets(&format!("/api/history?task_id={}", task_id(1)));
    assert_eq!(of_task.1["items"], json!([]));

    // Asking again does nothing.
    assert_eq!(erases(&audit), 0);
    is_bare(&audit, 2_501);
}

/// Whatever of what happened before still arrives is not recorded, whatever happens afterwards is; and can be erased too.
#[test]
fn what_arrives_late_is_not_recorded() {
    let mut world = Interleaving::new(0);
    let audit = Audit::new();
    audit.takes(&snoozed(1, 1));
    let late = snoozed(2, 1);
    world.wait_ms(1_000);
    assert_eq!(erases(&audit), 1);
    audit.takes(&late);
    audit.takes(&snoozed(1, 1));
    is_bare(&audit, 2);
    // It moves on with every time that somebody asks.
    let later = snoozed(3, 1);
    world.wait_ms(1_000);
    assert_eq!(erases(&audit), 0);
    audit.takes(&later);
    is_bare(&audit, 2);

    world.wait_ms(1_000);
    audit.takes(&snoozed(4, 1));
    audit.takes(&snoozed(5, 1));
    assert_eq!(audit.history("").len(), 3);
    assert_eq!(audit.history(&format!("&task_id={}", task_id(1))).len(), 2);
    assert_eq!(audit.gets("/api/history/verify").1["erased"], 1);
    assert_eq!(erases(&audit), 2);
    is_bare(&audit, 5);
    assert_eq!(audit.history("").len(), 1);
}

/// A story to which something new was added keeps that, and nothing else.
#[test]
fn a_story_that_goes_on_keeps_what_is_new() {
    let mut world = Interleaving::new(0);
    let audit = Audit::new();
    let recurred = TaskRecurred {
        series_id: Uuid::from_u128(1),
        from_task_id: task_id(1).0,
        next_task_id: task_id(2).0,
        occurrence: 2,
        due: serde_json::from_value(json!({ "date": "2026-03-02", "time_zone": "UTC" }))
            .expect("a due date"),
        skipped: 0,
        title: "Secret".to_owned(),
    };
    audit.takes(&event("recurrence-engine", 1, 2, &recurred));
    for number in 2..=1_300 {
        audit.takes(&snoozed(number, 1));
    }
    world.wait_ms(1_000);
    let (status, answer) = asks(&audit);
    assert_eq!((status, &answer["done"]), (200, &json!(false)), "{answer}");
    world.wait_ms(1_000);
    audit.takes(&snoozed(2_000, 1));
    let ids = || {
        let story = audit.history(&format!("&task_id={}", task_id(1)));
        let ids = story.iter().filter_map(|item| item["event_id"].as_str());
        ids.map(|id| id.parse().expect("an id"))
            .collect::<Vec<Uuid>>()
    };
    assert_eq!(ids(), [Uuid::from_u128(2_000)]);
    assert_eq!(audit.gets("/api/history/verify").1["valid"], true);
    erases(&audit);
    is_bare(&audit, 1_302);
    world.wait_ms(1_000);
    audit.takes(&snoozed(2_001, 1));
    assert_eq!(ids(), [Uuid::from_u128(2_001)]);
    assert_eq!(audit.gets("/api/history/verify").1["valid"], true);
}

async fn erased(dapr: Counting) {
    let audit = Audit::over(dapr);
    let body = json!({ "user_id": ada().as_str(), "asked_by": "kai" });
    loop {
        let request = function::fake::dapr_request("/audit-service/erase", &body);
        let (status, answer) = audit.answer(request).await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        match status {
            200 if answer["done"] == true => return,
            200 | 503 => {}
            _ => panic!("{status}: {answer}"),
        }
    }
}

async fn delivered(dapr: Counting, number: u128, at: Timestamp) {
    let mut event = snoozed(number, number % 3);
    event.timestamp = at;
    Audit::over(dapr).deliver(&event).await;
}

/// Erasing and recording go on at the same time, by several replicas, and stop anywhere. In the end somebody asks once more.
///
/// Seen to fail: when a record that is kept for the time being does not begin its task's story (the story stays), and when
/// an erasure ends though something was recorded since it began.
#[test]
fn an_erasure_may_stop_anywhere_while_events_arrive() {
    for seed in 0..25 {
        let mut world = Interleaving::new(seed);
        let audit = Audit::new();
        let before = Timestamp::clamped(clock());
        world.wait_ms(1);
        world.set_crash_probability(0.01);
        let mut number = 0;
        for turn in 0..3_000 {
            if turn % 10 == 0 {
                number += 1;
                let at = match world.rng().random_range(0..4) {
                    0 => before,
                    _ => Timestamp::clamped(clock()),
                };
                world.spawn(delivered(audit.dapr.clone(), number, at));
            }
            if turn > 500 && turn % 300 == 0 {
                world.spawn(erased(audit.dapr.clone()));
            }
            world.turn(5);
        }
        world.set_crash_probability(0.0);
        world.run_out(5);
        let (_, verified) = audit.gets("/api/history/verify");
        assert_eq!(verified["valid"], true, "seed {seed}: {verified}");
        world.wait_ms(1);
        erases(&audit);
        let records = audit.dapr.dapr.keys("audit/").len() as u64;
        is_bare(&audit, records);
        let late = snoozed(1_000_000, 1);
        audit.takes(&late);
        is_bare(&audit, records);
    }
}

/// An event from before arrives while somebody asks once more: it may be recorded and erased, or left out, but not stay.
///
/// Seen to fail: when the head is not written where there is nothing to erase (it is recorded after the answer).
#[test]
fn what_arrives_while_somebody_asks_does_not_stay() {
    for seed in 0..100 {
        let mut world = Interleaving::new(seed);
        let audit = Audit::new();
        audit.takes(&snoozed(1, 1));
        world.wait_ms(1_000);
        assert_eq!(erases(&audit), 1);
        world.wait_ms(1_000);
        let happened = Timestamp::clamped(clock());
        world.wait_ms(1_000);
        world.spawn(delivered(audit.dapr.clone(), 2, happened));
        world.spawn(erased(audit.dapr.clone()));
        world.run_out(5);
        let records = audit.dapr.dapr.keys("audit/").len() as u64;
        is_bare(&audit, records);
    }
}

#[test]
fn only_dapr_and_operators_may_ask() {
    let _world = Interleaving::new(0);
    let audit = Audit::new();
    let mut stranger = function::fake::dapr_request("/audit-service/erase", &json!({}));
    stranger.headers_mut().remove("dapr-api-token");
    assert_eq!(block_on(audit.answer(stranger)).0, 401);
    for body in [
        json!({}),
        json!({ "user_id": "", "asked_by": "kai" }),
        json!({ "user_id": "a/b", "asked_by": "kai" }),
        json!({ "user_id": "ada", "asked_by": " " }),
        json!({ "user_id": "ada", "asked_by": "x".repeat(201) }),
        json!({ "user_id": "ada", "asked_by": "kai", "more": 1 }),
    ] {
        let (status, problem) = audit.posts("/audit-service/erase", &body);
        assert_eq!(status, 422, "{body}: {problem}");
    }
    // Somebody of whom nothing is on record yet: what is on its way stays out.
    let late = snoozed(1, 1);
    assert_eq!(erases(&audit), 0);
    audit.takes(&late);
    is_bare(&audit, 1);
}
