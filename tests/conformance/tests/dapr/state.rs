//! State: documents, versions, transactions, expiry.

use std::time::Duration;

use conformance::{Place, Where};
use serde_json::{Value, json};

super::cases!(
    documents,
    a_key_belongs_to_its_app,
    a_stale_version_is_a_conflict,
    first_write_takes_no_existing_document,
    a_transaction_is_whole_or_nothing,
    what_expires_is_gone,
    malformed_requests,
);

const STORE: &str = "/v1.0/state/statestore";

async fn read(place: &Place, key: &str) -> Value {
    place.get(&format!("{STORE}/{key}")).await.json()
}

async fn save(place: &Place, items: Value) -> (u16, String) {
    place.call("POST", STORE, &items).await.outcome()
}

async fn transact(place: &Place, operations: Value) -> (u16, String) {
    let body = json!({ "operations": operations });
    let path = format!("{STORE}/transaction");
    place.call("POST", &path, &body).await.outcome()
}

async fn documents(place: Where) {
    let place = Place::open(place).await;
    let none = place.get(&format!("{STORE}/task%2Fu%2F1")).await;
    assert_eq!((none.status, none.body.len()), (204, 0));
    let items = json!([{ "key": "task/u/1", "value": { "title": "Käse" } }, { "key": "b", "value": [1, null] }]);
    assert_eq!(save(&place, items).await, (204, String::new()));
    let found = place.get(&format!("{STORE}/task%2Fu%2F1")).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.json(), json!({ "title": "Käse" }));
    assert!(!found.etag().is_empty(), "{:?}", found.headers);
    let keys = json!({ "keys": ["b", "nothing", "task/u/1"], "parallelism": 10 });
    let bulk = place.call("POST", &format!("{STORE}/bulk"), &keys).await;
    assert_eq!(bulk.status, 200);
    let mut bulk = bulk.json().as_array().cloned().unwrap_or_default();
    bulk.sort_by_key(|item| item["key"].to_string());
    assert_eq!(bulk.len(), 3);
    assert_eq!(bulk[0]["data"], json!([1, null]));
    assert_eq!(
        bulk[1],
        json!({ "key": "nothing" }),
        "a missing key has neither data nor version"
    );
    assert_eq!(bulk[2]["etag"], json!(found.etag()));
    for _ in 0..2 {
        let path = format!("{STORE}/task%2Fu%2F1");
        let deleted = place.send(&place.id, "DELETE", &path, &[], String::new());
        assert_eq!(
            deleted.await.status,
            204,
            "and once more: it is gone as it should be"
        );
    }
    assert_eq!(read(&place, "task%2Fu%2F1").await, Value::Null);
}

async fn a_key_belongs_to_its_app(place: Where) {
    let place = Place::open(place).await;
    save(&place, json!([{ "key": "mine", "value": 1 }])).await;
    let path = format!("{STORE}/mine");
    let neighbours = place.send(&place.neighbour, "GET", &path, &[], String::new());
    assert_eq!(neighbours.await.status, 204);
    assert_eq!(read(&place, "mine").await, json!(1));
}

async fn a_stale_version_is_a_conflict(place: Where) {
    let place = Place::open(place).await;
    save(&place, json!([{ "key": "a", "value": 1 }])).await;
    let first = place.get(&format!("{STORE}/a")).await.etag();
    let with_first = |value| json!([{ "key": "a", "value": value, "etag": first, "options": { "concurrency": "first-write" } }]);
    assert_eq!(save(&place, with_first(2)).await.0, 204);
    let conflict = (409, "ERR_STATE_SAVE".to_owned());
    assert_eq!(save(&place, with_first(3)).await, conflict);
    let path = format!("{STORE}/a");
    let stale = [("if-match", first.as_str())];
    let deleted = place.send(&place.id, "DELETE", &path, &stale, String::new());
    let conflict = (409, "ERR_STATE_DELETE".to_owned());
    assert_eq!(deleted.await.outcome(), conflict);
    assert_eq!(read(&place, "a").await, json!(2));
}

