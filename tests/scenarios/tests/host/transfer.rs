//! A person moves from one Nudge to another, by the way that docs/operations.md describes.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use scenarios::{Host, HostSettings, Person, eventually, task};
use serde_json::{Value, json};

/// All pages of an export.
async fn exports(kai: &Person, status: &str) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/tasks/export?status={status}&limit=2{cursor}");
        let page = kai.gets(&path).await.expect(200).json();
        let next = page["next_cursor"].as_str().map(str::to_owned);
        pages.push(page);
        match next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

/// Whole tasks by their ids.
async fn tasks(kai: &Person) -> BTreeMap<String, Value> {
    let mut tasks = BTreeMap::new();
    for status in ["open", "completed"] {
        for task in kai.lists(&format!("status={status}")).await {
            let whole = kai.looks_at(task.id()).await.expect("it is in the list");
            tasks.insert(task.id().to_owned(), whole.json().clone());
        }
    }
    tasks
}

async fn inbox(kai: &Person) -> Vec<Value> {
    let inbox = kai.inbox().await;
    inbox.iter().map(|one| one["title"].clone()).collect()
}

async fn settles(kai: &Person) {
    let notes = json!("With milk.");
    kai.creates(task("Tea").with("notes", notes)).await;
    kai.creates(task("Rang").reminded_in(-1)).await;
    let water = task("Water").due_on("2030-01-01", "Etc/UTC");
    let water = kai.creates(water.again("FREQ=DAILY")).await;
    kai.completes(&water).await;
    kai.creates(task("Waits").reminded_in(15)).await;
    eventually("the next occurrence and the ring", async || {
        let both = kai.lists("status=open").await.len() == 4 && kai.inbox().await.len() == 1;
        both.then_some(())
    })
    .await;
}

/// Everything is there as it was, what is yet to ring rings there only, and a series goes on.
#[tokio::test]
async fn a_person_moves_to_another_nudge() {
    let (old_data, new_data) = (tempfile::tempdir(), tempfile::tempdir());
    let (old_data, new_data) = (old_data.expect("a folder"), new_data.expect("a folder"));
    let old = Host::start(HostSettings::new(old_data.path())).await;
    let new = Host::start(HostSettings::new(new_data.path())).await;
    let before = old.person("kai").await;
    let after = new.person("kai").await;
    settles(&before).await;
    let whole = tasks(&before).await;

    let mut pages = exports(&before, "open").await;
    pages.extend(exports(&before, "completed").await);
    let open = before.lists("status=open").await;
    for task in open.iter().chain(&before.lists("status=completed").await) {
        before.deletes(task).await;
    }
    for (round, expected) in [(1, "imported"), (2, "skipped")] {
        let mut count = 0;
        for page in &pages {
            let answer = after.posts("/api/tasks/import", page).await.expect(200);
            count += answer.json()[expected].as_u64().unwrap_or_default();
        }
        assert_eq!(count, 5, "round {round}");
    }

    assert_eq!(tasks(&after).await, whole);
    assert!(tasks(&before).await.is_empty());
    eventually("the ring at the new place", async || {
        (inbox(&after).await == ["Waits"]).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(inbox(&after).await, ["Waits"]);
    assert_eq!(inbox(&before).await, ["Rang"]);

    let open = after.lists("status=open").await;
    let water = open.iter().find(|task| task.text("/title") == "Water");
    after.completes(water.expect("the occurrence")).await;
    eventually("the third occurrence", async || {
        let open = after.lists("status=open").await;
        let third = |task: &&scenarios::Task| {
            task.text("/title") == "Water" && task.json()["occurrence"] == 3
        };
        open.iter().find(third).map(|_| ())
    })
    .await;
    let exported: Vec<Value> = before
        .history()
        .await
        .iter()
        .filter(|record| record["event_type"] == "DATA_EXPORTED")
        .map(|record| record["payload"]["tasks"].clone())
        .collect();
    assert_eq!(exported, [2, 2, 1]);
}

/// What is no export is refused as a whole, by the place of what is wrong.
#[tokio::test]
async fn an_import_names_what_is_wrong() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    kai.creates(task("Tea")).await;
    let page = exports(&kai, "open").await.remove(0);
    let bad = [
        ("title", json!(""), "/items/0/title"),
        ("status", json!("completed"), "/items/0/completed_at"),
        ("labels", json!(vec!["a"; 51]), "/items/0/labels"),
    ];
    for (field, value, pointer) in bad {
        let mut page = page.clone();
        page["items"][0][field] = value;
        let call = kai.asks(Method::POST, "/api/tasks/import").json(&page);
        let answer = call.answer().await.expect(422).json();
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
    }
}
