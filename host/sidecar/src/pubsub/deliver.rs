//! Delivering: one worker per subscription and partition key, for as long as that has something waiting.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde::Deserialize;
use tokio::sync::{SemaphorePermit, watch};
use tracing::{error, warn};

use super::queue::{MOST, Next, Queue};
use super::{Broker, Lanes};
use crate::apps::Cause;

/// How long to wait when the store itself does not answer.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What becomes of a message after one try.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Done,
    /// To be tried again, if the policy says so for this status; without one, whatever statuses it names.
    Again(Option<u16>),
    /// Never to be tried again.
    Drop,
}

#[derive(Deserialize)]
struct Answer {
    status: Option<String>,
}

impl Broker {
    pub(super) fn spawn_worker(self: &Arc<Self>, lane: &Arc<Lanes>, key: &str) {
        let (broker, lane, key) = (Arc::clone(self), Arc::clone(lane), key.to_owned());
        tokio::spawn(async move { broker.work(&lane, &key).await });
    }

    async fn work(self: &Arc<Self>, lane: &Lanes, key: &str) {
        // Whether the last delivery of the key failed.
        let mut is_troubled = false;
        loop {
            let next = {
                let mut queues = lane.queues();
                let next = queues.get(key).map_or(Next::Nothing, Queue::next);
                if next == Next::Nothing {
                    queues.remove(key);
                }
                next
            };
            match next {
                Next::Nothing => return,
                Next::Read(behind) => {
                    if !self.read_more(lane, key, behind).await {
                        return;
                    }
                }
                Next::Message(id) => {
                    if !self.settle(lane, key, id, &mut is_troubled).await {
                        return;
                    }
                    if let Some(queue) = lane.queues().get_mut(key) {
                        queue.done(id);
                    }
                    self.unconfirmed
                        .send_modify(|count| *count = count.saturating_sub(1));
                }
            }
        }
    }

    /// Fills a queue from the record. False when the broker stops first.
    async fn read_more(&self, lane: &Lanes, key: &str, behind: i64) -> bool {
        loop {
            match self.store.pending_of(&lane.name, key, behind, MOST) {
                Ok(ids) => {
                    if let Some(queue) = lane.queues().get_mut(key) {
                        queue.fill(ids);
                    }
                    return true;
                }
                Err(error) => error!("what waits for {} can't be read: {error}", lane.name),
            }
            if !self.pause(STORE_PAUSE).await {
                return false;
            }
        }
    }

    /// Tries one message until it is done or given up, and takes that on record. False when the broker stops first.
    async fn settle(
        self: &Arc<Self>,
        lane: &Lanes,
        key: &str,
        id: i64,
        is_troubled: &mut bool,
    ) -> bool {
        let policy = self.components.inbound_policy(&lane.subscription.pubsub);
        let mut retry = 0;
        let give_up = loop {
            let verdict = self.try_once(lane, id, *is_troubled).await;
            *is_troubled = verdict != Some(Verdict::Done);
            match verdict {
                None => return false,
                Some(Verdict::Done) => break false,
                Some(Verdict::Drop) => break true,
                Some(Verdict::Again(status)) => match policy.wait(retry, status) {
                    Some(pause) => {
                        retry += 1;
                        if !self.pause(pause).await {
                            return false;
                        }
                    }
                    None => break true,
                },
            }
        };
        let dead_letter = lane.subscription.dead_letter.as_ref().filter(|_| give_up);
        if let Some(topic) = dead_letter {
            warn!(topic, "message {id} of {} is dead-lettered", lane.name);
        }
        loop {
            let confirmed = match dead_letter {
                Some(topic) => self.give_up(lane, key, id, topic).await,
                None => self.store.confirm(lane.name.clone(), id),
            };
            match confirmed {
                Ok(()) => return true,
                Err(error) => error!("message {id} of {} can't be confirmed: {error}", lane.name),
            }
            if !self.pause(STORE_PAUSE).await {
                return false;
            }
        }
    }

