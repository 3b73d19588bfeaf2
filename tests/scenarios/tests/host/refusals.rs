//! Who was refused is on record, and nobody can fill the record with it.

use std::path::Path;

use rusqlite::Connection;
use scenarios::{Host, HostSettings, Person, eventually};
use serde_json::Value;

/// The refusals on the record of those whom nobody knows.
fn refusals(data: &Path) -> Vec<Value> {
    let database = Connection::open(data.join("nudge.db")).expect("the database");
    let mut select = database
        .prepare("SELECT value FROM state WHERE key LIKE 'audit-service||audit-body/anonymous/%'")
        .expect("a query");
    let bodies = select.query_map([], |row| row.get::<_, Vec<u8>>(0));
    bodies
        .expect("rows")
        .map(|body| serde_json::from_slice(&body.expect("a body")).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn a_refusal_is_on_record_once_a_minute() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    let forged = format!("{}AAAA", &kai.token()[..kai.token().len() - 4]);
    let mallory = Person::new(host.address(), "mallory", Some(forged));
    for number in 0..30 {
        let path = format!("/api/tasks?text={number}");
        mallory.gets(&path).await.expect(401);
    }
    // Without a token: that happens to everybody.
    let stranger = Person::new(host.address(), "stranger", None);
    stranger.gets("/api/reminders").await.expect(401);
    let found = eventually("the record", async || {
        Some(refusals(data.path())).filter(|found| !found.is_empty())
    })
    .await;
    // The thirty may lie in two minutes.
    assert!(found.len() <= 2, "{found:?}");
    let refused = &found[0];
    assert_eq!(refused["event_type"], "ACCESS_DENIED");
    assert_eq!(refused["metadata"]["source"], "task-service");
    assert_eq!(refused["payload"]["route"], "GET /api/tasks");
    let reason = refused["payload"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("signature"), "{reason}");
}
