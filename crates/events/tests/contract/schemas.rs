//! A JSON Schema of every event type, committed in `crates/events/schemas`.

use events::{Event, EventType, Payload};
use expect_test::expect_file;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

/// The schema of an event with the payload of its type.
fn schema<P: Payload + JsonSchema>() -> (EventType, Value) {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let payload = generator.subschema_for::<P>();
    let mut schema = generator.into_root_schema_for::<Event>().to_value();
    schema["title"] = json!(P::TYPE.name());
    schema["properties"]["payload"] = payload.to_value();
    schema["properties"]["event_type"] = json!({ "const": P::TYPE.name() });
    if let Some(definitions) = schema["$defs"].as_object_mut() {
        definitions.remove("EventType");
    }
    (P::TYPE, schema)
}

fn all() -> Vec<(EventType, Value)> {
    vec![
        schema::<events::TaskCreated>(),
        schema::<events::TaskUpdated>(),
        schema::<events::TaskCompleted>(),
        schema::<events::TaskReopened>(),
        schema::<events::TaskDeleted>(),
        schema::<events::ErasureRequested>(),
        schema::<events::TaskDueSet>(),
        schema::<events::TaskReminderSet>(),
        schema::<events::TaskReminderCleared>(),
        schema::<events::ReminderTriggered>(),
        schema::<events::ReminderSnoozed>(),
        schema::<events::ReminderDismissed>(),
        schema::<events::TaskRecurred>(),
        schema::<events::RecurrenceEnded>(),
        schema::<events::TaskChanged>(),
        schema::<events::NotificationAdded>(),
        schema::<events::NotificationsRead>(),
        schema::<events::NotificationDelivered>(),
        schema::<events::NotificationFailed>(),
        schema::<events::NotificationWithdrawn>(),
        schema::<events::AccessDenied>(),
        schema::<events::DataExported>(),
        schema::<events::EventReplayed>(),
        schema::<events::EventDiscarded>(),
        schema::<events::PersonErased>(),
    ]
}

#[test]
fn every_type_has_a_payload_with_a_schema() {
    let types: Vec<EventType> = all()
        .into_iter()
        .map(|(event_type, _)| event_type)
        .collect();
    assert_eq!(types, EventType::ALL);
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for (event_type, schema) in all() {
        let text = serde_json::to_string_pretty(&schema).expect("JSON");
        let path = format!("../../schemas/{}.json", event_type.name());
        expect_file![path].assert_eq(&format!("{text}\n"));
    }
}

#[test]
fn no_schema_is_left_of_a_type_that_is_gone() {
    let folder = super::root().join("crates/events/schemas");
    let files = std::fs::read_dir(folder).expect("the folder");
    assert_eq!(files.count(), EventType::ALL.len());
}
