//! Reminders: snoozed, dismissed, moved, late, and told by mail.

use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use http::Method;
use scenarios::{Person, Place, Task, eventually, task};
use serde_json::{Value, json};

/// The task's only reminder.
async fn reminder_of(person: &Person, task: &Task) -> Value {
    eventually("the reminder in the list", async || {
        let reminders = person.reminders().await;
        reminders
            .into_iter()
            .find(|reminder| reminder["task_id"] == task.id())
    })
    .await
}

/// What the inbox says of a task, once that is `count` notifications.
async fn told(person: &Person, task: &Task, count: usize) -> Vec<Value> {
    let what = format!("{count} notifications of {:?}", task.text("/title"));
    eventually(&what, async || {
        let inbox = person.inbox().await;
        let told: Vec<Value> = inbox
            .into_iter()
            .filter(|item| item["task_id"] == task.id())
            .collect();
        (told.len() == count).then_some(told)
    })
    .await
}

/// Lets everything that is due by now happen: a reminder that is set later has been told.
async fn let_time_pass(person: &Person) {
    let marker = person.creates(task("Marker").reminded_in(3)).await;
    told(person, &marker, 1).await;
}

/// A task's reminders are all in the list, also on one page.
///
/// Seen to fail: when the list had only the first reminder of each task.
#[tokio::test]
async fn all_reminders_of_a_task_are_listed() {
    let place = Place::open().await;
    let lea = place.person("lea").await;
    let reminders = json!([{ "before_due_minutes": 0 }, { "before_due_minutes": 60 }]);
    let exam = task("Exam").due_at("2090-03-01", "09:00", "UTC");
    let exam = lea.creates(exam.with("reminders", reminders)).await;
    let listed = eventually("its reminders", async || {
        Some(lea.reminders().await).filter(|listed| !listed.is_empty())
    })
    .await;
    let at: Vec<&Value> = listed.iter().map(|reminder| &reminder["at"]).collect();
    assert_eq!(at, ["2090-03-01T08:00:00.000Z", "2090-03-01T09:00:00.000Z"]);
    assert!(
        listed
            .iter()
            .all(|reminder| reminder["task_id"] == exam.id())
    );
}

/// It rings, is snoozed, rings again, and is dismissed; each ring is told once.
#[tokio::test]
async fn snoozed_and_dismissed() {
    let place = Place::open().await;
    let lea = place.person("lea").await;
    let mut screen = lea.opens_a_screen().await;
    let call = lea.creates(task("Call mom").reminded_in(1)).await;
    let first = told(&lea, &call, 1).await;
    assert_eq!(first[0]["late"], false);
    let reminder = first[0]["reminder_id"].as_str().expect("a reminder's id");

    let until = Utc::now() + chrono::Duration::seconds(2);
    let until = until.to_rfc3339_opts(SecondsFormat::Millis, true);
    let snooze = format!("/api/reminders/{reminder}/snooze");
    let snoozed = lea.posts(&snooze, &json!({ "until": until })).await;
    assert_eq!(snoozed.expect(200).json()["state"], "snoozed");
    let again = told(&lea, &call, 2).await;
    assert_ne!(again[0]["id"], again[1]["id"]);

    let dismiss = format!("/api/reminders/{reminder}/dismiss");
    let dismissed = lea.posts(&dismiss, &json!({})).await.expect(200).json();
    assert_eq!(dismissed["state"], "dismissed");
    lea.posts(&snooze, &json!({ "minutes": 5 }))
        .await
        .problem(409);
    let_time_pass(&lea).await;
    told(&lea, &call, 2).await;

    let heard = screen.hears("notification_added").await;
    assert_eq!(heard["notification"]["task_id"], call.id());
    let kinds = crate::history::kinds(&lea.history_of(call.id()).await);
    for kind in ["REMINDER_SNOOZED", "REMINDER_DISMISSED"] {
        assert!(kinds.iter().any(|other| other == kind), "{kind}: {kinds:?}");
    }
}

/// A reminder of a task that is done, gone or moved does not ring at its old time.
#[tokio::test]
async fn a_reminder_goes_with_its_task() {
    let place = Place::open().await;
    let lea = place.person("lea").await;
    let done = lea.creates(task("Done in time").reminded_in(3)).await;
    let gone = lea.creates(task("Not needed").reminded_in(3)).await;
    let moved = lea.creates(task("Moved").reminded_in(3)).await;
    for task in [&done, &gone, &moved] {
        reminder_of(&lea, task).await;
    }
    lea.completes(&done).await;
    lea.deletes(&gone).await;
    let far = json!({ "reminders": [{ "at": "2031-01-01T08:00:00Z" }] });
    lea.changes(&moved, &far).await;
    let_time_pass(&lea).await;
    let inbox = lea.inbox().await;
    assert_eq!(inbox.len(), 1, "only the marker: {inbox:?}");
    let at = reminder_of(&lea, &moved).await["at"].clone();
    assert!(at.as_str().is_some_and(|at| at.starts_with("2031-01-01")));
}

