//! What the chain of records shows and what it doesn't.

use audit_service::chain::{BEGINNING, Record};
use events::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

fn chain() -> Vec<(Record, Value)> {
    let at = Timestamp::clamped("2026-11-24T12:00:00Z".parse().expect("an instant"));
    let mut hash = BEGINNING.to_owned();
    (0..4)
        .map(|number| {
            let body = json!({ "b": number, "a": { "y": "ü", "x": 1 } });
            let record = Record::following(number, &hash, &body, Uuid::from_u128(7), at);
            hash = record.hash();
            (record, body)
        })
        .collect()
}

fn check(chain: &[(Record, Value)]) -> Result<(), String> {
    let mut hash = BEGINNING.to_owned();
    for (number, (record, body)) in (0..).zip(chain) {
        record.check(number, &hash, Some(body))?;
        hash = record.hash();
    }
    Ok(())
}

#[test]
fn a_chain_is_whole_until_somebody_touches_it() {
    assert_eq!(check(&chain()), Ok(()));

    let mut changed = chain();
    changed[1].1["b"] = json!(9);
    assert!(check(&changed).is_err());

    let mut changed_with_its_hash = chain();
    let (record, body) = &mut changed_with_its_hash[1];
    body["b"] = json!(9);
    record.body_hash = Record::following(0, "", body, Uuid::nil(), record.recorded_at).body_hash;
    assert!(check(&changed_with_its_hash).is_err());

    let mut left_out = chain();
    left_out.remove(1);
    assert!(check(&left_out).is_err());

    let mut swapped = chain();
    swapped.swap(1, 2);
    assert!(check(&swapped).is_err());
}

#[test]
fn an_erased_body_leaves_the_chain_whole() {
    let chain = chain();
    let (record, _) = &chain[0];
    assert_eq!(record.check(0, BEGINNING, None), Ok(()));
}

#[test]
fn the_order_of_fields_makes_no_difference() {
    let at = Timestamp::clamped("2026-11-24T12:00:00Z".parse().expect("an instant"));
    let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":2,"d":3}}"#).expect("JSON");
    let other: Value = serde_json::from_str(r#"{"b":{"d":3,"c":2},"a":1}"#).expect("JSON");
    let hash = |body| Record::following(0, BEGINNING, body, Uuid::nil(), at).body_hash;
    assert_eq!(hash(&one), hash(&other));
}
