//! Data of earlier versions: opened, read, worked on, and whole afterwards.

mod before;
mod diary;
mod side_by_side;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use flate2::read::GzDecoder;
use http::Method;
use rusqlite::Connection;
use scenarios::{Host, HostSettings, Person, Task, eventually, task};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The last version without migrations.
const BEFORE_MIGRATIONS: &str = "before-migrations";

/// When that version was stopped.
const BEFORE_MIGRATIONS_STOPPED_AT: &str = "2026-11-28T09:43:31Z";

/// What a version left behind, in a folder of its own, and what it said of it.
struct Fixture {
    data: TempDir,
    expected: Value,
}

impl Fixture {
    /// The data as if the version before had been stopped just now: what it would forget a day later is still there.
    ///
    /// Seen to fail: `it_can_be_worked_on`, a day after its fixture was made, without the later expiries.
    fn just_stopped(name: &str, stopped_at: &str) -> Self {
        let fixture = Self::open(name);
        let stopped_at: DateTime<Utc> = stopped_at.parse().expect("a time");
        let since = (Utc::now() - stopped_at).num_milliseconds();
        let database = Connection::open(fixture.data.path().join("nudge.db")).expect("a database");
        let later = "UPDATE state SET expires_at = expires_at + ?1 WHERE expires_at IS NOT NULL";
        let moved = database.execute(later, [since]).expect("later expiries");
        assert!(moved > 0, "nothing expires in {name}");
        fixture
    }

    fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name);
        let data = tempfile::tempdir().expect("a folder");
        let sign_in = data.path().join("sign-in");
        fs::create_dir(&sign_in).expect("a folder");
        fs::copy(folder.join("people.toml"), sign_in.join("people.toml")).expect("a copy");
        let database = unpacked(&folder.join("nudge.db.gz"));
        fs::write(data.path().join("nudge.db"), database).expect("a database");
        let expected = unpacked(&folder.join("expected.json.gz"));
        Self {
            data,
            expected: serde_json::from_slice(&expected).expect("JSON"),
        }
    }

    async fn host(&self) -> Host {
        Host::start(HostSettings::new(self.data.path())).await
    }

    fn of(&self, name: &str) -> &Value {
        &self.expected["people"][name]
    }
}