async fn first_write_takes_no_existing_document(place: Where) {
    let place = Place::open(place).await;
    let first_write = |value| json!([{ "key": "a", "value": value, "options": { "concurrency": "first-write" } }]);
    assert_eq!(save(&place, first_write(1)).await.0, 204);
    // No 409, unlike a stale version: the store only says that nothing was written.
    let refused = (500, "ERR_STATE_SAVE".to_owned());
    assert_eq!(save(&place, first_write(2)).await, refused);
    assert_eq!(read(&place, "a").await, json!(1));
}

async fn a_transaction_is_whole_or_nothing(place: Where) {
    let place = Place::open(place).await;
    let upsert = |key: &str, value: Value| json!({ "operation": "upsert", "request": { "key": key, "value": value } });
    let made = transact(
        &place,
        json!([upsert("a", json!(1)), upsert("b", json!(1))]),
    )
    .await;
    assert_eq!(made.0, 204);
    let etag = place.get(&format!("{STORE}/a")).await.etag();
    let guarded = |operation: &str, etag: &str| {
        json!({
            "operation": operation,
            "request": { "key": "a", "value": 2, "etag": etag, "options": { "concurrency": "first-write" } },
        })
    };
    let absent = json!({
        "operation": "upsert",
        "request": { "key": "a", "value": 3, "options": { "concurrency": "first-write" } },
    });
    let good = json!([upsert("b", json!(2)), guarded("upsert", &etag)]);
    assert_eq!(transact(&place, good).await.0, 204);
    let now = place.get(&format!("{STORE}/a")).await.etag();
    assert_ne!(now, etag);
    // A stale version and a document that should not be there: 500 like any fault, and nothing is written.
    let refused = (500, "ERR_STATE_TRANSACTION".to_owned());
    for bad in [guarded("upsert", &etag), guarded("delete", &etag), absent] {
        let operations = json!([upsert("b", json!(9)), bad, upsert("c", json!(9))]);
        assert_eq!(transact(&place, operations).await, refused, "{bad}");
        assert_eq!(read(&place, "b").await, json!(2), "{bad}");
        assert_eq!(read(&place, "c").await, Value::Null, "{bad}");
    }
    let delete = |key: &str| json!({ "operation": "delete", "request": { "key": key } });
    let gone = json!([delete("b"), delete("never-there"), guarded("delete", &now)]);
    assert_eq!(transact(&place, gone).await.0, 204);
    assert_eq!(read(&place, "a").await, Value::Null);
    assert_eq!(read(&place, "b").await, Value::Null);
}

async fn what_expires_is_gone(place: Where) {
    let place = Place::open(place).await;
    let lives = |key: &str, seconds: &str| json!({ "key": key, "value": 1, "metadata": { "ttlInSeconds": seconds } });
    let operations = json!([
        { "operation": "upsert", "request": lives("short", "1") },
        { "operation": "upsert", "request": lives("long", "60") },
        { "operation": "upsert", "request": lives("for-ever", "-1") },
    ]);
    assert_eq!(transact(&place, operations).await.0, 204);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(read(&place, "short").await, Value::Null);
    assert_eq!(read(&place, "long").await, json!(1));
    assert_eq!(read(&place, "for-ever").await, json!(1));
    // What has expired is as good as absent for a first write.
    let again = json!([{ "operation": "upsert", "request": { "key": "short", "value": 2, "options": { "concurrency": "first-write" } } }]);
    assert_eq!(transact(&place, again).await.0, 204);
    assert_eq!(read(&place, "short").await, json!(2));
}

async fn malformed_requests(place: Where) {
    let place = Place::open(place).await;
    let send = async |path: &str, body: &str| {
        let answer = place
            .send(&place.id, "POST", path, &[], body.to_owned())
            .await;
        answer.outcome()
    };
    let malformed = (400, "ERR_MALFORMED_REQUEST".to_owned());
    for path in ["", "/transaction", "/bulk"] {
        let path = format!("{STORE}{path}");
        assert_eq!(send(&path, "nope").await, malformed, "{path}");
    }
    let unknown =
        json!({ "operations": [{ "operation": "increment", "request": { "key": "a" } }] });
    assert_eq!(
        send(&format!("{STORE}/transaction"), &unknown.to_string()).await,
        (400, "ERR_NOT_SUPPORTED_STATE_OPERATION".to_owned())
    );
    assert_eq!(
        place.get("/v1.0/state/nowhere/a").await.outcome(),
        (400, "ERR_STATE_STORE_NOT_FOUND".to_owned())
    );
}
