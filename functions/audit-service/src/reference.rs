//! An event as it is kept on record. TASK_CHANGED tells open screens what another event of the same command tells
//! consumers, with the same task in it: the record keeps one of the two, and of the other what it takes to find and to
//! check it (docs/decisions/0013-what-is-kept-for-ever.md).

use events::{Event, EventType};
use serde_json::{Value, json};

use crate::chain::hash;

/// The body of an event's record.
///
/// TASK_CHANGED has `{"same_as_sequence", "sha256"}` in the place of `payload.task`: the `sequence` of the same person's
/// event that has the task, and the SHA-256 of the task's canonical form (RFC 8785).
pub(crate) fn kept(event: &Event) -> Value {
    let mut body = serde_json::to_value(event).expect("an event with string keys");
    if event.event_type == EventType::TaskChanged
        && let Some(reference) = reference(&event.payload)
    {
        body["payload"]["task"] = reference;
    }
    body
}

/// What stands for the task of a TASK_CHANGED; `None` where the task is gone, or the payload is not as it should be.
fn reference(payload: &Value) -> Option<Value> {
    let task = payload.get("task").filter(|task| task.is_object())?;
    // A command's first event has the task, and the number behind the revision before the command.
    let cause = payload.get("previous_revision")?.as_u64()?.checked_add(1)?;
    Some(json!({ "same_as_sequence": cause, "sha256": hash(task) }))
}
