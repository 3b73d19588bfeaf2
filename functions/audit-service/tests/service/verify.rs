//! Numbers and cursors that nobody means, and chains of a hundred thousand records: the work of one request is bounded.

use audit_service::chain::{BEGINNING, Record};
use dapr::fake::{FakeDapr, Interleaving, clock};
use events::Timestamp;
use function::cursor_to_text;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{Audit, ada, snoozed, task_id};

const RECORDS: u64 = 100_000;

/// A chain as earlier versions wrote it, and one task's story of all of it.
fn chain(dapr: &FakeDapr, records: u64) {
    let (user, task) = (ada(), task_id(1));
    let mut hash = BEGINNING.to_owned();
    for number in 1..=records {
        let mut event = snoozed(u128::from(number), 1);
        event.payload = json!({});
        let body = serde_json::to_value(&event).expect("JSON");
        let record = Record::following(
            number - 1,
            &hash,
            &body,
            event.event_id,
            Timestamp::clamped(clock()),
        );
        hash = record.hash();
        let id = event.event_id;
        dapr.tamper(&format!("audit/{user}/{number:020}"), json!(record));
        dapr.tamper(&format!("audit-body/{user}/{number:020}"), body);
        dapr.tamper(&format!("audit-event/{user}/{id}"), json!(number));
    }
    let numbers: Vec<u64> = (1..=records).collect();
    for (chunk, numbers) in numbers.chunks(256).enumerate() {
        dapr.tamper(&format!("audit-task/{user}/{task}/{chunk}"), json!(numbers));
    }
    let story = json!({ "records": records });
    dapr.tamper(&format!("audit-task/{user}/{task}"), story);
    dapr.tamper(
        &format!("audit-head/{user}"),
        json!({ "number": records, "hash": hash }),
    );
}

/// Seen to fail: with a cursor in the middle of a story, when its chunks are read from the newest on (200 reads).
#[test]
fn a_chain_of_a_hundred_thousand_is_read_in_bounded_steps() {
    let _world = Interleaving::new(0);
    let audit = Audit::new();
    chain(&audit.dapr.dapr, RECORDS);
    let (mut from, mut requests, mut hash) = (Some(1), 0, Value::Null);
    while let Some(first) = from {
        audit.dapr.take();
        let (status, verified) = audit.gets(&format!("/api/history/verify?from={first}"));
        assert_eq!(
            (status, &verified["valid"]),
            (200, &json!(true)),
            "{verified}"
        );
        assert!(audit.dapr.take().calls < 2_000);
        from = verified["next_from"].as_u64();
        hash = verified["hash"].clone();
        requests += 1;
    }
    assert_eq!(requests, 20);
    let head = audit.dapr.dapr.value(&format!("audit-head/{}", ada()));
    assert_eq!(head.expect("a head")["hash"], hash);

    for query in ["".to_owned(), format!("&task_id={}", task_id(1))] {
        for cursor in [u64::MAX, RECORDS + 1, 50_000, 257, 256, 2, 1] {
            audit.dapr.take();
            let text = cursor_to_text(&cursor.to_string());
            let path = format!("/api/history?limit=10{query}&cursor={text}");
            let (status, page) = audit.gets(&path);
            assert_eq!(status, 200, "{page}");
            let last = RECORDS.min(cursor - 1);
            let expected: Vec<u64> = (1..=last).rev().take(10).collect();
            let items = page["items"].as_array().expect("items").iter();
            let found: Vec<u64> = items.filter_map(|item| item["number"].as_u64()).collect();
            assert_eq!(found, expected, "{path}");
            assert_eq!(page["next_cursor"].is_null(), last <= 10, "{path}");
            assert!(audit.dapr.take().calls < 25, "{path}");
        }
    }
}

#[test]
fn numbers_that_nobody_means_are_refused() {
    let _world = Interleaving::new(0);
    let audit = Audit::new();
    for number in 1..=3 {
        audit.takes(&snoozed(number, 1));
    }
    for from in [
        "0",
        "5",
        "18446744073709551615",
        "18446744073709551616",
        "-1",
        "1.5",
        "",
        "x",
    ] {
        let (status, problem) = audit.gets(&format!("/api/history/verify?from={from}"));
        assert_eq!(status, 422, "{from}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], "?from", "{from}");
    }
    let (status, verified) = audit.gets("/api/history/verify?from=4");
    assert_eq!((status, &verified["to"]), (200, &json!(3)), "{verified}");
    for cursor in ["0", "-1", "18446744073709551616", "x", ""] {
        let cursor = cursor_to_text(cursor);
        let (status, problem) = audit.gets(&format!("/api/history?cursor={cursor}"));
        assert_eq!(status, 400, "{cursor}: {problem}");
    }
    for from in [json!(0), json!(4), json!(u64::MAX)] {
        let asked = json!({
            "user_id": ada().as_str(), "to": "reminder-service", "operator": "kai", "from": from,
        });
        audit
            .dapr
            .dapr
            .respond(|_| Ok(http::Response::new(b"{}".to_vec())));
        let (status, answer) = audit.posts("/audit-service/replay", &asked);
        assert_eq!(
            (status, &answer["next_from"]),
            (200, &Value::Null),
            "{answer}"
        );
    }
    for body in [
        json!({ "user_id": ada().as_str(), "to": "reminder-service", "operator": "" }),
        json!({ "user_id": ada().as_str(), "to": "reminder-service", "operator": "x".repeat(201) }),
        json!({ "user_id": "", "to": "reminder-service", "operator": "kai" }),
        json!({ "user_id": ada().as_str(), "to": "reminder-service", "operator": "kai", "from": -1 }),
    ] {
        assert_eq!(audit.posts("/audit-service/replay", &body).0, 422, "{body}");
    }
}

/// What was not erased must be there.
///
/// Seen to fail: when any record may be without its event.
#[test]
fn an_event_that_is_gone_without_an_erasure_is_found() {
    let _world = Interleaving::new(0);
    let audit = Audit::new();
    for number in 1..=3 {
        audit.takes(&snoozed(number, 1));
    }
    audit.dapr.dapr.tamper(
        &format!("audit-event/{}/{}", ada(), Uuid::from_u128(9)),
        json!(9),
    );
    audit.loses(&format!("audit-body/{}/{:020}", ada(), 2));
    let (status, verified) = audit.gets("/api/history/verify");
    assert_eq!(
        (status, &verified["record"]),
        (200, &json!(2)),
        "{verified}"
    );
    let history = audit.history("");
    assert_eq!(history[1]["payload"]["reason"], "The event is missing.");
    assert_eq!(history.len(), 3);
}
