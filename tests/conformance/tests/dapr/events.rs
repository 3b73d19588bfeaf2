//! Publishing and delivering: envelopes, order, retries, dead letters.

use std::time::Duration;

use conformance::{APP_API_TOKEN, Place, TOPIC, Where};
use serde_json::{Value, json};

super::cases!(
    a_cloud_event_arrives_as_it_was_published,
    plain_data_is_wrapped,
    one_key_stays_in_order,
    unavailable_is_tried_until_it_succeeds,
    retry_is_tried_again_whatever_the_policy_matches,
    a_fault_goes_to_the_dead_letters_at_once,
    dropped_and_unroutable_go_to_the_dead_letters,
    publishing_is_refused,
);

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Publishes one event by the bulk API, as the outbox does. `marker` makes the app's answer.
async fn publish(place: &Place, key: &str, marker: &str) {
    let entries = json!([entry(place, "1", key, marker)]);
    let path = format!("/v1.0/publish/bulk/kafka-pubsub/{TOPIC}");
    let answer = place.call("POST", &path, &entries).await;
    assert_eq!(answer.outcome(), (204, String::new()));
}

fn entry(place: &Place, number: &str, key: &str, marker: &str) -> Value {
    json!({
        "entryId": number,
        "contentType": "application/cloudevents+json",
        "metadata": { "partitionKey": format!("{key}-{}", place.id) },
        "event": {
            "specversion": "1.0",
            "id": format!("{marker}-{}", place.id),
            "source": "task-service",
            "type": "TASK_CREATED",
            "datacontenttype": "application/json",
            "traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
            "data": { "marker": marker, "number": number },
        },
    })
}

async fn a_cloud_event_arrives_as_it_was_published(place: Where) {
    let place = Place::open(place).await;
    let path = format!("/v1.0/publish/bulk/kafka-pubsub/{TOPIC}");
    let entries = json!([entry(&place, "1", "k", "hello")]).to_string();
    // The trace is that of the request, whatever the event says.
    let trace = [("traceparent", TRACE)];
    let published = place.send(&place.id, "POST", &path, &trace, entries);
    assert_eq!(published.await.outcome(), (204, String::new()));
    let heard = place.app.hears("/events", "hello", 1).await.remove(0);
    assert_eq!(heard.method, "POST");
    assert_eq!(heard.uri.path(), "/events");
    assert_eq!(heard.header("content-type"), "application/cloudevents+json");
    assert_eq!(heard.header("dapr-api-token"), APP_API_TOKEN);
    let event = heard.json();
    for (name, value) in [
        ("specversion", "1.0"),
        ("id", &format!("hello-{}", place.id)),
        ("source", "task-service"),
        ("type", "TASK_CREATED"),
        ("datacontenttype", "application/json"),
        ("topic", TOPIC),
        ("pubsubname", "kafka-pubsub"),
        ("traceparent", TRACE),
        ("traceid", TRACE),
    ] {
        assert_eq!(event[name], json!(value), "{name} of {event}");
    }
    assert_eq!(event["data"], json!({ "marker": "hello", "number": "1" }));
    assert!(
        heard
            .header("traceparent")
            .starts_with("00-0af7651916cd43dd8448eb211c80319c")
    );
    place.app.hears_no_more("/events", "hello", 1).await;
}

async fn plain_data_is_wrapped(place: Where) {
    let place = Place::open(place).await;
    let path = format!(
        "/v1.0/publish/kafka-pubsub/{TOPIC}?metadata.partitionKey={}",
        place.id
    );
    let data = json!({ "case": place.id, "plain": true });
    assert_eq!(place.call("POST", &path, &data).await.status, 204);
    let event = place.app.hears("/events", "plain", 1).await[0].json();
    assert_eq!(event["data"], data);
    assert_eq!(event["type"], json!("com.dapr.event.sent"));
    assert_eq!(event["source"], json!(place.id));
    assert_eq!(event["specversion"], json!("1.0"));
    assert!(
        event["id"].as_str().is_some_and(|id| !id.is_empty()),
        "{event}"
    );
}

