//! The topics as an AsyncAPI 3 document, committed as `crates/events/asyncapi.json`.

use events::{EventType, SUBSCRIPTIONS, Topic};
use expect_test::expect_file;
use serde_json::{Map, Value, json};

/// The reference of a message of a topic's channel.
fn message(topic: Topic, event_type: &EventType) -> Value {
    json!({ "$ref": format!("#/channels/{topic}/messages/{}", event_type.name()) })
}

fn types_of(topic: Topic) -> impl Iterator<Item = &'static EventType> {
    let is_of_it = move |event_type: &&EventType| event_type.topic() == Some(topic);
    EventType::ALL.iter().filter(is_of_it)
}

fn channels() -> Map<String, Value> {
    let channel = |topic: Topic| {
        let messages = types_of(topic).map(|event_type| {
            let name = event_type.name();
            let reference = json!({ "$ref": format!("#/components/messages/{name}") });
            (name.to_owned(), reference)
        });
        let loss = match topic.must_arrive() {
            true => "None of its events may be lost.",
            false => "Its events may be lost: people see the same by other means.",
        };
        let channel = json!({
            "address": topic.name(),
            "description": format!("Keyed by user id, so that one person's events stay in order. {loss}"),
            "messages": messages.collect::<Map<_, _>>(),
        });
        (topic.name().to_owned(), channel)
    };
    Topic::ALL.into_iter().map(channel).collect()
}

fn operations() -> Map<String, Value> {
    let channel = |topic: Topic| json!({ "$ref": format!("#/channels/{topic}") });
    let sends = Topic::ALL.into_iter().flat_map(|topic| {
        topic.published_by().iter().map(move |function| {
            let operation = json!({ "action": "send", "channel": channel(topic) });
            (format!("{function}.send.{topic}"), operation)
        })
    });
    let receives = SUBSCRIPTIONS.iter().map(|subscription| {
        let (function, topic) = (subscription.app_id, subscription.topic);
        let mut operation = json!({
            "action": "receive",
            "channel": channel(topic),
            "description": format!(
                "What can't be processed goes to {}.", topic.dead_letter(function)
            ),
        });
        if let Some(acts_on) = subscription.acts_on {
            // The others are acknowledged without work.
            let messages: Vec<Value> = acts_on
                .iter()
                .map(|event_type| message(topic, event_type))
                .collect();
            operation["messages"] = messages.into();
        }
        (format!("{function}.receive.{topic}"), operation)
    });
    sends.chain(receives).collect()
}

/// CloudEvents 1.0 in structured mode, as Dapr publishes them.
fn payload(event_type: &EventType) -> Value {
    let text = || json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "format": "uuid", "description": "The event's id: a repeat has the same." },
            "source": { "type": "string", "description": "The function that published it." },
            "type": { "const": event_type.name() },
            "subject": { "type": "string", "description": "The task's id, where there is one." },
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "const": "application/json" },
            "traceparent": text(),
            "data": { "$ref": format!("./schemas/{}.json", event_type.name()) },
        },
    })
}

fn document() -> Value {
    let messages = EventType::ALL
        .iter()
        .filter(|event_type| event_type.topic().is_some());
    let messages = messages.map(|event_type| {
        let name = event_type.name();
        let message = json!({
            "name": name,
            "contentType": "application/cloudevents+json",
            "payload": payload(event_type),
        });
        (name.to_owned(), message)
    });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Nudge's events",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0" },
            "description": "What the functions tell each other through Dapr's pub/sub. A reader passes over fields and types that it does not know.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels(),
        "operations": operations(),
        "components": { "messages": messages.collect::<Map<_, _>>() },
    })
}

#[test]
fn the_committed_document_is_that_of_the_topics() {
    let text = serde_json::to_string_pretty(&document()).expect("JSON");
    expect_file!["../../asyncapi.json"].assert_eq(&format!("{text}\n"));
}

/// Every reference leads somewhere: into the document, or to a schema beside it.
#[test]
fn references_lead_somewhere() {
    let document = document();
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        if let Some(target) = value["$ref"].as_str() {
            let leads = match target.strip_prefix('#') {
                Some(pointer) => document.pointer(pointer).is_some(),
                None => super::root().join("crates/events").join(target).is_file(),
            };
            assert!(leads, "{target}");
        }
        waiting.extend(value.as_object().into_iter().flat_map(Map::values));
        waiting.extend(value.as_array().into_iter().flatten());
    }
}
