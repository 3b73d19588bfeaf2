//! Events that one function can't process: each waits on its dead-letter topic with its reason until an operator deals with
//! it, and everybody else's flow on meanwhile. `cargo xtask test dapr` runs this before real daprd and Kafka.
//!
//! | variable | what |
//! |---|---|
//! | `POISON_DATA` | where that Nudge keeps everything |
//! | `DAPR_AUDIT_SERVICE` … | where the functions' daprds are: what breaks state and publishes nonsense goes that way |
//!
//! and what the stories need (see the library).

mod operator;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scenarios::{Person, Place, eventually, task, token};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use operator::{Letter, Operator};

/// How many others have their events processed meanwhile.
const OTHERS: usize = 3;

/// The id under which the system knows a person.
fn user_id(person: &Person) -> String {
    let claims = token::claims(person.token());
    let text = |name: &str| claims[name].as_str().expect("a claim").to_owned();
    let hash = Sha256::digest(format!("{}\n{}", text("iss"), text("sub")));
    URL_SAFE_NO_PAD.encode(hash)
}

/// Somebody's recurring task is completed, comes again, and is on record.
async fn events_flow_for(person: &Person) {
    let water = person
        .creates(
            task("Water")
                .due_on("2031-01-01", "UTC")
                .again("FREQ=DAILY"),
        )
        .await;
    person.completes(&water).await;
    eventually("the next occurrence", async || {
        (person.lists("status=open").await.len() == 1).then_some(())
    })
    .await;
    on_record(person, &["TASK_COMPLETED", "TASK_RECURRED"]).await;
}

async fn on_record(person: &Person, kinds: &[&str]) {
    eventually(&format!("{kinds:?} on record"), async || {
        let history = person.history().await;
        let has = |kind: &&str| history.iter().any(|item| item["event_type"] == **kind);
        kinds.iter().all(has).then_some(())
    })
    .await;
}

/// Waits until all that happened is on record.
async fn all_on_record(person: &Person) {
    eventually("everything on record", async || {
        let listed = person.gets("/api/tasks?limit=1").await.expect(200).json();
        let history = person.history().await;
        let numbered = history.iter().filter(|item| item["sequence"].is_u64());
        (numbered.count() as u64 == listed["revision"].as_u64()?).then_some(())
    })
    .await;
}

/// What the operator did is on the person's record, and about this event.
async fn is_told(person: &Person, kind: &str, field: &str, letter: &Letter) {
    eventually(kind, async || {
        let history = person.history().await;
        let told = |item: &Value| {
            item["event_type"] == kind
                && item["payload"][field] == *letter.event_id
                && item["payload"]["topic"] == *letter.topic()
        };
        history.iter().any(told).then_some(())
    })
    .await;
}

/// Two functions' documents about one person are damaged, so neither can process what comes next.
#[tokio::test]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn what_waits_for_an_operator_holds_up_nobody_and_is_replayed_to_one_function() {
    let (place, operator) = (Place::open().await, Operator::new());
    let mia = place.person("mia").await;
    let user = user_id(&mia);
    let water = mia
        .creates(
            task("Water")
                .due_on("2031-01-01", "UTC")
                .again("FREQ=DAILY"),
        )
        .await;
    mia.completes(&water).await;
    eventually("the next occurrence", async || {
        (mia.lists("status=open").await.len() == 1).then_some(())
    })
    .await;
    on_record(&mia, &["TASK_RECURRED"]).await;
    all_on_record(&mia).await;

    let series = format!("series/{user}/{}", water.text("/series_id"));
    let broken = [
        ("recurrence-engine", series),
        ("audit-service", format!("audit-head/{user}")),
    ];
    let mut whole = Vec::new();
    for (function, key) in &broken {
        whole.push(operator.document(function, key).await);
        operator.puts(function, key, &json!("damaged")).await;
    }
    mia.reopens(&water).await;

    let mut letters = Vec::new();
    for (function, key) in &broken {
        let topic = format!("task-events.{function}.dlq");
        let letter = operator.finds(&topic, &format!("{key} is corrupt")).await;
        assert_eq!(letter.kind, "TASK_REOPENED", "{letter:?}");
        letters.push(letter);
    }
    for i in 0..OTHERS {
        events_flow_for(&place.person(&format!("other{i}")).await).await;
    }

    let (of_engine, of_audit) = (&letters[0], &letters[1]);
    let refused = operator.runs("replay", of_audit).await;
    let refused = refused.expect_err("the document is still damaged");
    assert!(refused.contains("does not take it yet"), "{refused}");

    operator
        .puts("audit-service", &broken[1].1, &whole[1])
        .await;
    operator.runs("replay", of_audit).await.expect("replayed");
    on_record(&mia, &["TASK_REOPENED"]).await;
    is_told(&mia, "EVENT_REPLAYED", "replayed_event_id", of_audit).await;
    assert!(!operator.lists().await.contains(of_audit));
    assert!(operator.lists().await.contains(of_engine), "one function's");
    assert_eq!(mia.lists("status=open").await.len(), 2, "nobody else heard");

    operator
        .puts("recurrence-engine", &broken[0].1, &whole[0])
        .await;
    operator.runs("replay", of_engine).await.expect("replayed");
    eventually("the next occurrence is taken back", async || {
        (mia.lists("status=open").await.len() == 1).then_some(())
    })
    .await;

    // What else waited for the damaged record.
    for letter in operator.lists().await {
        if letter.reason.contains(&user) {
            operator.runs("replay", &letter).await.expect("replayed");
        }
    }
    all_on_record(&mia).await;
    assert_eq!(mia.verifies_history().await["valid"], true);
}

/// Nobody knows the version of an event.
#[tokio::test]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn what_nobody_will_ever_understand_is_discarded() {
    let (place, operator) = (Place::open().await, Operator::new());
    let mia = place.person("mia").await;
    let user = user_id(&mia);
    let id = Uuid::new_v4();
    let event = json!({
        "specversion": "1.0", "id": id, "source": "task-service", "type": "TASK_COMPLETED",
        "datacontenttype": "application/json",
        "data": {
            "event_id": id, "event_type": "TASK_COMPLETED", "task_id": "", "user_id": user, "payload": {},
            "metadata": { "source": "task-service", "version": "v9", "correlation_id": id },
            "timestamp": "2026-04-01T07:00:00.000Z",
        },
    });
    operator.publishes("task-events", &user, &event).await;
    for function in ["recurrence-engine", "audit-service"] {
        let topic = format!("task-events.{function}.dlq");
        let letter = operator.finds(&topic, &id.to_string()).await;
        assert!(letter.reason.contains(r#"version "v9""#), "{letter:?}");
        let shown = operator.runs("show", &letter).await.expect("shown");
        assert!(
            shown.contains(&id.to_string()) && shown.contains("Why: "),
            "{shown}"
        );
        let refused = operator.runs("replay", &letter).await;
        refused.expect_err("no function takes it");
        operator.runs("discard", &letter).await.expect("discarded");
        assert!(!operator.lists().await.contains(&letter));
        is_told(&mia, "EVENT_DISCARDED", "discarded_event_id", &letter).await;
    }
    events_flow_for(&mia).await;
}
