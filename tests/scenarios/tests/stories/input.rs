//! Bad input: refused with a sentence, never a fault.

use http::Method;
use scenarios::{Place, task};
use serde_json::{Value, json};

/// A body of a task, the status that it gets, and the field that is named.
fn bodies() -> Vec<(Value, u16, &'static str)> {
    let due = |due: Value| json!({ "title": "x", "due": due });
    let again = |rule: Value| json!({ "title": "x", "due": { "date": "2031-01-01", "time_zone": "UTC" }, "recurrence": rule });
    let reminders = |reminders: Value| json!({ "title": "x", "reminders": reminders });
    vec![
        (json!([]), 400, ""),
        (json!({}), 422, "/title"),
        (json!({ "title": "" }), 422, "/title"),
        (json!({ "title": " \t" }), 422, "/title"),
        (json!({ "title": "a\u{0}b" }), 422, "/title"),
        (json!({ "title": "x".repeat(501) }), 422, "/title"),
        (json!({ "title": 7 }), 422, ""),
        (json!({ "title": "x", "unknown": 1 }), 422, ""),
        (json!({ "title": "x", "id": "mine" }), 422, "/id"),
        (
            json!({ "title": "x", "status": "completed" }),
            422,
            "/status",
        ),
        (
            json!({ "title": "x", "notes": "n".repeat(16 * 1024 + 1) }),
            422,
            "/notes",
        ),
        (json!({ "title": "x", "priority": 5 }), 422, "/priority"),
        (
            json!({ "title": "x", "labels": vec!["l"; 51] }),
            422,
            "/labels",
        ),
        (
            json!({ "title": "x", "labels": ["a b", ""] }),
            422,
            "/labels/1",
        ),
        (
            due(json!({ "date": "2031-02-30", "time_zone": "UTC" })),
            422,
            "",
        ),
        (
            due(json!({ "date": "2031-02-28", "time": "24:00", "time_zone": "UTC" })),
            422,
            "",
        ),
        (
            due(json!({ "date": "2031-02-28", "time_zone": "Mars/Olympus" })),
            422,
            "/due/time_zone",
        ),
        (
            again(json!({ "rrule": "FREQ=SECONDLY" })),
            422,
            "/recurrence/rrule",
        ),
        (
            again(json!({ "rrule": "nonsense" })),
            422,
            "/recurrence/rrule",
        ),
        (
            again(json!({ "recurrence_type": "daily", "recurrence_interval": 0 })),
            422,
            "/recurrence",
        ),
        (
            json!({ "title": "x", "recurrence": { "rrule": "FREQ=DAILY" } }),
            422,
            "/recurrence",
        ),
        (
            reminders(json!([{ "before_due_minutes": 10 }])),
            422,
            "/reminders/0",
        ),
        (reminders(json!([{ "at": "tomorrow" }])), 422, ""),
        (
            reminders(json!(vec![json!({ "at": "2031-01-01T00:00:00Z" }); 21])),
            422,
            "/reminders",
        ),
    ]
}

/// Every refusal is problem details, and names the field.
#[tokio::test]
async fn bad_tasks() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    for (body, status, pointer) in bodies() {
        let answer = mia.posts("/api/tasks", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
        let problem = answer.problem(status);
        let named = problem["errors"]
            .as_array()
            .is_some_and(|errors| errors.iter().any(|error| error["pointer"] == pointer));
        assert!(named || pointer.is_empty(), "{body}: {problem}");
    }
    assert!(mia.lists("").await.is_empty());
}

/// What is just within the limits is taken.
#[tokio::test]
async fn large_but_good_tasks() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let labels: Vec<String> = (0..50).map(|i| format!("label-{i}")).collect();
    let reminders = vec![json!({ "at": "2031-01-01T00:00:00Z" }); 20];
    let title = "ü".repeat(500);
    let large = task(&title)
        .with("notes", json!("n".repeat(16 * 1024)))
        .with("labels", json!(labels))
        .with("reminders", json!(reminders));
    let created = mia.creates(large).await;
    assert_eq!(created.text("/title"), title);
    assert_eq!(mia.looks_at(created.id()).await.as_ref(), Some(&created));
}

/// Bodies that are no JSON, too large, or of another kind; ids and queries that are none.
#[tokio::test]
async fn bad_requests() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let post = |content_type: &str, body: Vec<u8>| {
        mia.asks(Method::POST, "/api/tasks")
            .body(content_type, body)
            .answer()
    };
    post("application/json", b"{\"title\":".to_vec())
        .await
        .problem(400);
    post("application/json", vec![0xff, 0xfe])
        .await
        .problem(400);
    post("application/json", Vec::new()).await.problem(400);
    post("text/plain", b"{\"title\":\"x\"}".to_vec())
        .await
        .problem(415);
    let deep = "[".repeat(100_000);
    post("application/json", deep.into_bytes())
        .await
        .problem(400);
    // The larger one is refused before it reaches a function, and is the same problem.
    for kib in [300, 3 * 1024] {
        let large = json!({ "title": "x", "notes": "n".repeat(kib * 1024) });
        let answer = post("application/json", large.to_string().into_bytes()).await;
        assert_eq!(answer.problem(413)["type"], "/problems/too-large");
    }

    for id in ["1", "null", "%00", "..%2f..", "𝒳", &"a".repeat(4_000)] {
        let path = format!("/api/tasks/{id}");
        mia.gets(&path).await.problem(404);
        mia.asks(Method::DELETE, &path).answer().await.problem(404);
    }
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "cursor=x",
        "cursor=%F0%9F",
        "due=someday",
        "sort=color",
        "status=lost",
        "priority=9",
        "unknown=1",
        "time_zone=Mars",
    ] {
        let answer = mia.gets(&format!("/api/tasks?{query}")).await;
        assert!(
            [400, 422].contains(&answer.status.as_u16()),
            "{query} was answered {answer:?}"
        );
        let status = answer.status.as_u16();
        answer.problem(status);
    }
    for (name, value) in [
        ("idempotency-key", ""),
        ("if-match", "3"),
        ("if-match", "\"x\""),
    ] {
        let created = mia.creates(task("x")).await;
        let path = format!("/api/tasks/{}", created.id());
        let call = mia.asks(Method::DELETE, &path).header(name, value);
        call.answer().await.problem(400);
    }
}

/// Preferences and reminders check what they are given.
#[tokio::test]
async fn bad_preferences_and_snoozes() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    for body in [
        json!({ "time_zone": "Mars" }),
        json!({ "quiet_hours": { "from": "25:00", "to": "07:00" } }),
        json!({ "email": { "enabled": true } }),
        json!({ "email": { "enabled": true, "address": "nobody" } }),
        json!({ "email": { "enabled": false, "address": "a b@c" } }),
        json!({ "email": { "enabled": false, "address": "@" } }),
        json!({ "unknown": 1 }),
    ] {
        let call = mia.asks(Method::PUT, "/api/preferences").json(&body);
        let answer = call.answer().await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        answer.problem(422);
    }
    let path = format!("/api/reminders/{}/snooze", uuid::Uuid::now_v7());
    for body in [
        json!({}),
        json!({ "minutes": 0 }),
        json!({ "minutes": i64::MAX }),
        json!({ "minutes": 1, "until": "2031-01-01T00:00:00Z" }),
        json!({ "until": "2001-01-01T00:00:00Z" }),
    ] {
        let answer = mia.posts(&path, &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        answer.problem(422);
    }
}
