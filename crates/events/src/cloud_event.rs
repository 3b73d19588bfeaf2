//! Events inside CloudEvents 1.0 envelopes, as Dapr publishes and delivers them.

use serde_json::{Value, json};

use crate::{Event, VERSION};

/// A delivery that no retry will mend: the consumer saves the reason and answers `DROP`.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// Not JSON.
    #[error("the delivery is not JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// No `data`.
    #[error("the delivery is no CloudEvent with data")]
    NoData,
    /// `data` is not an event.
    #[error("the event is malformed: {0}")]
    NotAnEvent(#[source] serde_json::Error),
    /// A version that this consumer doesn't know.
    #[error("the event has version {0:?}; only v1 is known")]
    UnknownVersion(String),
}

/// The CloudEvent that carries `event`, with the trace of the request that made it.
///
/// `id` is the `event_id` and `type` the `event_type`, so that brokers' tools show them.
#[must_use]
pub fn cloud_event(event: &Event, traceparent: Option<&str>) -> Value {
    let mut envelope = json!({
        "specversion": "1.0",
        "id": event.event_id,
        "source": event.metadata.source,
        "type": event.event_type.name(),
        "subject": event.task_id,
        "time": event.timestamp,
        "datacontenttype": "application/json",
        "data": event,
    });
    if event.task_id.is_empty() {
        // CloudEvents 1.0 section 3.1: `subject`, if present, must not be empty.
        envelope
            .as_object_mut()
            .map(|fields| fields.remove("subject"));
    }
    if let Some(trace) = traceparent {
        envelope["traceparent"] = json!(trace);
    }
    envelope
}

/// Reads what Dapr delivered to a subscriber.
///
/// # Errors
/// [`Malformed`] when it can never be processed. The `id` of the CloudEvent, if there was one, comes with it, as the
/// key under which the reason is saved.
pub fn parse_delivery(body: &[u8]) -> Result<Event, (Option<String>, Malformed)> {
    let mut envelope: Value =
        serde_json::from_slice(body).map_err(|error| (None, Malformed::NotJson(error)))?;
    let id = envelope
        .get("id")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let Some(data) = envelope.get_mut("data").map(Value::take) else {
        return Err((id, Malformed::NoData));
    };
    let version = data.pointer("/metadata/version").and_then(Value::as_str);
    if let Some(version) = version.filter(|version| *version != VERSION) {
        let version = version.to_owned();
        return Err((id, Malformed::UnknownVersion(version)));
    }
    serde_json::from_value(data).map_err(|error| (id, Malformed::NotAnEvent(error)))
}
