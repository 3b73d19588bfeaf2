//! A person is erased, by the real components: nothing of what they said is left in the store, their chain verifies, and
//! nobody else has lost anything.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use rusqlite::Connection;
use scenarios::{Host, HostSettings, MailServer, Person, Place, eventually, task, token};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Stands in everything that the person says.
const SAID: &str = "Zebrafink";

/// Keys and values of everything in the store that has `text` in it.
fn stored(data: &Path, text: &str) -> Vec<(String, String)> {
    let database = Connection::open(data.join("nudge.db")).expect("the database");
    let mut found = database
        .prepare(
            "SELECT key, CAST(value AS TEXT) FROM state WHERE instr(CAST(value AS TEXT), ?1) > 0 OR instr(key, ?1) > 0",
        )
        .expect("a query");
    let rows = found
        .query_map([text], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

/// What kind of documents are left of the person, by function and first part of the key.
fn kinds(data: &Path, user: &str) -> BTreeSet<String> {
    let keys = stored(data, user).into_iter().map(|(key, _)| key);
    let own = keys.filter(|key| key.contains(user));
    own.map(|key| key.split('/').next().unwrap_or_default().to_owned())
        .collect()
}

/// The id that keys and events have: base64url(SHA-256(issuer, newline, subject)).
fn user_id(person: &Person) -> String {
    let claims = token::claims(person.token());
    let text = |name: &str| claims[name].as_str().expect("a claim").to_owned();
    let digest = Sha256::digest(format!("{}\n{}", text("iss"), text("sub")));
    URL_SAFE_NO_PAD.encode(digest)
}

/// Everything that a person can leave behind.
async fn lives(person: &Person, mail: &MailServer) {
    person.wants_mail(mail).await;
    let notes = json!(format!("{SAID} in the notes"));
    let call = person.asks(Method::POST, "/api/tasks");
    let call = call.header("idempotency-key", "first");
    let body = json!({ "title": format!("{SAID} kept"), "notes": notes });
    call.json(&body).answer().await.expect(201);
    person
        .creates(task(&format!("{SAID} rang")).reminded_in(-1))
        .await;
    person
        .creates(task(&format!("{SAID} waits")).reminded_in(3_600))
        .await;
    let done = task(&format!("{SAID} done")).reminded_in(7_200);
    let done = person.creates(done).await;
    person.completes(&done).await;
    let gone = person.creates(task(&format!("{SAID} deleted"))).await;
    person.deletes(&gone).await;
    let water = task(&format!("{SAID} again")).due_on("2030-01-01", "Etc/UTC");
    let water = person.creates(water.again("FREQ=DAILY")).await;
    person.completes(&water).await;
    person
        .says(
            &format!("remind me to call {SAID} tomorrow at 9"),
            "Etc/UTC",
        )
        .await;
    let reminders = eventually("the reminders", async || {
        Some(person.reminders().await).filter(|reminders| reminders.len() >= 3)
    })
    .await;
    let waits = reminders
        .iter()
        .find(|one| one["title"] == format!("{SAID} waits"));
    let id = waits.and_then(|one| one["id"].as_str()).expect("an id");
    let path = format!("/api/reminders/{id}/snooze");
    person
        .posts(&path, &json!({ "minutes": 100 }))
        .await
        .expect(200);
    eventually("everything on record", async || {
        let history = person.history().await;
        let has = |kind: &str| history.iter().any(|record| record["event_type"] == kind);
        let kinds = [
            "REMINDER_SNOOZED",
            "TASK_RECURRED",
            "NOTIFICATION_DELIVERED",
            "TASK_DELETED",
        ];
        kinds.into_iter().all(has).then_some(())
    })
    .await;
}

/// What is left when a person is erased: the chain with where it ends, and tombstones.
fn left() -> BTreeSet<String> {
    [
        "audit-service||audit",
        "audit-service||audit-head",
        "audit-service||audit-erased",
        // The one event that says it.
        "audit-service||audit-body",
        "audit-service||audit-event",
        "task-service||user",
        "reminder-service||user",
        "recurrence-engine||user",
        "notification-service||inbox",
        "notification-service||channels",
        "chatbot||user",
    ]
    .map(str::to_owned)
    .into()
}

/// What each function's part of it is worth is in `functions/audit-service/tests/everywhere`, which was seen to fail.
#[tokio::test]
async fn nothing_of_a_person_is_left() {
    let place = Place::open().await;
    let (kai, ada) = (place.person("kai").await, place.person("ada").await);
    lives(&kai, place.mail()).await;
    lives(&ada, place.mail()).await;
    let data = place.data().expect("a host of its own");
    let (user, other) = (user_id(&kai), user_id(&ada));
    let of_ada = |data: &Path| -> BTreeSet<String> {
        let keys = stored(data, &other).into_iter().map(|(key, _)| key);
        let own = keys.filter(|key| key.contains(&other));
        own.collect()
    };
    let (before, tasks) = (of_ada(data), ada.lists("status=open").await.len());

    let erase = || kai.asks(Method::DELETE, "/api/account");
    erase().answer().await.problem(422);
    let unsure = json!({ "confirm": "perhaps" });
    let said = erase().json(&unsure).answer().await.problem(422);
    assert!(said.to_string().contains("confirm"), "{said}");
    let sure = json!({ "confirm": "erase" });
    erase().json(&sure).answer().await.expect(202);
    erase().json(&sure).answer().await.expect(202);

    let refused = kai.posts("/api/tasks", &json!({ "title": SAID })).await;
    refused.problem(409);
    eventually("nothing but the chain and tombstones", async || {
        (kinds(data, &user) == left()).then_some(())
    })
    .await;
    let said = stored(data, SAID);
    let of_others = said.iter().filter(|(_, value)| value.contains(&other));
    assert!(of_others.count() > 0, "ada's are there");
    let chain = kai.verifies_history().await;
    assert_eq!(chain["valid"], true, "{chain}");
    let history = kai.history().await;
    assert!(
        history
            .iter()
            .all(|event| event["event_type"] == "PERSON_ERASED"),
        "{history:?}"
    );
    assert!(kai.lists("status=open").await.is_empty());
    assert!(kai.inbox().await.is_empty() && kai.reminders().await.is_empty());
    assert_eq!(stored(data, &kai.mail_address()), []);

    assert_eq!(ada.lists("status=open").await.len(), tasks);
    let after = of_ada(data);
    let lost: Vec<&String> = before
        .difference(&after)
        .filter(|key| !key.contains("||jwks/"))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    let chain = ada.verifies_history().await;
    assert_eq!(chain["valid"], true, "{chain}");
}

/// An operator erases a person of a Nudge that does not run; nobody else's texts are there, so none are left at all.
#[tokio::test]
async fn an_operator_erases_a_person() {
    let data = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostSettings::new(data.path())).await;
    let kai = host.person("kai").await;
    let done = kai.creates(task(&format!("{SAID} done"))).await;
    kai.completes(&done).await;
    kai.creates(task(SAID).reminded_in(3_600)).await;
    kai.says(&format!("remind me to call {SAID} tomorrow"), "Etc/UTC")
        .await;
    let user = user_id(&kai);
    let (_, settings) = host.stop().await;
    assert!(!stored(data.path(), SAID).is_empty());
    let said = settings.erases(&user).await;
    assert!(said.contains("erased"), "{said}");
    assert_eq!(stored(data.path(), SAID), []);

    let host = Host::start(settings).await;
    let kai = kai.at(host.address());
    let chain = kai.verifies_history().await;
    assert_eq!(chain["valid"], true, "{chain}");
    let history = kai.history().await;
    let [last] = history.as_slice() else {
        panic!("more than one event: {history:?}");
    };
    assert_eq!(last["event_type"], "PERSON_ERASED");
    assert_eq!(last["payload"]["asked_by"], "ticket 12");
}