async fn one_key_stays_in_order(place: Where) {
    let place = Place::open(place).await;
    // The first is refused a while: what comes after it with the same key waits, what has another key does not.
    place
        .app
        .answers("first-of-a", &[(503, ""), (503, ""), (200, "")]);
    let entries: Vec<Value> = (0..20)
        .map(|number| {
            let marker = if number == 0 {
                "first-of-a".to_owned()
            } else {
                format!("a-{number:02}")
            };
            entry(&place, &number.to_string(), "a", &marker)
        })
        .collect();
    let path = format!("/v1.0/publish/bulk/kafka-pubsub/{TOPIC}");
    assert_eq!(place.call("POST", &path, &json!(entries)).await.status, 204);
    for number in 0..6 {
        publish(
            &place,
            &format!("other-{number}"),
            &format!("other-{number}"),
        )
        .await;
    }
    place.app.hears("/events", "a-19", 1).await;
    let heard = place.app.heard("/events", "marker");
    let order: Vec<String> = heard
        .iter()
        .map(|call| {
            call.json()["data"]["marker"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    let of_a: Vec<&String> = order
        .iter()
        .filter(|marker| marker.contains("a-"))
        .collect();
    let of_a: Vec<&str> = of_a
        .iter()
        .map(|marker| marker.as_str())
        .filter(|marker| marker.starts_with("a-"))
        .collect();
    let mut sorted = of_a.clone();
    sorted.sort_unstable();
    assert_eq!(of_a, sorted, "in order");
    assert_eq!(of_a.len(), 19, "each once: {order:?}");
    let last_try = order.iter().rposition(|marker| marker == "first-of-a");
    let second = order.iter().position(|marker| marker == "a-01");
    assert!(
        last_try < second,
        "the second waited for the first: {order:?}"
    );
    // Another key may share the partition; with six others some don't.
    let others_before = order[..second.unwrap_or(0)]
        .iter()
        .filter(|marker| marker.starts_with("other"))
        .count();
    assert!(others_before > 0, "other keys went on: {order:?}");
}

async fn unavailable_is_tried_until_it_succeeds(place: Where) {
    let place = Place::open(place).await;
    // A function that is not there, has no capacity, or does not know its Dapr's token.
    let statuses = [("busy-503", 503), ("busy-429", 429), ("token-401", 401)];
    for (marker, status) in statuses {
        place.app.answers(
            marker,
            &[(status, ""), (status, ""), (status, ""), (200, "")],
        );
        publish(&place, marker, marker).await;
    }
    for (marker, _) in statuses {
        let tries = place.app.hears("/events", marker, 4).await;
        assert!(
            tries[3].at - tries[2].at > Duration::from_millis(100),
            "with a pause"
        );
        place.app.hears_no_more("/events", marker, 4).await;
        assert!(place.app.heard("/events/dead", marker).is_empty());
    }
}

async fn retry_is_tried_again_whatever_the_policy_matches(place: Where) {
    let place = Place::open(place).await;
    let retry = r#"{"status": "RETRY"}"#;
    place.app.answers(
        "later",
        &[
            (200, retry),
            (200, retry),
            (200, r#"{"status": "SUCCESS"}"#),
        ],
    );
    publish(&place, "k", "later").await;
    place.app.hears("/events", "later", 3).await;
    place.app.hears_no_more("/events", "later", 3).await;
}

async fn a_fault_goes_to_the_dead_letters_at_once(place: Where) {
    let place = Place::open(place).await;
    // A trap, and a function that came to no end.
    for (marker, status) in [("trap", 500), ("endless", 504)] {
        place.app.answers(marker, &[(status, ""), (200, "")]);
        publish(&place, "k", marker).await;
        let heard = place.app.hears("/events", marker, 2).await;
        let paths: Vec<&str> = heard.iter().map(|call| call.uri.path()).collect();
        assert_eq!(
            paths,
            ["/events", "/events/dead"],
            "one try, then the dead letter"
        );
        let (first, dead) = (heard[0].json(), heard[1].json());
        for name in ["id", "type", "source", "data"] {
            assert_eq!(dead[name], first[name], "{name} is kept");
        }
    }
    // What follows with the same key is not held up.
    publish(&place, "k", "next").await;
    place.app.hears("/events", "next", 1).await;
}

async fn dropped_and_unroutable_go_to_the_dead_letters(place: Where) {
    let place = Place::open(place).await;
    place
        .app
        .answers("dropped", &[(200, r#"{"status": "DROP"}"#), (200, "")]);
    place.app.answers("lost", &[(404, ""), (200, "")]);
    for marker in ["dropped", "lost"] {
        publish(&place, marker, marker).await;
        place.app.hears("/events/dead", marker, 1).await;
        assert_eq!(
            place.app.heard("/events", marker).len(),
            2,
            "{marker}: one try"
        );
    }
}

async fn publishing_is_refused(place: Where) {
    let place = Place::open(place).await;
    let bulk = format!("/v1.0/publish/bulk/kafka-pubsub/{TOPIC}");
    let twice = json!([
        entry(&place, "1", "k", "twice"),
        entry(&place, "1", "k", "twice")
    ]);
    let cases = [
        (
            format!("/v1.0/publish/nowhere/{TOPIC}"),
            json!({}),
            (404, "ERR_PUBSUB_NOT_FOUND"),
        ),
        (
            format!("/v1.0/publish/bulk/nowhere/{TOPIC}"),
            json!([]),
            (404, "ERR_PUBSUB_NOT_FOUND"),
        ),
        (bulk, twice, (400, "ERR_PUBSUB_EVENTS_SER")),
    ];
    for (path, body, (status, code)) in cases {
        let outcome = place.call("POST", &path, &body).await.outcome();
        assert_eq!(outcome, (status, code.to_owned()), "{path}");
    }
}
