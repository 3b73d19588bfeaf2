//! A database that goes back to a moment: what people see before and after. `cargo xtask test restore` runs these in
//! order and does to the database between them what docs/operations.md says. They hand a ledger on to each other.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use scenarios::{Person, Place, eventually, task};
use serde_json::{Value, json};

/// The file that goes from step to step.
fn ledger() -> PathBuf {
    std::env::var_os("NUDGE_LEDGER")
        .expect("NUDGE_LEDGER; run cargo xtask test restore")
        .into()
}

fn remember(kai: &Person) {
    let ledger_text = json!({ "name": kai.name(), "token": kai.token() }).to_string();
    fs::write(ledger(), ledger_text).expect("the ledger");
}

/// The same person as in the step before.
fn again(place: &Place) -> Person {
    let text = fs::read_to_string(ledger()).expect("the ledger");
    let ledger: Value = serde_json::from_str(&text).expect("the ledger");
    let text = |field: &str| ledger[field].as_str().expect("a text").to_owned();
    Person::new(place.address(), &text("name"), Some(text("token")))
}

/// Waits until the record says of `title` that `kind` happened, as often as `count`.
async fn on_record(kai: &Person, title: &str, kind: &str, count: usize) {
    eventually(&format!("{kind} of {title}"), async || {
        let history = kai.history().await;
        let found = history.iter().filter(|record| {
            let payload = &record["payload"];
            let named = payload["title"] == title || payload["task"]["title"] == title;
            record["event_type"] == kind && named
        });
        (found.count() == count).then_some(())
    })
    .await;
}

async fn reminded_of(kai: &Person, title: &str) {
    eventually(&format!("the reminder of {title}"), async || {
        let reminders = kai.reminders().await;
        let set = reminders.iter().any(|reminder| reminder["title"] == title);
        set.then_some(())
    })
    .await;
}

fn titles(items: &[Value]) -> Vec<&str> {
    let mut titles: Vec<&str> = items
        .iter()
        .filter_map(|item| item["title"].as_str())
        .collect();
    titles.sort_unstable();
    titles
}

async fn open(kai: &Person) -> Vec<String> {
    let tasks = kai.lists("status=open").await;
    let mut titles: Vec<String> = tasks
        .iter()
        .map(|task| task.text("/title").to_owned())
        .collect();
    titles.sort_unstable();
    titles
}

#[tokio::test]
#[ignore = "a step of cargo xtask test restore"]
async fn step_1_before_the_backup() {
    let place = Place::open().await;
    let kai = place.person("kai").await;
    remember(&kai);
    kai.creates(task("Rang").reminded_in(-1)).await;
    let water = task("Water").due_on("2030-01-01", "Etc/UTC");
    let water = kai.creates(water.again("FREQ=DAILY")).await;
    kai.completes(&water).await;
    on_record(&kai, "Rang", "REMINDER_TRIGGERED", 1).await;
    on_record(&kai, "Water", "TASK_CREATED", 2).await;
    on_record(&kai, "Water", "TASK_RECURRED", 1).await;
}

/// Only the log has this.
#[tokio::test]
#[ignore = "a step of cargo xtask test restore"]
async fn step_2_before_the_moment() {
    let place = Place::open().await;
    let kai = again(&place);
    kai.creates(task("Meanwhile").reminded_in(15)).await;
    kai.creates(task("Later").reminded_in(3_600)).await;
    reminded_of(&kai, "Meanwhile").await;
    reminded_of(&kai, "Later").await;
    on_record(&kai, "Later", "TASK_CREATED", 1).await;
}

/// This is to be undone. A reminder rings that rings again when time has gone back.
#[tokio::test]
#[ignore = "a step of cargo xtask test restore"]
async fn step_3_after_the_moment() {
    let place = Place::open().await;
    let kai = again(&place);
    kai.creates(task("Too late").reminded_in(3_600)).await;
    let tasks = kai.lists("status=open").await;
    let later = tasks.iter().find(|task| task.text("/title") == "Later");
    kai.completes(later.expect("the task of the step before"))
        .await;
    on_record(&kai, "Meanwhile", "REMINDER_TRIGGERED", 1).await;
    on_record(&kai, "Later", "TASK_COMPLETED", 1).await;
    reminded_of(&kai, "Too late").await;
    // Nothing is on its way any more: all that was published has been heard.
    on_record(&kai, "Too late", "TASK_REMINDER_SET", 1).await;
}

#[tokio::test]
#[ignore = "a step of cargo xtask test restore"]
async fn step_4_restored() {
    let place = Place::open().await;
    let kai = again(&place);
    assert_eq!(open(&kai).await, ["Later", "Meanwhile", "Rang", "Water"]);
    eventually("the reminder that came due meanwhile", async || {
        (titles(&kai.inbox().await) == ["Meanwhile", "Rang"]).then_some(())
    })
    .await;
    let reminders = kai.reminders().await;
    assert_eq!(titles(&reminders), ["Later", "Meanwhile", "Rang"]);
    // Time enough for a tick, which would ring what ought not to.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(titles(&kai.inbox().await), ["Meanwhile", "Rang"]);
    assert_eq!(kai.verifies_history().await["valid"], true);

    // Life goes on, under numbers that were given before.
    kai.creates(task("New").reminded_in(-1)).await;
    on_record(&kai, "New", "REMINDER_TRIGGERED", 1).await;
    let tasks = kai.lists("status=open").await;
    let water = tasks.iter().find(|task| task.text("/title") == "Water");
    kai.completes(water.expect("the next occurrence")).await;
    on_record(&kai, "Water", "TASK_RECURRED", 2).await;
    eventually("the inbox", async || {
        (titles(&kai.inbox().await) == ["Meanwhile", "New", "Rang"]).then_some(())
    })
    .await;
    assert_eq!(kai.verifies_history().await["valid"], true);
}
