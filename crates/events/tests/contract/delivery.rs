//! What a consumer makes of a delivery.

use domain::{EventId, TaskId, UserId};
use events::{Chain, Event, ReminderDismissed, Timestamp, cloud_event, parse_delivery};
use serde_json::{Value, json};
use uuid::Uuid;

fn event() -> Event {
    let payload = ReminderDismissed {
        reminder_id: Uuid::from_u128(4),
        reminder_version: None,
    };
    let chain = Chain {
        correlation_id: Uuid::from_u128(3),
        causation_id: None,
    };
    let user = UserId::parse("u").expect("an id");
    let now = "2026-11-24T09:00:00Z".parse().expect("an instant");
    let (id, task) = (
        EventId(Uuid::from_u128(1)),
        Some(TaskId(Uuid::from_u128(2))),
    );
    Event::new(
        id,
        "reminder-service",
        &user,
        task,
        &payload,
        chain,
        Timestamp::clamped(now),
    )
}

#[test]
fn an_event_comes_out_of_its_cloud_event_as_it_went_in() {
    let envelope = cloud_event(&event(), Some("00-trace-span-01"));
    assert_eq!(envelope["id"], json!(event().event_id));
    assert_eq!(envelope["type"], "REMINDER_DISMISSED");
    assert_eq!(envelope["traceparent"], "00-trace-span-01");
    let parsed = parse_delivery(envelope.to_string().as_bytes());
    assert_eq!(parsed.map_err(|(_, error)| error.to_string()), Ok(event()));
}

#[test]
fn a_cloud_event_without_a_task_has_no_subject() {
    let mut event = event();
    event.task_id = String::new();
    assert_eq!(cloud_event(&event, None).get("subject"), None);
}

#[test]
fn unknown_fields_are_ignored() {
    let mut envelope = cloud_event(&event(), None);
    envelope["extension"] = json!("x");
    envelope["data"]["later"] = json!({ "more": true });
    envelope["data"]["payload"]["later"] = json!(1);
    let parsed = parse_delivery(envelope.to_string().as_bytes()).expect("an event");
    assert!(parsed.payload::<ReminderDismissed>().is_ok());
}

#[test]
fn what_can_never_be_processed_is_told_apart() {
    let with = |pointer: &str, value: Value| {
        let mut envelope = cloud_event(&event(), None);
        if let Some(place) = envelope.pointer_mut(pointer) {
            *place = value;
        }
        envelope.to_string()
    };
    let table = [
        ("not json".to_owned(), "the delivery is not JSON: "),
        ("{}".to_owned(), "the delivery is no CloudEvent with data"),
        (
            with("/data/metadata/version", json!("v2")),
            "the event has version \"v2\"; only v1 is known",
        ),
        (
            with("/data/event_id", json!(7)),
            "the event is malformed: invalid type: integer `7`",
        ),
        (
            with("/data/event_type", json!(null)),
            "the event is malformed: ",
        ),
    ];
    for (body, expected) in table {
        let (_, error) = parse_delivery(body.as_bytes()).expect_err("malformed");
        let error = error.to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
