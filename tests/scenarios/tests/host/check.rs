//! `nudge check`: damage that was planted in the database is found, named and mended. Each function's kinds of damage are in
//! its own tests; this is the way from the command line through the audit service to all of them.

use std::path::Path;

use rusqlite::Connection;
use scenarios::{Host, HostSettings, Person, eventually, task};
use serde_json::{Value, json};

/// Changes the documents whose keys are like `pattern`.
fn damage(data: &Path, pattern: &str, change: impl Fn(&mut Value) -> bool) {
    let database = Connection::open(data.join("nudge.db")).expect("the database");
    let mut statement = database
        .prepare("SELECT key, value FROM state WHERE key LIKE ?1")
        .expect("a query");
    let rows = statement
        .query_map([pattern], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .expect("rows");
    let rows: Vec<(String, Vec<u8>)> = rows.collect::<Result<_, _>>().expect("documents");
    assert!(!rows.is_empty(), "nothing is like {pattern}");
    for (key, value) in rows {
        let mut document: Value = serde_json::from_slice(&value).expect("JSON");
        if change(&mut document) {
            let changed = serde_json::to_vec(&document).expect("JSON");
            let update = "UPDATE state SET value = ?2 WHERE key = ?1";
            database.execute(update, (key, changed)).expect("an update");
        } else {
            database
                .execute("DELETE FROM state WHERE key = ?1", [key])
                .expect("a deletion");
        }
    }
}

async fn titles(kai: &Person) -> Vec<String> {
    let tasks = kai.lists("").await;
    tasks
        .iter()
        .map(|task| task.text("/title").to_owned())
        .collect()
}

async fn uses_all(kai: &Person) {
    for n in 0..40 {
        kai.creates(task(&format!("Task {n}")).reminded_in(3_600 + n))
            .await;
    }
    let done = kai.creates(task("Done")).await;
    kai.completes(&done).await;
    kai.creates(task("Rang").reminded_in(-1)).await;
    eventually("the ring", async || {
        Some(kai.inbox().await).filter(|inbox| inbox.len() == 1)
    })
    .await;
    eventually("all reminders", async || {
        Some(kai.reminders().await).filter(|reminders| reminders.len() == 41)
    })
    .await;
}

/// A check finds damage of these kinds, a repair mends it, and nothing is found any more.
async fn finds_and_mends(settings: &HostSettings, kinds: &[&str]) {
    let (is_clean, said) = settings.checks(false).await;
    assert!(!is_clean, "{said}");
    for kind in kinds {
        assert!(said.contains(kind), "{kind} is not in {said}");
    }
    let (is_mended, said) = settings.checks(true).await;
    assert!(is_mended, "{said}");
    let (is_clean, said) = settings.checks(false).await;
    assert!(is_clean, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_damage_is_found_and_mended() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    uses_all(&kai).await;
    let open = titles(&kai).await;
    let (_, settings) = host.stop().await;
    let (is_clean, said) = settings.checks(false).await;
    assert!(is_clean, "{said}");

    damage(data.path(), "task-service||index/%", |items| {
        items.as_array_mut().expect("items").remove(5);
        true
    });
    damage(data.path(), "reminder-service||agenda/%", |_| false);
    damage(data.path(), "reminder-service||timetable/2%", |_| false);
    damage(data.path(), "notification-service||inbox/%", |document| {
        if document.is_object() {
            document["unread"] = json!(9);
        }
        true
    });
    let kinds = [
        "task-service: missing-from-list",
        "task-service: list-chunk",
        "reminder-service: list-chunk",
        "reminder-service: missing-from-list",
        "reminder-service: unplanned",
        "notification-service: unread-count",
    ];
    finds_and_mends(&settings, &kinds).await;

    let host = Host::start(settings).await;
    let kai = kai.at(host.address());
    assert_eq!(titles(&kai).await, open);
    assert_eq!(kai.reminders().await.len(), 41);
    host.stop().await;
}

/// The documents are lost that lead to everything of a person: lists, numbers of events, inbox. A repair makes them again, and
/// what the person does next has its effects, on reminders too.
///
/// Seen to fail: while the check found no numbers on record.
#[tokio::test(flavor = "multi_thread")]
async fn lost_heads_are_made_again() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    uses_all(&kai).await;
    let (mut open, inbox) = (titles(&kai).await, kai.inbox().await);
    let (_, settings) = host.stop().await;
    damage(data.path(), "task-service||user/%", |_| false);
    damage(data.path(), "reminder-service||user/%", |_| false);
    damage(data.path(), "notification-service||inbox/%", |document| {
        document.is_array()
    });
    let kinds = [
        "task-service: misnumbered",
        "task-service: missing-from-list",
        "reminder-service: missing-from-list",
        "notification-service: forgotten-chunk",
    ];
    finds_and_mends(&settings, &kinds).await;

    let host = Host::start(settings).await;
    let kai = kai.at(host.address());
    let mut found = titles(&kai).await;
    found.sort();
    open.sort();
    assert_eq!(found, open);
    let inbox_now = kai.inbox().await;
    assert_eq!(inbox_now.len(), inbox.len());
    assert_eq!(inbox_now[0]["id"], inbox[0]["id"]);
    let tasks = kai.lists("").await;
    let one = tasks.iter().find(|task| task.text("/title") == "Task 7");
    kai.completes(one.expect("it is there")).await;
    eventually("a reminder less", async || {
        Some(kai.reminders().await).filter(|reminders| reminders.len() == 40)
    })
    .await;
    host.stop().await;
}

/// What a version before this one left: tasks that don't say where they stand. The first start of this one says it, without
/// a command; and so does the first start by other rules of the time zones.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_version_derived_is_derived_anew() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    uses_all(&kai).await;
    let open = titles(&kai).await;
    let (_, settings) = host.stop().await;
    damage(data.path(), "task-service||task/%", |record| {
        record.as_object_mut().expect("a record").remove("place");
        true
    });
    let derived_by = data.path().join("derived-by");
    std::fs::write(&derived_by, "1 1970a").expect("a file");
    let (is_clean, said) = settings.checks(false).await;
    assert!(!is_clean && said.contains("older-document"), "{said}");
    let host = Host::start(settings).await;
    eventually("all of it", async || {
        let by = std::fs::read_to_string(&derived_by).ok()?;
        (by != "1 1970a").then_some(())
    })
    .await;
    assert_eq!(titles(&kai.at(host.address())).await, open);
    let (_, settings) = host.stop().await;
    let (is_clean, said) = settings.checks(false).await;
    assert!(is_clean, "{said}");
}