fn unpacked(path: &PathBuf) -> Vec<u8> {
    let file = File::open(path).expect("a packed file");
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// Everything that was there is there with the same value. A newer version may say more.
fn holds(expected: &Value, found: &Value, at: &str) {
    match (expected, found) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields {
                holds(value, &found[name], &format!("{at}/{name}"));
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            assert_eq!(items.len(), others.len(), "{at}: {expected} {found}");
            for (number, (item, other)) in items.iter().zip(others).enumerate() {
                holds(item, other, &format!("{at}/{number}"));
            }
        }
        _ => assert_eq!(expected, found, "{at}"),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().expect("a list").iter();
    items
        .map(|item| item.as_str().expect("a text").to_owned())
        .collect()
}

async fn ids(person: &Person, query: &str) -> Vec<String> {
    let tasks = person.lists(query).await;
    tasks.iter().map(|task| task.id().to_owned()).collect()
}

/// A listing has these tasks in this order.
async fn lists(person: &Person, query: &str, expected: &[String]) {
    let found = ids(person, query).await;
    let differ = found.iter().zip(expected).position(|(a, b)| a != b);
    assert_eq!(
        (found.len(), differ),
        (expected.len(), None),
        "{query}: how many, and the first place that differs"
    );
}

/// All that the version before said of a person's data.
async fn finds_all(person: &Person, expected: &Value) {
    for (query, list) in expected["lists"].as_object().expect("lists") {
        lists(person, query, &texts(list)).await;
    }
    for (id, whole) in expected["tasks"].as_object().expect("tasks") {
        let task = person.looks_at(id).await.expect("a task that was there");
        holds(whole, task.json(), id);
    }
    for id in texts(&expected["deleted"]) {
        assert_eq!(person.looks_at(&id).await, None, "{id} was deleted");
    }
    // What was snoozed rings when its time has come.
    let waits = |reminder: &Value| {
        let at: Option<DateTime<Utc>> = reminder["at"].as_str().and_then(|at| at.parse().ok());
        reminder["state"] != "snoozed" || at.is_some_and(|at| at > Utc::now())
    };
    if expected["reminders"]
        .as_array()
        .expect("a list")
        .iter()
        .all(waits)
    {
        let reminders = Value::from(person.reminders().await);
        holds(&expected["reminders"], &reminders, "reminders");
        let inbox = Value::from(person.inbox().await);
        holds(&expected["inbox"], &inbox, "inbox");
    }
    let preferences = person.gets("/api/preferences").await.expect(200).json();
    holds(&expected["preferences"], &preferences, "preferences");
    let history = person.history().await;
    let records = expected["history"]["items"].as_u64().expect("a number");
    let last = &history[records as usize - 1];
    assert_eq!(last["event_id"], expected["history"]["last_event_id"]);
    verifies(person, records).await;
}

/// The record is whole, and has at least so many entries.
async fn verifies(person: &Person, records: u64) {
    let answer = person.verifies_history().await;
    assert_eq!(answer["valid"], true, "{answer}");
    let found = person.history().await.len() as u64;
    assert!(found >= records, "{found} of {records} records");
}

/// An open task by its title.
async fn open(person: &Person, title: &str) -> Task {
    let tasks = person.lists("status=open").await;
    let found = tasks.into_iter().find(|task| task.text("/title") == title);
    found.unwrap_or_else(|| panic!("no open task {title:?}"))
}

/// Lists in order, whole tasks, reminders, inbox, preferences and the record, for each person, also after another start.
///
/// Seen to fail: with one document of the fixture changed, and with `user_version` of the fixture raised.
#[tokio::test]
async fn all_of_it_is_read() {
    let fixture = Fixture::open(BEFORE_MIGRATIONS);
    let mut host = fixture.host().await;
    for _ in 0..2 {
        for name in ["ada", "ben"] {
            let person = host.known_person(name).await;
            finds_all(&person, fixture.of(name)).await;
        }
        host = host.restart().await;
    }
}

/// What people do with old data has the same effect as with new: on the task, on each list, on reminders, series, chat and
/// record.
#[tokio::test]
async fn it_can_be_worked_on() {
    let fixture = Fixture::just_stopped(BEFORE_MIGRATIONS, BEFORE_MIGRATIONS_STOPPED_AT);
    let host = fixture.host().await;
    let ada = host.known_person("ada").await;
    let mut expected = texts(&fixture.of("ada")["lists"]["status=open"]);
    let records = fixture.of("ada")["history"]["items"]
        .as_u64()
        .expect("a number");

    // A change that keeps its place, of each task of the first chunk of the list and of one further down.
    for at in (0..expected.len()).filter(|at| at % 5 == 0) {
        let path = format!("/api/tasks/{}", expected[at]);
        let patch = json!({ "labels": ["upgraded"] }).to_string();
        let call = ada.asks(Method::PATCH, &path);
        let call = call.body("application/merge-patch+json", patch);
        call.answer().await.expect(200);
    }
    lists(&ada, "status=open", &expected).await;
    let changed: Vec<String> = expected.iter().step_by(5).cloned().collect();
    lists(&ada, "status=open&label=upgraded", &changed).await;

    let done = open(&ada, "Task 001").await;
    ada.completes(&done).await;
    let gone = open(&ada, "Task 004").await;
    ada.deletes(&gone).await;
    expected.retain(|id| id != done.id() && id != gone.id());
    lists(&ada, "status=open", &expected).await;
    assert_eq!(ids(&ada, "status=completed").await[0], done.id());
    assert_eq!(ada.looks_at(gone.id()).await, None);

    let added = task("Before all others").due_at("2089-12-31", "09:00", "Etc/UTC");
    let added = ada.creates(added).await;
    expected.insert(0, added.id().to_owned());
    lists(&ada, "status=open", &expected).await;
    eventually("its reminder", async || {
        let reminders = ada.reminders().await;
        let set = reminders.iter().any(|one| one["task_id"] == added.id());
        set.then_some(())
    })
    .await;

    let completed = ada.lists("status=completed").await;
    let old = completed.iter().find(|task| task.text("/title") == "Old 1");
    let old = ada.reopens(old.expect("a task of March 2025")).await;
    assert!(
        ids(&ada, "status=open")
            .await
            .contains(&old.id().to_owned())
    );
    assert!(
        !ids(&ada, "status=completed")
            .await
            .contains(&old.id().to_owned())
    );

    let water = open(&ada, "Water the plants").await;
    assert_eq!(water.due(), "2090-04-02 08:00");
    ada.completes(&water).await;
    eventually("the third occurrence", async || {
        let tasks = ada.lists("status=open").await;
        let third = tasks.iter().find(|task| task.json()["occurrence"] == 3)?;
        (third.due() == "2090-04-05 08:00").then_some(())
    })
    .await;

    let undone = ada
        .posts(
            "/api/chat",
            &json!({ "message": "undo", "conversation_id": "fixture", "time_zone": "Europe/Berlin" }),
        )
        .await;
    undone.expect(200);
    open(&ada, "Call the bank").await;

    // What rang before can be put off, and what is set now rings.
    let reminders = ada.reminders().await;
    let rang = reminders.iter().find(|one| one["state"] == "triggered");
    let rang = rang.expect("a reminder that rang")["id"].clone();
    let path = format!("/api/reminders/{}/snooze", rang.as_str().expect("an id"));
    ada.posts(&path, &json!({ "minutes": 60 }))
        .await
        .expect(200);
    let reminders = ada.reminders().await;
    let snoozed = reminders.iter().find(|one| one["id"] == rang);
    assert_eq!(snoozed.expect("it is there")["state"], "snoozed");
    let rings = ada.creates(task("Rings").reminded_in(2)).await;
    eventually("a new reminder", async || {
        let inbox = ada.inbox().await;
        (inbox[0]["task_id"] == rings.id()).then_some(())
    })
    .await;

    eventually("the record of the last change", async || {
        let story = ada.history_of(rings.id()).await;
        let rang = |item: &Value| item["event_type"] == "REMINDER_TRIGGERED";
        story.iter().any(rang).then_some(())
    })
    .await;
    verifies(&ada, records + 30).await;
    let ben = host.known_person("ben").await;
    finds_all(&ben, fixture.of("ben")).await;

    let before = (ids(&ada, "status=open").await, ada.inbox().await);
    let host = host.restart().await;
    let ada = host.known_person("ada").await;
    lists(&ada, "status=open", &before.0).await;
    assert_eq!(ada.inbox().await, before.1);
    verifies(&ada, records + 30).await;
}

/// The check gives each task of an older version its place in the lists, and afterwards finds nothing.
///
/// Seen to fail: without the repair.
#[tokio::test]
async fn the_check_gives_it_what_is_new() {
    let fixture = Fixture::open(BEFORE_MIGRATIONS);
    let settings = HostSettings::new(fixture.data.path());
    let (is_clean, said) = settings.checks(false).await;
    let of_older = said.matches("older-document").count();
    assert_eq!(
        (is_clean, of_older),
        (false, said.matches(": wrong: ").count()),
        "{said}"
    );
    let open = texts(&fixture.of("ada")["lists"]["status=open"]).len();
    assert!(of_older >= open, "{said}");
    let (is_mended, said) = settings.checks(true).await;
    assert!(is_mended, "{said}");
    let (is_clean, said) = settings.checks(false).await;
    assert!(is_clean, "{said}");

    let host = fixture.host().await;
    for name in ["ada", "ben"] {
        let person = host.known_person(name).await;
        finds_all(&person, fixture.of(name)).await;
    }
}
