//! Who may do what: tokens, and other people's things.

use http::Method;
use scenarios::{Person, Place, eventually, task, token};
use serde_json::{Value, json};
use uuid::Uuid;

/// A route that is for people, and a body that it takes. `{task}`, `{reminder}` and `{notification}` stand for ids.
const ROUTES: [(&str, &str, &str); 17] = [
    ("GET", "/api/tasks", ""),
    ("POST", "/api/tasks", r#"{"title":"Theirs"}"#),
    ("GET", "/api/tasks/{task}", ""),
    ("PATCH", "/api/tasks/{task}", r#"{"title":"Mine now"}"#),
    ("DELETE", "/api/tasks/{task}", ""),
    ("POST", "/api/tasks/{task}/complete", ""),
    ("POST", "/api/tasks/{task}/reopen", ""),
    ("GET", "/api/reminders", ""),
    (
        "POST",
        "/api/reminders/{reminder}/snooze",
        r#"{"minutes":5}"#,
    ),
    ("POST", "/api/reminders/{reminder}/dismiss", ""),
    ("GET", "/api/notifications", ""),
    ("POST", "/api/notifications/{notification}/read", ""),
    ("POST", "/api/notifications/read-all", ""),
    ("GET", "/api/preferences", ""),
    ("GET", "/api/history", ""),
    ("GET", "/api/history/verify", ""),
    (
        "POST",
        "/api/recurrence/preview",
        r#"{"rrule":"FREQ=DAILY","start":"2031-01-01","time_zone":"UTC"}"#,
    ),
];

/// What is on record of a task whose reminder has rung.
const ON_RECORD: [&str; 5] = [
    "TASK_CREATED",
    "TASK_REMINDER_SET",
    "TASK_CHANGED",
    "REMINDER_TRIGGERED",
    "NOTIFICATION_ADDED",
];

/// The ids of one person's things.
struct Things {
    task: String,
    reminder: String,
    notification: String,
}

impl Things {
    async fn of(person: &Person) -> Self {
        let task = person.creates(task("Secret").reminded_in(-1)).await;
        let notification = eventually("a notification", async || {
            person.inbox().await.into_iter().next()
        })
        .await;
        let text = |name: &str| notification[name].as_str().unwrap_or_default().to_owned();
        Self {
            task: task.id().to_owned(),
            reminder: text("reminder_id"),
            notification: text("id"),
        }
    }

    fn unknown() -> Self {
        let id = || Uuid::now_v7().to_string();
        Self {
            task: id(),
            reminder: id(),
            notification: id(),
        }
    }

    fn fill(&self, route: &str) -> String {
        route
            .replace("{task}", &self.task)
            .replace("{reminder}", &self.reminder)
            .replace("{notification}", &self.notification)
    }
}

async fn ask(person: &Person, method: &str, path: &str, body: &str) -> scenarios::Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut call = person.asks(method, path);
    if !body.is_empty() {
        call = call.body("application/json", body.to_owned());
    }
    call.answer().await
}

/// Another person's ids are answered exactly as ids that nobody has, and nothing changes.
#[tokio::test]
async fn other_peoples_things_are_not_there() {
    let place = Place::open().await;
    let (mia, eve) = (place.person("mia").await, place.person("eve").await);
    let hers = Things::of(&mia).await;
    let nobodys = Things::unknown();
    let before = eventually("all of it on record", async || {
        let history = mia.history().await;
        let has = |name: &str| history.iter().any(|item| item["event_type"] == name);
        ON_RECORD.into_iter().all(has).then_some(history.len())
    })
    .await;
    for (method, route, body) in ROUTES {
        if !route.contains('{') {
            continue;
        }
        let theirs = ask(&eve, method, &hers.fill(route), body)
            .await
            .problem(404);
        let unknown = ask(&eve, method, &nobodys.fill(route), body)
            .await
            .problem(404);
        assert_eq!(theirs, unknown, "{method} {route} gives a hint");
    }
    for path in [
        "/api/tasks",
        "/api/notifications",
        "/api/reminders",
        "/api/history",
    ] {
        let listed = eve.gets(path).await.expect(200).json();
        assert_eq!(listed["items"], json!([]), "{path}");
    }
    let story = eve
        .gets(&format!("/api/history?task_id={}", hers.task))
        .await;
    assert_eq!(story.expect(200).json()["items"], json!([]));
    let secret = mia.looks_at(&hers.task).await.expect("her task");
    assert_eq!((secret.version(), secret.text("/title")), (1, "Secret"));
    assert_eq!(mia.history().await.len(), before);
}

/// Tokens that must not be taken, on every route.
#[tokio::test]
async fn only_good_tokens() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let things = Things::unknown();
    let mut tokens = vec![
        ("none at all", None),
        ("no token", Some("something".to_owned())),
        ("empty", Some(String::new())),
    ];
    let (header, claims) = (token::header(mia.token()), token::claims(mia.token()));
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().expect("claims").remove(name);
        claims
    };
    tokens.push(("alg none", Some(token::unsigned(&claims))));
    let foreign = token::foreign_key();
    tokens.push((
        "another key",
        Some(token::signed(&header, &claims, &foreign)),
    ));
    let (content, signature) = mia.token().rsplit_once('.').expect("a signature");
    tokens.push(("cut off", Some(format!("{content}."))));
    let other = token::signed(&header, &with("sub", json!("eve")), &foreign);
    let (other, _) = other.rsplit_once('.').expect("a signature");
    tokens.push(("another's claims", Some(format!("{other}.{signature}"))));
    // What only the issuer's own key can show.
    if let Some(key) = place.signing_key() {
        let sign = |header: &Value, claims: &Value| Some(token::signed(header, claims, &key));
        let now = chrono::Utc::now().timestamp();
        let mut symmetric = header.clone();
        symmetric["alg"] = json!("HS256");
        let mut other_type = header.clone();
        other_type["typ"] = json!("nudge-browser+jwt");
        tokens.extend([
            ("expired", sign(&header, &with("exp", json!(now - 3_600)))),
            ("not yet", sign(&header, &with("nbf", json!(now + 3_600)))),
            (
                "another audience",
                sign(&header, &with("aud", json!("other"))),
            ),
            (
                "another issuer",
                sign(&header, &with("iss", json!("urn:other"))),
            ),
            ("without end", sign(&header, &without("exp"))),
            ("without subject", sign(&header, &without("sub"))),
            ("without audience", sign(&header, &without("aud"))),
            ("symmetric", sign(&symmetric, &claims)),
            ("an ID token", sign(&header, &with("typ", json!("ID")))),
            ("another type", sign(&other_type, &claims)),
        ]);
    }
    for (what, token) in tokens {
        let eve = Person::new(place.address(), "eve", token);
        for (method, route, body) in ROUTES {
            let answer = ask(&eve, method, &things.fill(route), body).await;
            assert_eq!(
                answer.header("www-authenticate"),
                Some("Bearer"),
                "{what}: {answer:?}"
            );
            answer.problem(401);
        }
    }
    mia.gets("/api/tasks").await.expect(200);
}

/// A token in another place than the header is none.
#[tokio::test]
async fn a_token_belongs_into_the_header() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let stranger = place.stranger();
    for name in ["token", "access_token"] {
        let path = format!("/api/tasks?{name}={}", mia.token());
        stranger.gets(&path).await.problem(401);
    }
    let basic = stranger.asks(Method::GET, "/api/tasks");
    let basic = basic.header("authorization", &format!("Basic {}", mia.token()));
    basic.answer().await.problem(401);
}
