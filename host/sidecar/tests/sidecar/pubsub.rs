//! Publishing and delivery.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::{Bench, Functions, TOKEN, code, subscription};

fn numbers(functions: &Functions, app_id: &str) -> Vec<Value> {
    let asked = functions.asked(app_id);
    asked.iter().map(crate::Asked::data).collect()
}

/// Every subscriber gets the event as a CloudEvent with Dapr's attributes, and the token.
#[tokio::test]
async fn a_delivery() {
    let bench = Bench::new(&[subscription("t", "a", None), subscription("t", "b", None)]).await;
    let functions = Functions::content();
    bench.start(&functions);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let path = "/v1.0/publish/broker/t";
    let headers = [("content-type", "application/json"), ("traceparent", trace)];
    let answer = bench
        .ask_with("c", Method::POST, path, &headers, r#"{"x":1}"#)
        .await;
    assert_eq!(answer.status(), 204);
    bench.sidecar.idle().await;
    for app_id in ["a", "b"] {
        let asked = functions.asked(app_id);
        assert_eq!(asked.len(), 1, "{app_id}");
        assert_eq!(asked[0].request.uri().path(), format!("/{app_id}/events"));
        assert_eq!(asked[0].header("dapr-api-token"), Some(TOKEN));
        assert_eq!(
            asked[0].header("content-type"),
            Some("application/cloudevents+json")
        );
        assert_eq!(asked[0].header("traceparent"), Some(trace));
        let event = asked[0].event();
        assert!(event["id"].is_string() && event["time"].is_string());
        for (name, value) in [
            ("specversion", json!("1.0")),
            ("type", json!("com.dapr.event.sent")),
            ("source", json!("c")),
            ("datacontenttype", json!("application/json")),
            ("pubsubname", json!("broker")),
            ("topic", json!("t")),
            ("traceparent", json!(trace)),
            ("data", json!({ "x": 1 })),
        ] {
            assert_eq!(event[name], value, "{name}");
        }
    }
    assert!(functions.asked("c").is_empty());
}

/// An event that already is a CloudEvent keeps its own attributes.
#[tokio::test]
async fn a_cloud_event_stays_what_it_is() {
    let bench = Bench::new(&[subscription("t", "a", None)]).await;
    let functions = Functions::content();
    bench.start(&functions);
    let event = json!({
        "specversion": "1.0", "id": "mine", "source": "me", "type": "MADE", "datacontenttype": "application/json",
        "data": [1], "traceparent": "00-1-2-01",
    });
    let headers = [("content-type", "application/cloudevents+json")];
    let path = "/v1.0/publish/broker/t";
    bench
        .ask_with("c", Method::POST, path, &headers, &event.to_string())
        .await;
    bench.sidecar.idle().await;
    let delivered = functions.asked("a")[0].event();
    for name in ["id", "source", "type", "data", "traceparent"] {
        assert_eq!(delivered[name], event[name], "{name}");
    }
    assert_eq!(delivered["topic"], "t");
}

/// Answers of a function, how often it is asked, and whether the message ends on the dead-letter topic.
#[tokio::test]
async fn answers_and_retries() {
    type Answer = Result<(u16, &'static str), &'static str>;
    let table: [(Vec<Answer>, usize, bool); 10] = [
        (vec![Ok((200, ""))], 1, false),
        (vec![Ok((204, ""))], 1, false),
        (vec![Ok((503, "")), Ok((200, ""))], 2, false),
        (vec![Ok((503, "")); 9], 3, true),
        (vec![Ok((500, ""))], 1, true),
        (vec![Ok((404, ""))], 1, true),
        (vec![Ok((200, r#"{"status":"DROP"}"#))], 1, true),
        (
            vec![
                Ok((200, r#"{"status":"RETRY"}"#)),
                Ok((200, r#"{"status":"SUCCESS"}"#)),
            ],
            2,
            false,
        ),
        (vec![Ok((200, r#"{"status":"RETRY"}"#)); 9], 3, true),
        (vec![Err("trapped"), Ok((200, ""))], 1, true),
    ];
    for (answers, tries, dead) in table {
        let what = format!("{answers:?}");
        let bench = Bench::new(&[
            subscription("t", "a", Some("t.a.dlq")),
            subscription("t.a.dlq", "b", None),
        ])
        .await;
        let at = AtomicUsize::new(0);
        let functions = Functions::new(move |asked| {
            if asked.app_id == "b" {
                return Ok((200, String::new()));
            }
            let answer = answers.get(at.fetch_add(1, Ordering::SeqCst));
            let answer = answer.copied().unwrap_or(Ok((200, "")));
            answer
                .map(|(status, body)| (status, body.to_owned()))
                .map_err(str::to_owned)
        });
        bench.start(&functions);
        bench.publish("t", "k", r#"{"n":1}"#).await;
        bench.sidecar.idle().await;
        assert_eq!(functions.asked("a").len(), tries, "{what}");
        let letters = functions.asked("b");
        assert_eq!(letters.len(), usize::from(dead), "{what}");
        if let Some(letter) = letters.first() {
            assert_eq!(letter.data(), json!({ "n": 1 }));
            assert_eq!(letter.event()["id"], functions.asked("a")[0].event()["id"]);
        }
    }
}

/// Without a dead-letter topic a message that is given up is gone, and the next one comes.
#[tokio::test]
async fn given_up_without_a_dead_letter_topic() {
    let bench = Bench::new(&[subscription("t", "a", None)]).await;
    let functions = Functions::new(|asked| {
        let status = if asked.data() == 1 { 500 } else { 200 };
        Ok((status, String::new()))
    });
    bench.start(&functions);
    for data in ["1", "2"] {
        bench.publish("t", "k", data).await;
    }
    bench.sidecar.idle().await;
    assert_eq!(numbers(&functions, "a"), [1, 2]);
}

/// One key's messages come one after the other in the order of publishing, however often one fails; other keys and other
/// subscribers do not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn order_of_a_key() {
    const COUNT: u64 = 30;
    let bench = Bench::new(&[subscription("t", "a", None), subscription("t", "b", None)]).await;
    let failures: Mutex<HashMap<u64, u32>> = Mutex::default();
    let at_work: Arc<Mutex<Vec<String>>> = Arc::default();
    let functions = Functions::new(move |asked| {
        let data = asked.data();
        let number = data["n"].as_u64().unwrap_or_default();
        if asked.app_id == "b" || data["key"] != "bad" {
            return Ok((200, String::new()));
        }
        let mut failures = failures.lock().expect("no panic");
        let failed = failures.entry(number).or_default();
        *failed += 1;
        // Every third message of the bad key fails twice.
        let status = if number % 3 == 0 && *failed <= 2 {
            503
        } else {
            200
        };
        at_work.lock().expect("no panic").push(data.to_string());
        Ok((status, String::new()))
    });
    bench.start(&functions);
    for n in 0..COUNT {
        for key in ["bad", "good"] {
            bench
                .publish("t", key, &json!({ "key": key, "n": n }).to_string())
                .await;
        }
    }
    bench.sidecar.idle().await;
    for (app_id, key) in [("a", "bad"), ("a", "good"), ("b", "bad"), ("b", "good")] {
        let asked = functions.asked(app_id);
        let mut order: Vec<u64> = asked
            .iter()
            .map(crate::Asked::data)
            .filter(|data| data["key"] == key)
            .filter_map(|data| data["n"].as_u64())
            .collect();
        let tries = order.len() as u64;
        order.dedup();
        assert_eq!(order, (0..COUNT).collect::<Vec<_>>(), "{app_id} {key}");
        let repeats = if (app_id, key) == ("a", "bad") {
            2 * COUNT / 3
        } else {
            0
        };
        assert_eq!(tries, COUNT + repeats, "{app_id} {key}");
    }
}

/// A message that was acknowledged is delivered at the next start, when nobody heard it before the end.
#[tokio::test]
async fn what_was_acknowledged_is_delivered_after_the_end() {
    let bench = Bench::new(&[subscription("t", "a", None), subscription("t", "b", None)]).await;
    for n in 0..5 {
        bench.publish("t", "k", &n.to_string()).await;
    }
    let bench = bench.reopen().await;
    // Only `a` is content: `b` gets its messages again at the next start, `a` does not.
    let functions = Functions::new(|asked| {
        if asked.app_id == "b" {
            std::thread::sleep(Duration::from_millis(1));
            return Ok((503, String::new()));
        }
        Ok((200, String::new()))
    });
    bench.start(&functions);
    while functions.asked("a").len() < 5 || functions.asked("b").is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(numbers(&functions, "a"), [0, 1, 2, 3, 4]);
    let bench = bench.reopen().await;
    let functions = Functions::content();
    bench.start(&functions);
    bench.sidecar.idle().await;
    assert!(
        functions.asked("a").is_empty(),
        "confirmed once is confirmed"
    );
    let left = numbers(&functions, "b");
    assert!(left.ends_with(&[json!(3), json!(4)]), "{left:?}");
}

/// Stopping does not wait for retries, and gives nothing up.
#[tokio::test]
async fn stopping_during_retries() {
    let bench = Bench::new(&[
        subscription("t", "a", Some("t.a.dlq")),
        subscription("t.a.dlq", "b", None),
    ])
    .await;
    let patient = "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: r}\nspec:\n  policies: {retries: {few: \
        {policy: constant, duration: 1h}}}\n  targets: {components: {broker: {inbound: {retry: few}}}}";
    std::fs::write(
        bench.folder.path().join("components/resiliency.yaml"),
        patient,
    )
    .expect("a file");
    let bench = bench.reopen().await;
    let functions = Functions::new(|_| Err("the host is stopping".to_owned()));
    bench.start(&functions);
    bench.publish("t", "k", "1").await;
    while functions.asked("a").is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let begun = std::time::Instant::now();
    let bench = bench.reopen().await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "waited for a retry"
    );
    let functions = Functions::content();
    bench.start(&functions);
    bench.sidecar.idle().await;
    assert_eq!(numbers(&functions, "a"), [1]);
    assert!(functions.asked("b").is_empty());
}

/// A bulk publish keeps the order of its entries, each with a key of its own.
#[tokio::test]
async fn bulk_publish() {
    let bench = Bench::new(&[subscription("t", "a", None)]).await;
    let functions = Functions::content();
    bench.start(&functions);
    let entry = |id: &str, n: u64| {
        json!({
            "entryId": id, "event": { "n": n }, "contentType": "application/json",
            "metadata": { "partitionKey": format!("k{}", n % 2) },
        })
    };
    let entries: Vec<Value> = (0..40).map(|n| entry(&format!("e{n}"), n)).collect();
    let path = "/v1.0/publish/bulk/broker/t";
    let body = Value::Array(entries).to_string();
    let answer = bench.ask("c", Method::POST, path, &body).await;
    assert_eq!(answer.status(), 204, "{answer:?}");
    bench.sidecar.idle().await;
    let got: Vec<u64> = numbers(&functions, "a")
        .iter()
        .filter_map(|data| data["n"].as_u64())
        .collect();
    assert_eq!(got.len(), 40);
    for key in 0..2 {
        let of_key: Vec<u64> = got.iter().copied().filter(|n| n % 2 == key).collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
    for entries in [json!([entry("e", 1), entry("e", 2)]), json!([entry("", 1)])] {
        let refused = bench
            .ask("c", Method::POST, path, &entries.to_string())
            .await;
        assert_eq!(refused.status(), 400);
    }
    let malformed = bench.ask("c", Method::POST, path, "{}").await;
    assert_eq!(malformed.status(), 400);
}

/// What can't be published says why.
#[tokio::test]
async fn bad_publishes() {
    let bench = Bench::new(&[]).await;
    for (path, body, status, expected) in [
        ("/v1.0/publish/other/t", "1", 404, "ERR_PUBSUB_NOT_FOUND"),
        ("/v1.0/publish/store/t", "1", 404, "ERR_PUBSUB_NOT_FOUND"),
        ("/v1.0/publish/broker/t", "{", 400, "ERR_MALFORMED_REQUEST"),
        ("/v1.0/publish/broker", "1", 404, "ERR_NOT_FOUND"),
    ] {
        let answer = bench.ask("a", Method::POST, path, body).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(code(&answer), expected, "{path}");
    }
}
