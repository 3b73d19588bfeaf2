//! The broker: messages in order per subscriber and partition key, delivered at least once.
//!
//! A message is on record for each subscriber before its publisher is answered, and stays until that subscriber is done
//! with it. Queues in memory hold only numbers, and are made anew from the record at every start.

mod cloud_event;
mod deliver;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::Result;
use tokio::sync::{Semaphore, watch};

pub(crate) use cloud_event::{Published, wrap};

use crate::Apps;
use crate::components::{Components, Subscription};
use crate::store::{DeadLetter, Message, Store, WriteError};

/// Deliveries at work at once, per subscription.
const IN_FLIGHT: usize = 64;

/// The queues of all subscriptions.
pub(crate) struct Broker {
    store: Arc<Store>,
    components: Arc<Components>,
    token: String,
    apps: OnceLock<Arc<dyn Apps>>,
    lanes: Vec<Arc<Lanes>>,
    /// Messages that are not confirmed yet, over all subscriptions.
    unconfirmed: watch::Sender<usize>,
    stopped: watch::Receiver<bool>,
}

/// One subscription: a queue for each partition key that has something waiting.
struct Lanes {
    name: String,
    subscription: Subscription,
    queues: Mutex<HashMap<String, VecDeque<i64>>>,
    in_flight: Semaphore,
}

impl Lanes {
    fn queues(&self) -> MutexGuard<'_, HashMap<String, VecDeque<i64>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name under which a subscription's positions are kept.
fn subscriber(subscription: &Subscription) -> String {
    format!("{}/{}", subscription.topic, subscription.app_id)
}

impl Broker {
    /// Makes the queues, with all that was not confirmed before the last stop.
    pub(crate) fn open(
        store: Arc<Store>,
        components: Arc<Components>,
        token: String,
        app_ids: &[String],
        stopped: watch::Receiver<bool>,
    ) -> Result<Arc<Self>> {
        let lanes: Vec<Arc<Lanes>> = components
            .subscriptions
            .iter()
            // The folder may also serve functions that don't run here.
            .filter(|subscription| app_ids.contains(&subscription.app_id))
            .map(|subscription| {
                Arc::new(Lanes {
                    name: subscriber(subscription),
                    subscription: subscription.clone(),
                    queues: Mutex::default(),
                    in_flight: Semaphore::new(IN_FLIGHT),
                })
            })
            .collect();
        let mut count = 0;
        for (name, id, key) in store.pending()? {
            // A subscription that is no longer there keeps its messages, in case it comes back.
            if let Some(lane) = lanes.iter().find(|lane| lane.name == name) {
                lane.queues().entry(key).or_default().push_back(id);
                count += 1;
            }
        }
        Ok(Arc::new(Self {
            store,
            components,
            token,
            apps: OnceLock::new(),
            lanes,
            unconfirmed: watch::Sender::new(count),
            stopped,
        }))
    }

    /// Begins to deliver.
    pub(crate) fn start(self: &Arc<Self>, apps: &Arc<dyn Apps>) {
        if self.apps.set(Arc::clone(apps)).is_err() {
            return;
        }
        for lane in &self.lanes {
            for key in lane.queues().keys() {
                self.spawn_worker(lane, key);
            }
        }
    }

    /// Takes messages of a topic on record, in order, and hands them to its subscribers.
    pub(crate) async fn publish(
        self: &Arc<Self>,
        topic: &str,
        messages: Vec<Message>,
    ) -> Result<(), WriteError> {
        let lanes = self.of_topic(topic);
        let keys: Vec<String> = messages
            .iter()
            .map(|message| message.partition_key.clone())
            .collect();
        let subscribers = lanes.iter().map(|lane| lane.name.clone()).collect();
        let ids = self
            .store
            .publish(topic.to_owned(), subscribers, messages)
            .await?;
        self.unconfirmed
            .send_modify(|count| *count += ids.len() * lanes.len());
        for lane in lanes {
            for (key, id) in keys.iter().zip(&ids) {
                self.enqueue(lane, key, *id);
            }
        }
        Ok(())
    }

    /// A subscription gives a message up to a dead-letter topic.
    async fn give_up(
        self: &Arc<Self>,
        lane: &Lanes,
        key: &str,
        id: i64,
        topic: &str,
    ) -> Result<(), WriteError> {
        let lanes = self.of_topic(topic);
        let dead_letter = DeadLetter {
            topic: topic.to_owned(),
            subscribers: lanes.iter().map(|lane| lane.name.clone()).collect(),
        };
        let moved = self
            .store
            .give_up(lane.name.clone(), id, dead_letter)
            .await?;
        let Some(moved) = moved else {
            return Ok(());
        };
        self.unconfirmed.send_modify(|count| *count += lanes.len());
        for lane in lanes {
            self.enqueue(lane, key, moved);
        }
        Ok(())
    }

    fn of_topic(&self, topic: &str) -> Vec<&Arc<Lanes>> {
        let lanes = self.lanes.iter();
        lanes
            .filter(|lane| lane.subscription.topic == topic)
            .collect()
    }

    /// Two publishers of one key may arrive here in another order than their messages were committed.
    fn enqueue(self: &Arc<Self>, lane: &Arc<Lanes>, key: &str, id: i64) {
        let mut queues = lane.queues();
        if let Some(queue) = queues.get_mut(key) {
            let at = queue.partition_point(|other| *other < id);
            queue.insert(at, id);
            return;
        }
        queues.insert(key.to_owned(), VecDeque::from([id]));
        drop(queues);
        if self.apps.get().is_some() {
            self.spawn_worker(lane, key);
        }
    }

    /// Resolves when nothing is waiting.
    pub(crate) async fn idle(&self) {
        let mut count = self.unconfirmed.subscribe();
        // The sender lives as long as `self`.
        count.wait_for(|count| *count == 0).await.ok();
    }

    /// Resolves when no delivery is at work. Only once the broker was told to stop, since new ones may begin before.
    pub(crate) async fn finish(&self) {
        for lane in &self.lanes {
            // The semaphore is never closed.
            lane.in_flight.acquire_many(IN_FLIGHT as u32).await.ok();
        }
    }
}