/// A reminder in the past rings at once.
#[tokio::test]
async fn a_reminder_in_the_past_rings_at_once() {
    let place = Place::open().await;
    let lea = place.person("lea").await;
    let past = lea.creates(task("Yesterday").reminded_in(-86_400)).await;
    let told = told(&lea, &past, 1).await;
    assert_eq!(told[0]["late"], true, "{told:?}");
}

/// Marks of what was read.
#[tokio::test]
async fn the_inbox_is_read() {
    let place = Place::open().await;
    let lea = place.person("lea").await;
    let tasks = [
        lea.creates(task("One").reminded_in(-1)).await,
        lea.creates(task("Two").reminded_in(-1)).await,
    ];
    for task in &tasks {
        told(&lea, task, 1).await;
    }
    let unread = async || lea.gets("/api/notifications").await.expect(200).json()["unread"].clone();
    assert_eq!(unread().await, 2);
    let id = lea.inbox().await[0]["id"].as_str().map(str::to_owned);
    let read = format!("/api/notifications/{}/read", id.expect("an id"));
    for _ in 0..2 {
        lea.asks(Method::POST, &read).answer().await.expect(204);
        assert_eq!(unread().await, 1);
    }
    let all = lea.asks(Method::POST, "/api/notifications/read-all");
    all.answer().await.expect(204);
    assert_eq!(unread().await, 0);
}

/// A bell that was answered anywhere is silent on every screen: its task done or deleted, its reminder dismissed, or read in
/// the inbox.
#[tokio::test]
async fn bells_are_silent_everywhere() {
    let place = Place::open().await;
    let lea = place.person("lea").await;
    let mut phone = lea.opens_a_screen().await;
    for end in ["done", "deleted", "dismissed", "read"] {
        let task = lea.creates(task(end).reminded_in(0)).await;
        let added = phone.hears("notification_added").await;
        let id = added["notification"]["id"].clone();
        // Screens are told a moment before the inbox has it.
        eventually("the bell in the inbox", async || {
            let inbox = lea.gets("/api/notifications").await.expect(200).json();
            (inbox["unread"] == 1).then_some(())
        })
        .await;
        let (method, path) = match end {
            "done" => (Method::POST, format!("/api/tasks/{}/complete", task.id())),
            "deleted" => (Method::DELETE, format!("/api/tasks/{}", task.id())),
            "dismissed" => {
                let reminder = added["notification"]["reminder_id"].as_str();
                let reminder = reminder.expect("a reminder");
                (Method::POST, format!("/api/reminders/{reminder}/dismiss"))
            }
            _ => {
                let id = id.as_str().expect("an id");
                (Method::POST, format!("/api/notifications/{id}/read"))
            }
        };
        let answer = lea.asks(method, &path).answer().await;
        assert!(answer.status.is_success(), "{end}: {}", answer.body);
        assert_eq!(
            phone.hears("notifications_read").await["ids"],
            json!([id]),
            "{end}"
        );
        let inbox = lea.gets("/api/notifications").await.expect(200).json();
        assert_eq!(inbox["unread"], 0, "{end}: {inbox}");
    }
}

/// Mail comes when somebody wants it, once; quiet hours hold it back, and the inbox does not wait for them.
#[tokio::test]
async fn mail_for_those_who_want_it() {
    let place = Place::open().await;
    let (lea, tom) = (place.person("lea").await, place.person("tom").await);
    lea.wants_mail(place.mail()).await;
    let tea = lea.creates(task("Tea & \"biscuits\"").reminded_in(1)).await;
    let not = tom.creates(task("No mail").reminded_in(1)).await;
    let mail = place
        .mail()
        .receives(&lea.mail_address(), "Tea & \"biscuits\"")
        .await;
    assert!(mail.body().contains("Tea &amp; &quot;biscuits&quot;"));
    assert_eq!(mail.to, [lea.mail_address()]);
    told(&tom, &not, 1).await;
    told(&lea, &tea, 1).await;

    // Hours around now, in a zone without clock changes.
    let now = Utc::now();
    let wall = |minutes: i64| (now + chrono::Duration::minutes(minutes)).format("%H:%M");
    let quiet = json!({
        "time_zone": "UTC",
        "quiet_hours": { "from": wall(-30).to_string(), "to": wall(30).to_string() },
        "email": { "enabled": true, "address": lea.mail_address() },
    });
    let set = lea.asks(Method::PUT, "/api/preferences").json(&quiet);
    assert_eq!(
        set.answer().await.expect(200).json()["quiet_hours"],
        quiet["quiet_hours"]
    );
    let night = lea.creates(task("Quiet, please").reminded_in(0)).await;
    told(&lea, &night, 1).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mails = place.mail().taken_for(&lea.mail_address()).into_iter();
    assert_eq!(mails.filter(|mail| mail.code().is_none()).count(), 1);
    assert!(place.mail().taken_for(&tom.mail_address()).is_empty());
}
