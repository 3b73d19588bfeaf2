//! Every field, path and parameter of the OpenAPI document, with values at and behind the edges of what there is.
//!
//! Whatever is sent is answered by a success that reads back, or by a refusal that the document lists; and afterwards
//! nothing lies in a dead-letter topic, and the host is there.

mod values;

use std::collections::BTreeSet;
use std::time::Instant;

use futures::future::join_all;
use http::Method;
use scenarios::{Answer, Person, Place, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

use self::values::{extremes, parameter_values, with, with_arrays, with_unknown};

/// How many people send at a time.
const AT_ONCE: usize = 4;

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    statuses: BTreeSet<u16>,
    /// Schema of the body, without references.
    body: Option<Value>,
    /// Name, place (`path`, `query`, `header`) and schema of its parameters.
    parameters: Vec<(String, String, Value)>,
}

/// The document's operations with references followed.
fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        if !path.starts_with("/api/") {
            continue;
        }
        for (method, operation) in methods.as_object().expect("methods") {
            let Some(responses) = operation["responses"].as_object() else {
                continue;
            };
            let of = |holder: &Value| holder["parameters"].as_array().cloned().unwrap_or_default();
            let parameters = [of(operation), of(methods_of(document, path))].concat();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let parameters = parameters
                .iter()
                .map(|parameter| followed(document, parameter));
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            operations.push(Operation {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                statuses: responses
                    .keys()
                    .filter_map(|status| status.parse().ok())
                    .collect(),
                body: body.is_object().then(|| followed(document, body)),
                parameters: parameters
                    .map(|p| (text(&p["name"]), text(&p["in"]), p["schema"].clone()))
                    .collect(),
            });
        }
    }
    assert!(operations.len() > 20, "the document has no operations");
    operations
}

fn methods_of<'a>(document: &'a Value, path: &str) -> &'a Value {
    &document["paths"][path]
}

/// `schema` without references.
fn followed(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return followed(
            document,
            document.pointer(pointer).expect("what is referred to"),
        );
    }
    match schema {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), followed(document, value)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.iter().map(|item| followed(document, item)).collect(),
        other => other.clone(),
    }
}

/// The pointers to all that a body of `schema` can have, with the schema there; an array's items are at its `0`.
fn places(schema: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    for choice in ["oneOf", "anyOf"] {
        for schema in schema[choice].as_array().into_iter().flatten() {
            if schema["type"] != "null" {
                places(schema, pointer, found);
            }
        }
    }
    let known = found.iter().any(|(other, _)| other == pointer);
    if !pointer.is_empty() && !known && schema["oneOf"].is_null() {
        found.push((pointer.to_owned(), schema.clone()));
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        places(schema, &format!("{pointer}/{name}"), found);
    }
    if schema["items"].is_object() {
        places(&schema["items"], &format!("{pointer}/0"), found);
    }
}

