//! State that was lost is made again from the record, by the real components. What a reminder's state is made of, step by
//! step, is in `functions/reminder-service/tests/service/life.rs`.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use scenarios::{Host, HostSettings, Person, eventually, task};
use serde_json::{Value, json};

/// What a function has in the store is gone, as after a mishap with the database; its marks of what it has seen too.
fn lose(data: &Path, function: &str) {
    let database = Connection::open(data.join("nudge.db")).expect("the database");
    let prefix = format!("{function}||%");
    let lost = database.execute("DELETE FROM state WHERE key LIKE ?1", [prefix]);
    assert!(lost.expect("a deletion") > 0, "{function} has no state");
}

/// To which functions the record was told, in this order.
fn replays(history: &[Value]) -> Vec<&str> {
    let replays = history
        .iter()
        .filter(|record| record["event_type"] == "EVENT_REPLAYED");
    replays
        .filter_map(|record| record["payload"]["to"].as_str())
        .collect()
}

/// How many stories of all people made state again, by what the command says.
fn restored(said: &str) -> u32 {
    let words: Vec<&str> = said.split_whitespace().collect();
    let pairs = words.windows(2).filter(|pair| pair[1] == "restored");
    pairs.filter_map(|pair| pair[0].parse::<u32>().ok()).sum()
}

/// A reminder that rang, one that was put off, one that was dismissed, one that waits, and one whose task is done.
async fn uses_reminders(kai: &Person) {
    kai.creates(task("Rang").reminded_in(-1)).await;
    eventually("the ring", async || {
        Some(kai.inbox().await).filter(|inbox| inbox.len() == 1)
    })
    .await;
    let waiting = [("Put off", 3_600), ("Unwanted", 7_200), ("Waits", 10_800)];
    for (title, seconds) in waiting {
        kai.creates(task(title).reminded_in(seconds)).await;
    }
    let done = kai.creates(task("Done").reminded_in(14_400)).await;
    let reminders = eventually("all reminders", async || {
        Some(kai.reminders().await).filter(|reminders| reminders.len() == 5)
    })
    .await;
    let path = |title: &str, verb: &str| {
        let reminder = reminders.iter().find(|one| one["title"] == title);
        let id = reminder.and_then(|one| one["id"].as_str()).expect("an id");
        format!("/api/reminders/{id}/{verb}")
    };
    kai.posts(&path("Put off", "snooze"), &json!({ "minutes": 100 }))
        .await;
    kai.posts(&path("Unwanted", "dismiss"), &json!({})).await;
    kai.completes(&done).await;
    eventually("the reminders that are left", async || {
        Some(kai.reminders().await).filter(|reminders| reminders.len() == 3)
    })
    .await;
}

/// Three functions lose all that they know. What is on record brings it back, nobody hears of anything twice, and that it
/// was done is on record itself.
#[tokio::test]
async fn lost_state_comes_back_from_the_record() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    uses_reminders(&kai).await;
    let water = task("Water").due_on("2030-01-01", "Etc/UTC");
    let water = kai.creates(water.again("FREQ=DAILY")).await;
    kai.completes(&water).await;
    let next = eventually("the next occurrence", async || {
        let open = kai.lists("status=open").await;
        open.into_iter().find(|task| task.text("/title") == "Water")
    })
    .await;
    let (reminders, inbox) = (kai.reminders().await, kai.inbox().await);
    eventually("everything on record", async || {
        let history = kai.history().await;
        let has = |kind: &str| history.iter().any(|record| record["event_type"] == kind);
        let kinds = ["REMINDER_SNOOZED", "REMINDER_DISMISSED", "TASK_RECURRED"];
        kinds.into_iter().all(has).then_some(())
    })
    .await;

    let functions = [
        "reminder-service",
        "notification-service",
        "recurrence-engine",
    ];
    let (_, settings) = host.stop().await;
    for function in functions {
        lose(data.path(), function);
    }
    for function in functions {
        let said = settings.replays_to(function).await;
        assert_ne!(restored(&said), 0, "{function}: {said}");
        let again = settings.replays_to(function).await;
        assert_eq!(restored(&again), 0, "{function}, again: {again}");
    }

    let host = Host::start(settings).await;
    let kai = kai.at(host.address());
    assert_eq!(kai.reminders().await, reminders);
    // What was told before is there again, as read.
    let told: Vec<Value> = inbox
        .into_iter()
        .map(|mut notification| {
            notification["read"] = json!(true);
            notification
        })
        .collect();
    assert_eq!(kai.inbox().await, told);
    // Time enough for a tick, which would ring what ought not to.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(kai.inbox().await, told);
    // The series knows what the completion made, and takes it back.
    kai.reopens(&water).await;
    eventually("the next occurrence is taken back", async || {
        kai.looks_at(next.id()).await.is_none().then_some(())
    })
    .await;
    let twice: Vec<&str> = functions.into_iter().flat_map(|one| [one; 2]).collect();
    eventually("every replay on record", async || {
        (replays(&kai.history().await) == twice).then_some(())
    })
    .await;
    assert_eq!(kai.verifies_history().await["valid"], true);
}
