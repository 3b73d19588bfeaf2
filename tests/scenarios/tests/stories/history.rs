//! What is on record.

use scenarios::{Place, eventually, task};
use serde_json::Value;

/// The event types of records, sorted.
pub(crate) fn kinds(records: &[Value]) -> Vec<String> {
    let kind = |record: &Value| record["event_type"].as_str().unwrap_or_default().to_owned();
    let mut kinds: Vec<String> = records.iter().map(kind).collect();
    kinds.sort();
    kinds
}

/// Records are numbered from 1 without a gap, and a task's story is the part of them that is about it.
#[tokio::test]
async fn everything_is_on_record_once() {
    let place = Place::open().await;
    let kai = place.person("kai").await;
    let tea = kai.creates(task("Buy tea")).await;
    kai.creates(task("Buy milk")).await;
    kai.changes(&tea, &serde_json::json!({ "priority": 1 }))
        .await;
    kai.completes(&tea).await;
    kai.reopens(&tea).await;
    kai.deletes(&tea).await;

    let expected = [
        "TASK_CHANGED",
        "TASK_CHANGED",
        "TASK_CHANGED",
        "TASK_CHANGED",
        "TASK_CHANGED",
        "TASK_COMPLETED",
        "TASK_CREATED",
        "TASK_DELETED",
        "TASK_REOPENED",
        "TASK_UPDATED",
    ];
    let story = eventually("the whole story of the tea", async || {
        Some(kai.history_of(tea.id()).await).filter(|story| story.len() == expected.len())
    })
    .await;
    assert_eq!(kinds(&story), expected);

    let all = eventually("everything on record", async || {
        Some(kai.history().await).filter(|all| all.len() == expected.len() + 2)
    })
    .await;
    let numbers: Vec<u64> = all
        .iter()
        .filter_map(|record| record["number"].as_u64())
        .collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<u64>>());
    let verified = kai.verifies_history().await;
    assert_eq!(verified["valid"], true, "{verified}");
    assert_eq!(verified["records"], 12);
}
