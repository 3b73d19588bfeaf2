//! The broker: messages in order per subscriber and partition key, delivered at least once.
//!
//! A message is on record for each subscriber before its publisher is answered, and stays until that subscriber is done
//! with it. Queues in memory hold only numbers, and no more than some of each partition key: the rest is read from the record
//! when its turn comes.
//!
//! Deliveries are bounded in all, and each subscription has some of its own, so that one whose function hangs leaves the
//! others theirs. A key whose last delivery failed waits for those that are set aside for such: keys that hang, however
//! many, leave the others of the same subscription theirs.

mod cloud_event;
mod deliver;
mod queue;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::Result;
use tokio::sync::{Semaphore, watch};

pub(crate) use cloud_event::{Published, wrap};

use queue::{Entered, Queue};

use crate::apps::Apps;
use crate::components::{Components, Subscription};
use crate::store::{DeadLetter, Message, Store, WriteError};

/// The queues of all subscriptions.
pub(crate) struct Broker {
    store: Arc<Store>,
    components: Arc<Components>,
    token: String,
    apps: OnceLock<Arc<dyn Apps>>,
    lanes: Vec<Arc<Lanes>>,
    /// Deliveries that any subscription may make, beside its own.
    shared: Share,
    /// Deliveries at work, over all subscriptions.
    at_work: watch::Sender<usize>,
    /// Messages that are not confirmed yet, over all subscriptions.
    unconfirmed: watch::Sender<usize>,
    stopped: watch::Receiver<bool>,
}

/// One subscription: a queue for each partition key that has something waiting.
struct Lanes {
    name: String,
    subscription: Subscription,
    queues: Mutex<HashMap<String, Queue>>,
    own: Share,
}

/// How many deliveries may be at work at once.
struct Share {
    /// Of keys whose last delivery did not fail.
    sound: Semaphore,
    /// Of the others.
    troubled: Semaphore,
}

impl Share {
    fn new(sound: usize, troubled: usize) -> Self {
        Self {
            sound: Semaphore::new(sound),
            troubled: Semaphore::new(troubled),
        }
    }

    fn of(&self, is_troubled: bool) -> &Semaphore {
        match is_troubled {
            true => &self.troubled,
            false => &self.sound,
        }
    }
}

/// Divides `all` deliveries: what each of `subscriptions` has of its own, and what they share.
fn divide(all: usize, subscriptions: usize) -> (impl Fn() -> Share, Share) {
    let own = (all / (2 * subscriptions.max(1))).max(1);
    let left = all.saturating_sub((own + 1) * subscriptions);
    let troubled = left / 4;
    (
        move || Share::new(own, 1),
        Share::new(left - troubled, troubled),
    )
}

impl Lanes {
    fn queues(&self) -> MutexGuard<'_, HashMap<String, Queue>> {
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
        max_deliveries: usize,
        stopped: watch::Receiver<bool>,
    ) -> Result<Arc<Self>> {
        // The folder may also serve functions that don't run here.
        let here: Vec<&Subscription> = components
            .subscriptions
            .iter()
            .filter(|subscription| app_ids.contains(&subscription.app_id))
            .collect();
        let (own, shared) = divide(max_deliveries, here.len());
        let lanes: Vec<Arc<Lanes>> = here
            .into_iter()
            .map(|subscription| {
                Arc::new(Lanes {
                    name: subscriber(subscription),
                    subscription: subscription.clone(),
                    queues: Mutex::default(),
                    own: own(),
                })
            })
            .collect();
        let mut count = 0;
        store.pending(|name, id, key| {
            // A subscription that is no longer there keeps its messages for a while, in case it comes back.
            if let Some(lane) = lanes.iter().find(|lane| lane.name == name) {
                lane.queues().entry(key).or_default().enter(id);
                count += 1;
            }
        })?;
        Ok(Arc::new(Self {
            store,
            components,
            token,
            apps: OnceLock::new(),
            lanes,
            shared,
            at_work: watch::Sender::new(0),
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
        let entered = queues.entry(key.to_owned()).or_default().enter(id);
        drop(queues);
        if entered == Entered::First && self.apps.get().is_some() {
            self.spawn_worker(lane, key);
        }
    }

    /// The subscriptions of this process, by the names under which their positions are kept.
    pub(crate) fn subscribers(&self) -> Vec<String> {
        self.lanes.iter().map(|lane| lane.name.clone()).collect()
    }

    /// Resolves when nothing is waiting.
    pub(crate) async fn idle(&self) {
        let mut count = self.unconfirmed.subscribe();
        // The sender lives as long as `self`.
        count.wait_for(|count| *count == 0).await.ok();
    }

    /// Resolves when no delivery is at work. Only once the broker was told to stop, since new ones may begin before.
    pub(crate) async fn finish(&self) {
        let mut count = self.at_work.subscribe();
        // The sender lives as long as `self`.
        count.wait_for(|count| *count == 0).await.ok();
    }
}
