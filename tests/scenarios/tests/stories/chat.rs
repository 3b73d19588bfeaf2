//! Talking to Nudge.

use http::Method;
use scenarios::{Place, eventually};
use serde_json::json;

/// A sentence becomes a task on every screen, another one completes it, and it comes again.
#[tokio::test]
async fn a_sentence_becomes_a_task() {
    const ZONE: &str = "Europe/Berlin";
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let mut screen = mia.opens_a_screen().await;
    let said = mia
        .says("remind me to pay rent every month on the 1st at 9", ZONE)
        .await;
    let action = &said["actions"][0];
    assert_eq!(action["kind"], "added", "{said}");
    let id = action["task"]["id"].as_str().expect("an id").to_owned();
    let seen = screen.sees(&id).await;
    assert_eq!(seen["due"]["time"], "09:00");
    assert!(
        seen["due"]["date"]
            .as_str()
            .is_some_and(|date| date.ends_with("-01"))
    );
    assert_eq!(seen["recurrence"]["rrule"], "FREQ=MONTHLY;BYMONTHDAY=1");
    assert_eq!(seen["reminders"].as_array().map(Vec::len), Some(1));

    let done = mia.says("I paid the rent", ZONE).await;
    assert_eq!(done["actions"][0]["kind"], "completed", "{done}");
    let next = eventually("the next occurrence", async || {
        mia.lists("status=open").await.into_iter().next()
    })
    .await;
    assert_eq!(next.text("/series_id"), seen["series_id"]);
    assert!(next.due().ends_with("-01 09:00") && next.id() != id);

    // The chat's own chain: what it called happened in its name.
    let created = eventually("its creation on record", async || {
        // What else is on record of it may be there first: topics are not in order among each other.
        let story = mia.history_of(&id).await;
        story
            .into_iter()
            .find(|item| item["event_type"] == "TASK_CREATED")
    })
    .await;
    assert_eq!(created["source"], "task-service");
}

/// What is not there can't be completed, and Nudge says so instead of doing something else.
#[tokio::test]
async fn nothing_happens_by_mistake() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let said = mia.says("I bought the elephant", "UTC").await;
    assert_eq!(said["actions"].as_array().map_or(0, Vec::len), 0, "{said}");
    assert!(mia.lists("").await.is_empty());
}

/// A sentence without a zone is meant by the clocks that the person's preferences name.
///
/// Seen to fail: the chatbot was refused the preferences, and took UTC.
#[tokio::test]
async fn a_sentence_is_meant_by_the_persons_own_clocks() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let preferences = json!({ "time_zone": "America/New_York" });
    let call = mia.asks(Method::PUT, "/api/preferences");
    call.json(&preferences).answer().await.expect(200);
    let body = json!({ "message": "remind me to call Bo tomorrow at 9", "conversation_id": "c" });
    let said = mia.posts("/api/chat", &body).await.expect(200).json();
    let due = &said["actions"][0]["task"]["due"];
    assert_eq!(due["time_zone"], "America/New_York", "{said}");
    let body = json!({ "text": "call Cy tomorrow at 9" });
    let made = mia.posts("/api/quick-add", &body).await.expect(201).json();
    assert!(
        made.to_string()
            .contains(r#""time_zone":"America/New_York""#),
        "{made}"
    );
}