    /// `None`: the broker stops.
    async fn try_once(&self, lane: &Lanes, id: i64, is_troubled: bool) -> Option<Verdict> {
        let _permit = self.slot(lane, is_troubled).await?;
        let _at_work = AtWork::new(&self.at_work);
        if *self.stopped.borrow() {
            return None;
        }
        let event = match self.store.message(id) {
            Ok(Some(event)) => event,
            Ok(None) => return Some(Verdict::Done),
            Err(error) => {
                error!("message {id} can't be read: {error}");
                return Some(Verdict::Again(None));
            }
        };
        let apps = self.apps.get()?;
        let request = self.request(&lane.subscription.route, event)?;
        let verdict = match apps.call(&lane.subscription.app_id, request).await {
            Ok(response) => verdict(response.status(), response.body()),
            // A function that was cut off by the end of the host has not failed.
            Err(_) if *self.stopped.borrow() => return None,
            Err(reason) => {
                warn!("{} did not answer: {reason}", lane.subscription.app_id);
                Verdict::Again(Some(StatusCode::INTERNAL_SERVER_ERROR.as_u16()))
            }
        };
        Some(verdict)
    }

    /// One of the subscription's own deliveries, or of those that all share, whichever is free first. `None`: the broker stops.
    async fn slot<'a>(&'a self, lane: &'a Lanes, is_troubled: bool) -> Option<SemaphorePermit<'a>> {
        let mut stopped = self.stopped.clone();
        // The semaphores are never closed.
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => None,
            permit = self.shared.of(is_troubled).acquire() => permit.ok(),
            permit = lane.own.of(is_troubled).acquire() => permit.ok(),
        }
    }

    fn request(&self, route: &str, event: Bytes) -> Option<Request<Bytes>> {
        #[derive(Deserialize)]
        struct Trace {
            traceparent: Option<String>,
        }
        let mut request = Request::post(route)
            .extension(Cause::Delivery)
            .header(header::HOST, "127.0.0.1")
            .header(header::CONTENT_TYPE, "application/cloudevents+json")
            .header("dapr-api-token", &self.token);
        if let Some(trace) = serde_json::from_slice::<Trace>(&event)
            .ok()
            .and_then(|event| event.traceparent)
        {
            request = request.header("traceparent", trace);
        }
        match request.body(event) {
            Ok(request) => Some(request),
            Err(error) => {
                error!("the route {route} is no path: {error}");
                None
            }
        }
    }

    /// False when the broker stops first.
    async fn pause(&self, time: Duration) -> bool {
        let mut stopped = self.stopped.clone();
        tokio::time::timeout(time, stopped.wait_for(|stop| *stop))
            .await
            .is_err()
    }
}

/// A delivery at work, until it is dropped.
struct AtWork<'a>(&'a watch::Sender<usize>);

impl<'a> AtWork<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// What Dapr makes of a subscriber's answer.
fn verdict(status: StatusCode, body: &[u8]) -> Verdict {
    if status == StatusCode::NOT_FOUND {
        return Verdict::Drop;
    }
    if !status.is_success() {
        return Verdict::Again(Some(status.as_u16()));
    }
    let said = serde_json::from_slice::<Answer>(body)
        .ok()
        .and_then(|answer| answer.status);
    match said.as_deref() {
        None | Some("" | "SUCCESS") => Verdict::Done,
        Some("DROP") => Verdict::Drop,
        // RETRY, and what Dapr doesn't know.
        Some(_) => Verdict::Again(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let table = [
            (200, "", Verdict::Done),
            (204, "", Verdict::Done),
            (200, r#"{"status":"SUCCESS"}"#, Verdict::Done),
            (200, r#"{"status":""}"#, Verdict::Done),
            (200, r#"{"other":1}"#, Verdict::Done),
            (200, "taken", Verdict::Done),
            (200, r#"{"status":"DROP"}"#, Verdict::Drop),
            (404, "", Verdict::Drop),
            (200, r#"{"status":"RETRY"}"#, Verdict::Again(None)),
            (200, r#"{"status":"LATER"}"#, Verdict::Again(None)),
            (503, "", Verdict::Again(Some(503))),
            (500, r#"{"status":"SUCCESS"}"#, Verdict::Again(Some(500))),
            (302, "", Verdict::Again(Some(302))),
        ];
        for (status, body, expected) in table {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(
                verdict(status, body.as_bytes()),
                expected,
                "{status} {body}"
            );
        }
    }
}
