//! Refusals go on the audit record: a token that nobody issued for here, and a call of what only Dapr may call. Of each
//! function one a minute, so that nobody can fill the record; how many there were is for logs and metrics.

use chrono::{DateTime, Utc};
use dapr::{Condition, Dapr, DaprError, Write};
use events::{AccessDenied, Chain, Event, EventType, Metadata, Timestamp, Topic, UnknownFields};
use serde_json::json;
use uuid::Uuid;

/// Whom such an event is about: nobody that is known.
const ANONYMOUS: &str = "anonymous";

/// How long it is kept in mind that a minute has its record.
const REMEMBERED_SECONDS: u32 = 120;

/// Longest route that is put on record, in characters.
const MAX_ROUTE: usize = 200;

/// Which check failed; part of a response that refuses somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied(pub String);

/// A refusal that somebody met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The app-id of the function that refused.
    pub app_id: &'static str,
    /// Method and path, without query.
    pub route: String,
    /// Which check failed.
    pub reason: String,
    /// The chain that the request began.
    pub correlation_id: Uuid,
}

/// Puts a refusal on record, unless this minute has one.
///
/// # Errors
/// When the store or the broker does not answer: then it is not on record.
pub async fn record<D: Dapr>(
    dapr: &D,
    refusal: &Refusal,
    event_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), DaprError> {
    let key = format!("denied/{}", now.format("%Y%m%d%H%M"));
    if dapr.get(&key).await?.is_some() {
        return Ok(());
    }
    // The mark first: that the record stays small matters more than that none is missed.
    let mark = Write::put(key, &json!(1), Condition::Absent).with_ttl(REMEMBERED_SECONDS);
    match dapr.transact(vec![mark]).await {
        Ok(()) => {}
        Err(DaprError::Conflict) => return Ok(()),
        Err(error) => return Err(error),
    }
    let payload = AccessDenied {
        route: refusal.route.chars().take(MAX_ROUTE).collect(),
        reason: refusal.reason.clone(),
    };
    let event = Event {
        event_id,
        event_type: EventType::AccessDenied,
        task_id: String::new(),
        user_id: ANONYMOUS.to_owned(),
        payload: serde_json::to_value(payload).expect("a payload with string keys"),
        metadata: Metadata::new(
            refusal.app_id,
            Chain {
                correlation_id: refusal.correlation_id,
                causation_id: None,
            },
        ),
        timestamp: Timestamp::clamped(now),
        unknown: UnknownFields::default(),
    };
    dapr.publish(Topic::TaskAudit, &[event]).await
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use dapr::fake::{FakeDapr, block_on, clock};

    use super::*;

    #[test]
    fn a_minute_has_one_record() {
        let dapr = FakeDapr::new();
        let refusal = Refusal {
            app_id: "task-service",
            route: format!("GET /{}", "x".repeat(1_000)),
            reason: "The token's signature does not hold.".to_owned(),
            correlation_id: Uuid::from_u128(1),
        };
        for second in [0, 1, 59, 60, 61] {
            let now = clock() + Duration::seconds(second);
            block_on(record(&dapr, &refusal, Uuid::new_v4(), now)).expect("a record");
        }
        let published = dapr.published();
        let minutes = if clock().timestamp() % 60 == 0 { 2 } else { 3 };
        assert!((2..=minutes).contains(&published.len()), "{published:?}");
        let (topic, event) = &published[0];
        assert_eq!(
            (*topic, event.user_id.as_str()),
            (Topic::TaskAudit, ANONYMOUS)
        );
        let payload: AccessDenied = event.payload().expect("a payload");
        assert_eq!(payload.route.len(), MAX_ROUTE);
    }
}