/// Good bodies of an operation: together they have every field that its schema has.
fn good_bodies(operation: &str) -> Vec<Value> {
    let due = json!({ "date": "2031-05-05", "time": "09:00", "time_zone": "Europe/Berlin" });
    let reminders = json!([{ "at": "2031-05-05T06:00:00Z" }]);
    let before = json!([{ "id": Uuid::nil(), "before_due_minutes": 5 }]);
    let rule = json!({ "rrule": "FREQ=DAILY;COUNT=5", "basis": "completion" });
    let count = json!({ "recurrence_type": "weekly", "recurrence_interval": 2, "recurrence_end": { "count": 3 } });
    let until = json!({ "recurrence_type": "daily", "recurrence_end": { "until": "2032-01-01" }, "basis": "due" });
    let task = json!({
        "title": "x", "notes": "n", "priority": 2, "labels": ["a"], "list": "b", "checklist": [{ "text": "y", "done": false }],
        "due": due, "reminders": reminders, "recurrence": rule,
    });
    let with = |reminders: &Value, recurrence: &Value| {
        let mut task = task.clone();
        task["reminders"] = reminders.clone();
        task["recurrence"] = recurrence.clone();
        task
    };
    let tasks = vec![task.clone(), with(&before, &count), with(&before, &until)];
    match operation {
        "POST /api/tasks" | "PATCH /api/tasks/{id}" => tasks,
        "POST /api/tasks/import" => {
            let whole = |mut task: Value| {
                let more = json!({
                    "id": Uuid::new_v4(), "version": 3, "status": "open", "series_id": Uuid::new_v4(), "occurrence": 2,
                    "series_start": "2031-05-04", "series_slot": "2031-05-04", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z",
                    "completed_at": null,
                });
                task["reminders"][0]["id"] = json!(Uuid::new_v4());
                task.as_object_mut()
                    .expect("a task")
                    .extend(more.as_object().expect("fields").clone());
                json!({ "exported_at": "2026-01-02T00:00:00Z", "items": [task], "next_cursor": null })
            };
            let mut completed = whole(task.clone());
            completed["items"][0]["status"] = json!("completed");
            completed["items"][0]["completed_at"] = json!("2026-01-02T00:00:00Z");
            tasks.into_iter().map(whole).chain([completed]).collect()
        }
        "POST /api/recurrence/preview" => vec![
            json!({ "rrule": "FREQ=DAILY", "start": "2031-05-05", "time": "09:00", "time_zone": "UTC", "count": 3 }),
            json!({ "text": "every 2 weeks on Monday", "start": "2031-05-05", "time_zone": "UTC" }),
        ],
        "POST /api/reminders/{id}/snooze" => vec![
            json!({ "until": (chrono::Utc::now() + chrono::TimeDelta::days(3)).to_rfc3339() }),
            json!({ "minutes": 5 }),
            json!({ "text": "tomorrow at 9", "time_zone": "Europe/Berlin" }),
        ],
        "PUT /api/preferences" => vec![json!({
            "time_zone": "Europe/Berlin", "quiet_hours": { "from": "22:00", "to": "07:00" },
            "email": {
                "enabled": false, "address": "a@example.test", "confirmed": false, "available": true,
            },
        })],
        "POST /api/preferences/email/confirm" => vec![json!({ "code": "123456" })],
        "POST /api/chat" => {
            vec![
                json!({ "message": "what is due today?", "conversation_id": "c", "time_zone": "Europe/Berlin" }),
            ]
        }
        "POST /api/quick-add" | "POST /api/quick-add/preview" => {
            vec![
                json!({ "text": "y tomorrow at 9", "now": "2031-05-05T09:00:00Z", "time_zone": "Europe/Berlin" }),
            ]
        }
        // The right word would be the end of whose requests these are; the test of an erasure sends it.
        "DELETE /api/account" => vec![json!({ "confirm": "no" })],
        other => panic!("{other} is new here: give it bodies"),
    }
}

/// Somebody who sends all of it.
struct Sender {
    /// Comes again when another command on the same tasks, such as the next occurrence, came first.
    person: Person,
    task: String,
    reminder: String,
}

impl Sender {
    async fn new(place: &Place) -> Self {
        let person = place.person("mia").await.patient();
        let rings = scenarios::task("Rings").reminded_in(30 * 24 * 3600);
        let task = person.creates(rings).await.id().to_owned();
        let reminder = eventually("the reminder", async || {
            let reminders = person.reminders().await;
            let first = reminders.first();
            first
                .and_then(|reminder| reminder["id"].as_str())
                .map(str::to_owned)
        })
        .await;
        Self {
            person,
            task,
            reminder,
        }
    }

    /// Whether all that they have can be read, and the record is whole to its end.
    async fn looks_back(&self) {
        let last = self.person.creates(scenarios::task("The last")).await;
        eventually("the record of the last", async || {
            let story = self.person.history_of(last.id()).await;
            (!story.is_empty()).then_some(())
        })
        .await;
        assert!(self.person.looks_at(&self.task).await.is_some());
        for path in [
            "/api/tasks/export?status=open",
            "/api/tasks/export?status=completed",
            "/api/reminders",
            "/api/notifications",
        ] {
            self.person.gets(path).await.expect(200);
        }
        self.person.lists("status=completed").await;
        assert_eq!(self.person.verifies_history().await["valid"], true);
    }

