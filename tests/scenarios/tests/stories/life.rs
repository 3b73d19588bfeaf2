//! The life of one event, as the architecture tells it.

use scenarios::{Place, eventually, task};
use serde_json::Value;

use crate::history::kinds;

/// A task is created, appears on another screen, rings there, in the inbox and as mail; it is completed, comes again on
/// the next first of the month, and the history shows both chains.
#[tokio::test]
async fn the_rent_is_paid() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    mia.wants_mail(place.mail()).await;
    let mut screen = mia.opens_a_screen().await;

    let rent = mia
        .creates(
            task("Pay rent")
                .due_at("2031-04-01", "09:00", "Europe/Berlin")
                .again("FREQ=MONTHLY;BYMONTHDAY=1")
                .reminded_in(2),
        )
        .await;
    assert_eq!(screen.sees(rent.id()).await["title"], "Pay rent");

    let told = screen.hears("notification_added").await;
    assert_eq!(told["notification"]["title"], "Pay rent");
    assert_eq!(told["notification"]["task_id"], rent.id());
    let inbox = eventually("the reminder in the inbox", async || {
        Some(mia.inbox().await).filter(|inbox| !inbox.is_empty())
    })
    .await;
    assert_eq!(inbox.len(), 1, "told once: {inbox:?}");
    assert_eq!(inbox[0]["id"], told["notification"]["id"]);
    let mail = place.mail().receives(&mia.mail_address(), "Pay rent").await;
    assert_eq!(mail.from, "nudge@example.test");
    assert!(mail.body().contains(&format!("/?task={}", rent.id())));

    let done = mia.completes(&rent).await;
    assert!(!done.is_open());
    let next = eventually("the next occurrence", async || {
        mia.lists("status=open").await.into_iter().next()
    })
    .await;
    assert_eq!(next.due(), "2031-05-01 09:00");
    assert_eq!(next.text("/series_id"), rent.text("/series_id"));
    assert_eq!(screen.sees(next.id()).await["title"], "Pay rent");

    let first = eventually("the first chain on record", async || {
        let history = mia.history().await;
        let chain = chain_of(&history, "TASK_CREATED", rent.id());
        chain
            .iter()
            .any(|item| item["event_type"] == "NOTIFICATION_DELIVERED")
            .then_some(chain)
    })
    .await;
    assert_eq!(
        kinds(&first),
        [
            "NOTIFICATION_ADDED",
            "NOTIFICATION_DELIVERED",
            "REMINDER_TRIGGERED",
            "TASK_CHANGED",
            "TASK_CREATED",
            "TASK_DUE_SET",
            "TASK_REMINDER_SET",
        ]
    );
    let second = eventually("the second chain on record", async || {
        let history = mia.history().await;
        let chain = chain_of(&history, "TASK_COMPLETED", rent.id());
        (chain.len() >= 8).then_some(chain)
    })
    .await;
    let created = second
        .iter()
        .find(|item| item["event_type"] == "TASK_CREATED")
        .expect("the next occurrence on record");
    let completed = second
        .iter()
        .find(|item| item["event_type"] == "TASK_COMPLETED")
        .expect("the completion on record");
    assert_eq!(created["task_id"], next.id());
    assert_eq!(created["causation_id"], completed["event_id"]);
    assert!(kinds(&second).contains(&"TASK_RECURRED".to_owned()));
    assert_eq!(mia.verifies_history().await["valid"], true);
}

/// All records that have the correlation of the task's event of this type.
fn chain_of(history: &[Value], event_type: &str, task: &str) -> Vec<Value> {
    let first = history
        .iter()
        .find(|item| item["event_type"] == event_type && item["task_id"] == task);
    let Some(first) = first else {
        return Vec::new();
    };
    let correlation = &first["correlation_id"];
    history
        .iter()
        .filter(|item| item["correlation_id"] == *correlation)
        .cloned()
        .collect()
}
