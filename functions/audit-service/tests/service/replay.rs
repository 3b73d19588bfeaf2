//! Telling a function what is on record: whole stories, each once, and only when an operator asks.

use std::collections::BTreeMap;

use dapr::fake::{Interleaving, block_on};
use events::{EventType, Story, Topic};
use function::fake;
use http::Response;
use serde_json::{Value, json};

use super::record::{Service, event, event_of};

fn asks(service: &Service, to: &str, from: u64) -> (u16, Value) {
    let user = fake::user("ada").to_string();
    let body = json!({ "user_id": user, "to": to, "operator": "kai", "from": from });
    block_on(service.call(fake::dapr_request("/audit-service/replay", &body)))
}

/// A service with ada's events in the record, whose Dapr answers every function's `status`.
fn recorded(events: impl Iterator<Item = (u128, u128)>, status: u16) -> Service {
    let service = Service::new();
    for (number, task) in events {
        block_on(service.deliver(event_of("ada", number, task)));
    }
    service.dapr.respond(move |_| {
        let body = json!({ "restored": true }).to_string().into_bytes();
        Ok(Response::builder()
            .status(status)
            .body(body)
            .expect("an answer"))
    });
    service
}

fn stories(service: &Service) -> Vec<Story> {
    let calls = service.dapr.invocations().into_iter();
    let told = calls.filter(|call| call.path == "/reminder-service/restore");
    told.map(|call| serde_json::from_slice(&call.body).expect("a story"))
        .collect()
}

/// 1,200 events of six tasks, one of which begins after the first stretch.
#[test]
fn each_story_is_told_once_and_whole() {
    let _world = Interleaving::new(0);
    let events = (1..=1_200_u128).map(|number| (number, if number > 700 { 9 } else { number % 5 }));
    let service = recorded(events, 200);
    block_on(service.deliver(event("bob", 5_000)));
    let (mut from, mut requests) = (Some(1), 0);
    while let Some(first) = from {
        let (status, answer) = asks(&service, "reminder-service", first);
        assert_eq!((status, &answer["refused"]), (200, &json!([])), "{answer}");
        from = answer["next_from"].as_u64();
        requests += 1;
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for story in stories(&service) {
        assert_eq!(story.user_id, fake::user("ada").as_str());
        assert!(story.events.is_sorted_by_key(|event| event.event_id));
        let again = told.insert(story.task_id, story.events.len());
        assert_eq!(again, None, "a story was told twice");
    }
    assert_eq!(
        told.into_values().collect::<Vec<_>>(),
        [140, 140, 140, 140, 140, 500]
    );
    let published = service.dapr.published();
    assert_eq!(published.len(), requests);
    for (topic, event) in published {
        assert_eq!(
            (topic, event.event_type),
            (Topic::TaskAudit, EventType::EventReplayed)
        );
        assert_eq!(event.payload["to"], "reminder-service");
        assert_eq!(event.payload["operator"], "kai");
    }
}

#[test]
fn only_an_operator_may_ask_and_only_for_what_is_made_of_events() {
    let _world = Interleaving::new(0);
    let service = recorded([(1, 1)].into_iter(), 200);
    let mut stranger = fake::dapr_request("/audit-service/replay", &json!({}));
    stranger.headers_mut().remove("dapr-api-token");
    assert_eq!(block_on(service.call(stranger)).0, 401);
    let (status, problem) = asks(&service, "task-service", 1);
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/to"))
    );
    // Its state is made of other types: there is nothing to tell.
    let (status, answer) = asks(&service, "recurrence-engine", 1);
    assert_eq!((status, &answer["told"]), (200, &json!(0)));
}

#[test]
fn a_function_that_does_not_answer_is_asked_again_later_and_one_that_refuses_is_named() {
    let _world = Interleaving::new(0);
    let away = recorded([(1, 1)].into_iter(), 503);
    assert_eq!(asks(&away, "reminder-service", 1).0, 503);
    let refuses = recorded([(1, 1)].into_iter(), 422);
    let (status, answer) = asks(&refuses, "reminder-service", 1);
    assert_eq!((status, &answer["restored"]), (200, &json!(0)));
    assert_eq!(answer["refused"].as_array().map(Vec::len), Some(1));
}
