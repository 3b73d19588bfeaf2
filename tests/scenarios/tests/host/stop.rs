//! Stopping, and what is there afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use rusqlite::Connection;
use scenarios::{Host, HostSettings, eventually, task};

/// The close code of an endpoint that goes away (RFC 6455 section 7.4.1).
const GOING_AWAY: u16 = 1001;

/// While requests run: each is answered or was never taken, screens are told, and the host ends with success.
#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_under_load() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    let mut screen = kai.opens_a_screen().await;
    let load = (0..4).map(|worker| {
        let kai = kai.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let title = format!("Task {worker}/{number}");
                let call = kai.asks(http::Method::POST, "/api/tasks");
                match call.json(task(&title).body()).try_answer().await {
                    Ok(answer) if answer.status == 201 => acknowledged.push(title),
                    Ok(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                    // Nobody listens any more.
                    Err(_) => break,
                }
            }
            acknowledged
        })
    });
    let load: Vec<_> = load.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (status, settings) = host.stop().await;
    assert!(status.success(), "{status}");
    assert_eq!(screen.is_closed().await, Some(GOING_AWAY));
    let acknowledged: Vec<String> = join_all(load)
        .await
        .into_iter()
        .flat_map(|worker| worker.expect("a worker"))
        .collect();
    assert!(!acknowledged.is_empty());

    let host = Host::start(settings).await;
    let kai = kai.at(host.address());
    let open = kai.lists("status=open").await;
    for title in &acknowledged {
        let count = open
            .iter()
            .filter(|task| task.text("/title") == title)
            .count();
        assert_eq!(count, 1, "{title}");
    }
    let complete = "everything acknowledged is on record";
    eventually(complete, async || {
        let history = kai.history().await;
        let created = history
            .iter()
            .filter(|item| item["event_type"] == "TASK_CREATED");
        (created.count() == open.len()).then_some(())
    })
    .await;
    assert_eq!(kai.verifies_history().await["valid"], true);
}

/// A restart keeps everything: people, tokens, tasks, reminders that came due meanwhile, inbox and history.
#[tokio::test]
async fn a_restart_keeps_everything() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    let kept = kai.creates(task("Kept").reminded_in(-1)).await;
    let told = eventually("the first reminder", async || {
        Some(kai.inbox().await).filter(|inbox| inbox.len() == 1)
    })
    .await;
    let missed = kai.creates(task("Missed").reminded_in(4)).await;
    eventually("its reminder is set", async || {
        let reminders = kai.reminders().await;
        let set = reminders
            .iter()
            .any(|reminder| reminder["task_id"] == missed.id());
        set.then_some(())
    })
    .await;
    let (status, settings) = host.stop().await;
    assert!(status.success(), "{status}");
    tokio::time::sleep(Duration::from_secs(4)).await;

    let host = Host::start(settings).await;
    let kai = kai.at(host.address());
    assert_eq!(kai.looks_at(kept.id()).await, Some(kept));
    let inbox = eventually("the missed reminder", async || {
        Some(kai.inbox().await).filter(|inbox| inbox.len() == 2)
    })
    .await;
    assert_eq!(inbox[0]["task_id"], missed.id());
    assert_eq!(inbox[1], told[0]);
    assert_eq!(kai.verifies_history().await["valid"], true);
    let host = host.restart().await;
    let kai = kai.at(host.address());
    assert_eq!(kai.lists("status=open").await.len(), 2);
}

/// The database can be copied as one file after a stop: the log is folded into it.
#[tokio::test]
async fn a_stopped_database_is_one_file() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    kai.creates(task("Kept")).await;
    let (_, settings) = host.stop().await;
    for name in ["nudge.db-wal", "nudge.db-shm"] {
        std::fs::remove_file(data.path().join(name)).ok();
    }
    let host = Host::start(settings).await;
    assert_eq!(kai.at(host.address()).lists("").await.len(), 1);
}

/// A copy that SQLite makes while people work is whole: what was acknowledged before it is there, and the record verifies.
///
/// Seen to fail: with a copy of the one file without its log.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_while_it_runs() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let busy = tokio::spawn({
        let (kai, acknowledged) = (kai.clone(), Arc::clone(&acknowledged));
        async move {
            loop {
                kai.creates(task("Kept")).await;
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let before = eventually("some work", async || {
        let count = acknowledged.load(Ordering::SeqCst);
        (count > 20).then_some(count)
    })
    .await;
    let copy = tempfile::tempdir().expect("a folder");
    let database = Connection::open(data.path().join("nudge.db")).expect("the database");
    let target = copy.path().join("nudge.db");
    let target = target.to_str().expect("a path").to_owned();
    database
        .execute("VACUUM INTO ?1", [target])
        .expect("a copy");
    busy.abort();
    let from = data.path().join("sign-in");
    let to = copy.path().join("sign-in");
    std::fs::create_dir(&to).expect("a folder");
    for name in ["key.der", "people.toml"] {
        std::fs::copy(from.join(name), to.join(name)).expect("a copy");
    }
    let restored = Host::start(HostSettings::new(copy.path())).await;
    let kai = kai.at(restored.address());
    assert!(kai.lists("status=open").await.len() >= before);
    assert_eq!(kai.verifies_history().await["valid"], true);
}
