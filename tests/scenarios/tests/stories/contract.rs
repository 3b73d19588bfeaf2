//! The API as its OpenAPI document promises it, operation by operation: who is let in, and that no input, however odd,
//! is answered otherwise than the document says.

use http::Method;
use scenarios::{Answer, Person, Place};
use serde_json::{Value, json};

/// One operation of the document.
struct Operation {
    method: Method,
    /// With `{id}` where an id goes.
    path: String,
    statuses: Vec<u16>,
    needs_token: bool,
    takes_body: bool,
}

async fn operations(stranger: &Person) -> Vec<Operation> {
    let document = stranger.gets("/api/openapi.json").await.expect(200).json();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        // A WebSocket speaks otherwise, and health has no input.
        if !path.starts_with("/api/") {
            continue;
        }
        for (method, operation) in methods.as_object().expect("methods") {
            let Some(responses) = operation["responses"].as_object() else {
                continue;
            };
            operations.push(Operation {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                statuses: responses
                    .keys()
                    .filter_map(|status| status.parse().ok())
                    .collect(),
                needs_token: operation["security"]
                    .as_array()
                    .is_none_or(|any| !any.is_empty()),
                takes_body: operation["requestBody"].is_object(),
            });
        }
    }
    assert!(operations.len() > 20, "the document has no operations");
    operations
}

/// Bodies that no route wants, and one that some take.
fn bodies() -> Vec<(&'static str, String)> {
    let json = "application/json";
    vec![
        (json, String::new()),
        (json, "{".to_owned()),
        (json, "null".to_owned()),
        (json, "[]".to_owned()),
        (json, "{}".to_owned()),
        (json, "\"text\"".to_owned()),
        (json, "1e999".to_owned()),
        (json, format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000))),
        (json, json!({ "title": "\u{0}", "text": "\u{202e}", "message": "\u{feff}" }).to_string()),
        (json, json!({ "title": "x".repeat(501), "text": "x".repeat(2_001), "message": "x".repeat(2_001) }).to_string()),
        (json, json!({ "minutes": i64::MAX, "until": "9999-12-31T23:59:60Z" }).to_string()),
        (json, json!({ "rrule": "FREQ=DAILY", "start": "9999-12-31", "time_zone": "UTC" }).to_string()),
        (json, json!({ "text": "every day", "now": "0000-01-01T00:00:00Z", "time_zone": "Pacific/Apia" }).to_string()),
        (json, "x".repeat(300 * 1024)),
        ("text/plain", "{}".to_owned()),
        ("application/xml", "<a/>".to_owned()),
    ]
}

const ODD_QUERIES: [&str; 8] = [
    "?limit=-1",
    "?limit=99999999999999999999",
    "?cursor=%00",
    "?cursor=AAAA",
    "?unknown=1",
    "?due=%ff",
    "?task_id=x&from=0",
    "?text=%F0%9F%8E%89&sort=title&time_zone=Mars",
];

fn check(operation: &Operation, answer: &Answer) {
    let status = answer.status.as_u16();
    let input = format!("{}: {}", answer.asked, answer.body);
    assert!(
        operation.statuses.contains(&status),
        "not documented: {status} for {input}"
    );
    assert!(status < 500, "{status} for {input}");
    if status >= 400 {
        let kind = answer.json()["type"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(kind.starts_with("/problems/"), "no stable type: {input}");
    }
}

#[tokio::test]
async fn nobody_is_let_in_without_a_token() {
    let place = Place::open().await;
    let stranger = place.stranger();
    for operation in operations(&stranger).await {
        let path = operation
            .path
            .replace("{id}", &uuid::Uuid::nil().to_string());
        let call = stranger.asks(operation.method.clone(), &path);
        let answer = call.json(&json!({})).answer().await;
        let refused = answer.status == http::StatusCode::UNAUTHORIZED;
        assert_eq!(refused, operation.needs_token, "{}", answer.asked);
        check(&operation, &answer);
    }
}

#[tokio::test]
async fn no_input_is_answered_otherwise_than_the_document_says() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    for operation in operations(&mia).await {
        for id in [
            uuid::Uuid::nil().to_string(),
            "nonsense".to_owned(),
            "%2e%2e".to_owned(),
        ] {
            let path = operation.path.replace("{id}", &id);
            let call = mia.asks(operation.method.clone(), &path);
            check(&operation, &call.json(&Value::Null).answer().await);
            if !operation.path.contains("{id}") {
                break;
            }
        }
        let path = operation
            .path
            .replace("{id}", &uuid::Uuid::nil().to_string());
        if operation.method == Method::GET {
            for query in ODD_QUERIES {
                let call = mia.asks(Method::GET, &format!("{path}{query}"));
                check(&operation, &call.answer().await);
            }
        }
        for (content_type, body) in bodies().into_iter().filter(|_| operation.takes_body) {
            let call = mia
                .asks(operation.method.clone(), &path)
                .body(content_type, body);
            check(&operation, &call.answer().await);
        }
    }
}

/// Every operation on a thing of one's own is 404 for everybody else, never a hint.
#[tokio::test]
async fn what_is_not_yours_is_not_there() {
    let place = Place::open().await;
    let (mia, tom) = (place.person("mia").await, place.person("tom").await);
    let task = mia.creates(scenarios::task("Mine").reminded_in(3600)).await;
    let mut reminders = mia.reminders().await;
    while reminders.is_empty() {
        reminders = mia.reminders().await;
    }
    let reminder = reminders[0]["id"].as_str().expect("an id").to_owned();
    let body = json!({ "minutes": 5 });
    for operation in operations(&tom)
        .await
        .iter()
        .filter(|op| op.path.contains("{id}"))
    {
        let id = if operation.path.contains("/reminders/") {
            &reminder
        } else {
            task.id()
        };
        let path = operation.path.replace("{id}", id);
        let call = tom.asks(operation.method.clone(), &path).json(&body);
        call.answer().await.problem(404);
    }
    assert!(
        mia.looks_at(task.id())
            .await
            .is_some_and(|task| task.is_open() && task.version() == 1)
    );
}
