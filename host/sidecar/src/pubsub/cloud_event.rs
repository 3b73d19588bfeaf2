//! What a subscriber gets: a CloudEvent 1.0, with Dapr's own attributes.

use serde_json::{Value, json};

/// What is published.
pub(crate) struct Published<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) pubsub: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) traceparent: Option<&'a str>,
}

impl Published<'_> {
    fn is_cloud_event(&self) -> bool {
        self.content_type
            .starts_with("application/cloudevents+json")
    }
}

/// The CloudEvent of `data`. One that already is one keeps its own attributes.
pub(crate) fn wrap(published: &Published<'_>, data: Value) -> Value {
    let given = published.is_cloud_event() && data.is_object();
    let mut event = if given {
        data
    } else {
        json!({
            "specversion": "1.0",
            "id": uuid::Uuid::new_v4(),
            "source": published.app_id,
            "type": "com.dapr.event.sent",
            "time": chrono::Utc::now().to_rfc3339(),
            "datacontenttype": published.content_type,
            "data": data,
        })
    };
    event["pubsubname"] = json!(published.pubsub);
    event["topic"] = json!(published.topic);
    // As daprd does: the trace of the request that publishes, whatever the event says of itself.
    let own = event["traceparent"].as_str().map(str::to_owned);
    if let Some(trace) = published.traceparent.map(str::to_owned).or(own) {
        event["traceid"] = json!(trace);
        event["traceparent"] = json!(trace);
    }
    event
}
