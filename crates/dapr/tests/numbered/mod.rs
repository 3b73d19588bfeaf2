//! Events for tests of the outbox.

use dapr::outbox::Numbered;
use serde_json::json;
use uuid::Uuid;

/// An event of the user `u` with this number.
pub(crate) fn event(number: u64) -> Numbered {
    let id = Uuid::from_u64_pair(0, number);
    let event = json!({
        "event_id": id, "event_type": "TASK_DELETED", "task_id": "", "user_id": "u", "payload": {},
        "metadata": { "source": "task-service", "version": "v1", "sequence": number, "correlation_id": id },
        "timestamp": "2026-04-01T07:00:00.000Z",
    });
    Numbered {
        number,
        event: serde_json::from_value(event).expect("an event"),
    }
}