    /// Sends `body`, checks the answer, and reads back what was taken.
    async fn sends(&self, operation: &Operation, body: String) -> bool {
        let name = format!("{} {}", operation.method, operation.path);
        let id = match name.as_str() {
            "PATCH /api/tasks/{id}" => {
                let task = self.person.creates(scenarios::task("before")).await;
                task.id().to_owned()
            }
            _ => self.reminder.clone(),
        };
        let path = operation.path.replace("{id}", &id);
        let call = self.person.asks(operation.method.clone(), &path);
        let answer = call.body("application/json", body.clone()).answer().await;
        self.judge(operation, &answer, &body);
        if answer.status.is_success() {
            self.reads_back(&name, &answer, &body).await;
        }
        answer.status.is_success()
    }

    fn judge(&self, operation: &Operation, answer: &Answer, sent: &str) {
        let status = answer.status.as_u16();
        let sent: String = sent.chars().take(2_000).collect();
        let is_listed = operation.statuses.contains(&status) && status < 500;
        assert!(
            is_listed,
            "{} with {sent} was answered {status}: {}",
            answer.asked, answer.body
        );
        if status >= 400 {
            let kind = answer.json()["type"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert!(
                kind.starts_with("/problems/"),
                "{} with {sent}: {}",
                answer.asked,
                answer.body
            );
        }
    }

    async fn reads_back(&self, name: &str, answer: &Answer, body: &str) {
        match name {
            "POST /api/tasks" | "POST /api/quick-add" | "PATCH /api/tasks/{id}" => {
                self.uses_up(&answer.json()).await
            }
            "POST /api/tasks/import" => {
                let sent: Value = serde_json::from_str(body).expect("what was taken is JSON");
                for item in sent["items"].as_array().into_iter().flatten() {
                    let id = item["id"].as_str().expect("an id");
                    let task = self.person.looks_at(id).await.expect("what was brought in");
                    if sent["items"]
                        .as_array()
                        .is_some_and(|items| items.len() < 3)
                    {
                        self.uses_up(task.json()).await;
                    }
                }
            }
            "PUT /api/preferences" => {
                let read = self
                    .person
                    .gets("/api/preferences")
                    .await
                    .expect(200)
                    .json();
                let said = answer.json();
                assert_eq!(
                    (&read["time_zone"], &read["quiet_hours"]),
                    (&said["time_zone"], &said["quiet_hours"]),
                    "{body}"
                );
            }
            _ => {
                let _is_json = answer.json();
            }
        }
    }

    /// What was taken is read as it was answered; it can be completed, so that all that hear of it work on it, and deleted.
    async fn uses_up(&self, task: &Value) {
        let id = task["id"].as_str().expect("an id");
        let path = format!("/api/tasks/{id}");
        assert_eq!(&self.person.gets(&path).await.expect(200).json(), task);
        let complete = format!("{path}/complete");
        self.person
            .asks(Method::POST, &complete)
            .answer()
            .await
            .expect(200);
        if id.ends_with(['0', '1', '2', '3']) {
            self.person
                .asks(Method::DELETE, &path)
                .answer()
                .await
                .expect(204);
        }
    }
}

/// All bodies of an operation that are to be sent.
fn bodies(operation: &Operation, schema: &Value) -> Vec<String> {
    let name = format!("{} {}", operation.method, operation.path);
    let good = good_bodies(&name);
    let mut found = Vec::new();
    places(schema, "", &mut found);
    let mut bodies: Vec<String> = good.iter().map(Value::to_string).collect();
    for (pointer, schema) in &found {
        let has_it = |body: &&Value| body.pointer(pointer).is_some();
        let body = good
            .iter()
            .find(has_it)
            .unwrap_or_else(|| panic!("no body of {name} has {pointer}"));
        bodies.extend(
            extremes(pointer, schema)
                .iter()
                .map(|value| with(body, pointer, value)),
        );
        bodies.extend(with_arrays(body, pointer, schema));
    }
    for body in &good {
        with_unknown(body, "", &mut bodies, body);
    }
    bodies.push(format!("\"{}\"", "x".repeat(1024 * 1024)));
    // An id comes once.
    let fresh = |body: String| match name.as_str() {
        "POST /api/tasks/import" => renewed(&body),
        _ => body,
    };
    bodies.into_iter().map(fresh).collect()
}

/// A body of an import with another id.
fn renewed(body: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    match value.pointer_mut("/items/0/id") {
        Some(id) if id.as_str().is_some_and(|id| Uuid::try_parse(id).is_ok()) => {
            let fresh = json!(Uuid::new_v4()).to_string();
            body.replacen(&id.to_string(), &fresh, 1)
        }
        _ => body.to_owned(),
    }
}

/// Sends values in the place of every parameter.
async fn parameters(sender: &Sender, person: &Person, operation: &Operation) {
    for (name, place, schema) in &operation.parameters {
        for value in parameter_values(schema) {
            let path = operation.path.replace("{id}", &Uuid::nil().to_string());
            let call = match place.as_str() {
                "query" => person.asks(operation.method.clone(), &format!("{path}?{name}={value}")),
                "path" => {
                    // Without a segment, it is another route.
                    let value = if value.is_empty() { "x" } else { &value };
                    let path = operation.path.replace(&format!("{{{name}}}"), value);
                    person.asks(operation.method.clone(), &path)
                }
                _ => person
                    .asks(operation.method.clone(), &path)
                    .header(name, &value),
            };
            let answer = call.json(&json!({})).answer().await;
            sender.judge(operation, &answer, &value);
        }
    }
}

/// Whether every message was given to all that hear it.
fn is_worked_off(place: &Place) -> bool {
    let Some(data) = place.data() else {
        return true;
    };
    let store = rusqlite::Connection::open(data.join("nudge.db")).expect("the store");
    let waiting = "SELECT count(*) FROM messages WHERE waiting > 0";
    store.query_row(waiting, [], |row| row.get::<_, u64>(0)) == Ok(0)
}

/// Topics of dead letters, with how many there are.
fn dead_letters(place: &Place) -> Vec<(String, u64)> {
    let Some(data) = place.data() else {
        return Vec::new();
    };
    let store = rusqlite::Connection::open(data.join("nudge.db")).expect("the store");
    let mut query = store
        .prepare("SELECT topic, count(*) FROM messages WHERE topic LIKE '%.dlq' GROUP BY topic")
        .expect("a query");
    let rows = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

/// Seen to fail against the components of before the limits: `GET /api/tasks?due=-262143-01-01` was answered 500.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extreme_values_are_taken_whole_or_refused() {
    let begun = Instant::now();
    let place = Place::open().await;
    let document = place.stranger().gets("/api/openapi.json").await;
    let document = document.expect(200).json();
    let senders = join_all((0..AT_ONCE).map(|_| Sender::new(&place))).await;
    // With headers of their own choice.
    let impatient = place.person("tom").await;
    let (mut sent, mut taken) = (0, 0);
    for operation in operations(&document) {
        parameters(&senders[0], &impatient, &operation).await;
        let Some(schema) = &operation.body else {
            continue;
        };
        let bodies = bodies(&operation, schema);
        sent += bodies.len();
        // Each of a person's own comes after the other, so that it reads back as they left it.
        let parts = senders.iter().enumerate().map(async |(number, sender)| {
            let mut taken = 0;
            for body in bodies.iter().skip(number).step_by(senders.len()) {
                taken += usize::from(sender.sends(&operation, body.clone()).await);
            }
            taken
        });
        let of_operation: usize = join_all(parts).await.into_iter().sum();
        let name = format!("{} {}", operation.method, operation.path);
        // Of an erasure every body that is not the right word is refused, and nobody here was sent a code.
        let refuses_all =
            ["DELETE /api/account", "POST /api/preferences/email/confirm"].contains(&name.as_str());
        assert_eq!(of_operation == 0, refuses_all, "{name} took {of_operation}");
        taken += of_operation;
    }
    let elapsed = begun.elapsed();
    println!("{sent} bodies, {taken} of them taken, in {elapsed:?}");
    assert!(
        sent > 1_000 && taken > 100,
        "{sent} bodies, {taken} of them taken"
    );

    for sender in &senders {
        sender.looks_back().await;
    }
    eventually("what is left of the messages", async || {
        is_worked_off(&place).then_some(())
    })
    .await;
    let log = place.log().unwrap_or_default();
    assert_eq!(dead_letters(&place), [], "{log}");
}
