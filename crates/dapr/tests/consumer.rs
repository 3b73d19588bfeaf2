//! When a consumer gives an event up: after ten minutes in which it failed for a reason of its own, and never for an outage.
#![allow(clippy::unwrap_used)]

use dapr::consumer::{Effect, HandleError, Memory, Outcome, consume};
use dapr::fake::{FakeDapr, Fault, block_on};
use dapr::{Condition, Dapr, DaprError, Write};
use serde_json::json;

/// As many deliveries as Dapr makes in ten minutes.
const TEN_MINUTES: usize = 600;

const ID: &str = "0190a3b4-0000-7000-8000-000000000001";

fn delivery() -> Vec<u8> {
    let event = json!({
        "specversion": "1.0", "id": ID, "source": "task-service", "type": "TASK_COMPLETED",
        "data": {
            "event_id": ID, "event_type": "TASK_COMPLETED", "task_id": "t", "user_id": "u", "payload": {},
            "metadata": { "source": "task-service", "version": events::VERSION, "correlation_id": ID },
            "timestamp": "2026-04-01T07:00:00.000Z",
        },
    });
    event.to_string().into_bytes()
}

/// A write that can't be made, as where a person's head document is older than the record: the next number is taken.
fn in_conflict() -> Result<Effect, HandleError> {
    Ok(vec![Write::put("taken", &json!(2), Condition::Absent)].into())
}

fn refused() -> Result<Effect, HandleError> {
    Err(DaprError::Refused {
        what: "publish",
        detail: "413: too large".to_owned(),
    }
    .into())
}

fn unavailable() -> Result<Effect, HandleError> {
    Err(DaprError::Unavailable {
        what: "invoke",
        detail: "nobody there".to_owned(),
    }
    .into())
}

fn deliver(dapr: &FakeDapr, answer: fn() -> Result<Effect, HandleError>) -> Outcome {
    block_on(consume(dapr, &delivery(), Memory::Marks, async |_| {
        answer()
    }))
}

fn with_taken() -> FakeDapr {
    let dapr = FakeDapr::new();
    block_on(dapr.transact(vec![Write::put("taken", &json!(1), Condition::Any)])).unwrap();
    dapr
}

/// Seen to fail: before they were counted, both came for ever, and held up whoever shared the partition.
#[test]
fn what_fails_for_a_reason_of_its_own_is_given_up_after_ten_minutes() {
    for (answer, reason) in [
        (in_conflict as fn() -> _, "somebody else changed"),
        (refused, "413: too large"),
    ] {
        let dapr = with_taken();
        for _ in 1..TEN_MINUTES {
            assert_eq!(deliver(&dapr, answer), Outcome::Unavailable);
        }
        assert_eq!(deliver(&dapr, answer), Outcome::Drop);
        let kept = block_on(dapr.get(&format!("dropped/{ID}")))
            .unwrap()
            .unwrap();
        let kept: serde_json::Value = kept.read("dropped").unwrap();
        let said = kept["reason"].as_str().unwrap();
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn what_resolves_in_time_is_done() {
    let dapr = with_taken();
    for _ in 1..TEN_MINUTES {
        assert_eq!(deliver(&dapr, in_conflict), Outcome::Unavailable);
    }
    block_on(dapr.transact(vec![Write::delete("taken", Condition::Any)])).unwrap();
    assert_eq!(deliver(&dapr, in_conflict), Outcome::Success);
    assert!(
        block_on(dapr.get(&format!("dropped/{ID}")))
            .unwrap()
            .is_none()
    );
}

/// Whatever is away, however long: the store itself, or whom the function calls.
#[test]
fn an_outage_gives_nothing_up() {
    let dapr = with_taken();
    for _ in 0..3 * TEN_MINUTES {
        assert_eq!(deliver(&dapr, unavailable), Outcome::Unavailable);
    }
    dapr.set_fault(Some(Fault::CrashAt(1)));
    for _ in 0..3 * TEN_MINUTES {
        for answer in [in_conflict as fn() -> _, refused, unavailable] {
            assert_eq!(deliver(&dapr, answer), Outcome::Unavailable);
        }
    }
}

/// What is told after an effect: not before it is committed, once, and never instead of it.
///
/// Seen to fail: told before the transaction (of an effect that a conflict kept from happening), and with its failing passed
/// on (an outcome of "not now" for what is done).
#[test]
fn what_is_told_afterwards_is_told_once_and_may_be_lost() {
    let tells = |writes: Vec<Write>| {
        let event = events::parse_delivery(&delivery()).unwrap();
        Ok(Effect {
            writes,
            after: vec![event],
            ..Effect::default()
        })
    };
    let dapr = with_taken();
    let conflict = || vec![Write::put("taken", &json!(2), Condition::Absent)];
    let deliver = |writes: &dyn Fn() -> Vec<Write>| {
        block_on(consume(&dapr, &delivery(), Memory::Marks, async |_| {
            tells(writes())
        }))
    };
    assert_eq!(deliver(&conflict), Outcome::Unavailable);
    assert_eq!(dapr.published().len(), 0);
    for _ in 0..2 {
        assert_eq!(deliver(&Vec::new), Outcome::Success);
        assert_eq!(dapr.published().len(), 1);
    }
    // Look for the mark, commit, publish.
    let dapr = FakeDapr::new();
    dapr.set_fault(Some(Fault::FailAt(3)));
    let outcome = block_on(consume(&dapr, &delivery(), Memory::Marks, async |_| {
        tells(Vec::new())
    }));
    assert_eq!((outcome, dapr.published().len()), (Outcome::Success, 0));
}
