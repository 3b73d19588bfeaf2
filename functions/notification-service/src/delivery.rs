//! A message on its way through a channel: sent when it is time, and again while the channel does not take it.

use chrono::{DateTime, Duration, Utc};
use dapr::timetable::{self, Entry};
use dapr::{Binding, Condition, Dapr, DaprError, Document, Write};
use domain::{EventId, UserId};
use events::{
    Chain, Event, NotificationDelivered, NotificationDocument, NotificationFailed, Payload,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::SOURCE;
use crate::channel::{Channels, Message};

/// Seconds between tries; after the last one the message is given up. A day in all.
const WAITS: [i64; 11] = [
    10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 28_800,
];

/// From how many seconds on a channel that does not take a message counts as hanging.
const HANGS_AFTER_SECONDS: i64 = 2;

/// How long the record of a finished delivery is kept: 30 days.
const FINISHED_TTL_SECONDS: u32 = 30 * 24 * 60 * 60;

/// The only channel there is so far; part of the document's key and of events.
const EMAIL: &str = "email";

/// The document `delivery/{user}/{notification}/{channel}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    notification: NotificationDocument,
    address: String,
    state: State,
    tries: u32,
    /// When it is tried next.
    next_at: Timestamp,
    correlation_id: Uuid,
    causation_id: Uuid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    Delivered,
    Failed,
}

/// How one try went.
enum Try {
    Taken,
    /// The channel did not take it now.
    NotNow(String),
    /// The channel never will.
    Never(String),
}

/// Puts an e-mail on its way: its entry in the timetable first, so that none is forgotten. Returns what to write.
pub(crate) async fn begin<D: Dapr>(
    dapr: &D,
    cause: &Event,
    notification: &NotificationDocument,
    address: &str,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Write, DaprError> {
    let key = format!("delivery/{}/{}/{EMAIL}", cause.user_id, notification.id);
    timetable::insert(dapr, Entry::new(at, &cause.user_id, key.as_str()), now).await?;
    let delivery = Delivery {
        notification: notification.clone(),
        address: address.to_owned(),
        state: State::Waiting,
        tries: 0,
        next_at: Timestamp::clamped(at),
        correlation_id: cause.metadata.correlation_id,
        causation_id: cause.event_id,
    };
    // A repeat of the event meets its mark, so there is none yet.
    Ok(Write::put(key, &delivery, Condition::Absent))
}

/// Works through entries of the timetable. When a channel hangs at one message, the others of this tick wait with it,
/// so that it can't hold up the tick; a quick refusal concerns that one message only.
pub(crate) async fn send_all<D: Dapr>(
    dapr: &D,
    channels: &impl Channels,
    public_url: &str,
    due: &[Entry],
    clock: impl Fn() -> DateTime<Utc>,
) -> Result<(), DaprError> {
    let keys: Vec<String> = due.iter().map(|entry| entry.owner.clone()).collect();
    let mut hangs: Option<String> = None;
    for (key, document) in keys.iter().zip(dapr.get_many(&keys).await?) {
        let Some(document) = document else { continue };
        let delivery: Delivery = match document.read(key) {
            Ok(delivery) => delivery,
            Err(error) => {
                // One bad document must not keep everybody else's messages.
                eprintln!("{error}");
                continue;
            }
        };
        let now = clock();
        if delivery.state != State::Waiting || delivery.next_at.utc() > now {
            continue;
        }
        let result = match &hangs {
            Some(reason) => Try::NotNow(reason.clone()),
            None => send(dapr, channels, public_url, &delivery).await,
        };
        if let Try::NotNow(reason) = &result
            && (clock() - now).num_seconds() >= HANGS_AFTER_SECONDS
        {
            hangs = Some(reason.clone());
        }
        record(dapr, key, document, delivery, result, now).await?;
    }
    Ok(())
}

async fn send<D: Dapr>(
    dapr: &D,
    channels: &impl Channels,
    public_url: &str,
    delivery: &Delivery,
) -> Try {
    let notification = &delivery.notification;
    let message = Message {
        id: notification.id.to_string(),
        kind: notification.kind.clone(),
        title: notification.title.clone(),
        body: notification.body.clone(),
        link: notification.task_id.map_or_else(
            || public_url.to_owned(),
            |task| format!("{public_url}/?task={task}"),
        ),
    };
    let request = match channels.email(&message, &delivery.address) {
        Ok(request) => request,
        Err(reason) => return Try::Never(reason),
    };
    let Ok(data) = serde_json::from_str(&request.data) else {
        return Try::Never("the channel made no JSON".to_owned());
    };
    let binding = Binding {
        name: request.name,
        operation: request.operation,
        data,
        metadata: request.metadata,
    };
    match dapr.bind(binding).await {
        Ok(_) => Try::Taken,
        Err(error) => Try::NotNow(error.to_string()),
    }
}

/// What goes out (the event, the next entry) before what is written.
async fn record<D: Dapr>(
    dapr: &D,
    key: &str,
    document: Document,
    mut delivery: Delivery,
    result: Try,
    now: DateTime<Utc>,
) -> Result<(), DaprError> {
    delivery.tries += 1;
    let notification_id = delivery.notification.id;
    let channel = EMAIL.to_owned();
    let tries = delivery.tries;
    let wait = WAITS.get(tries as usize - 1);
    let user = key.split('/').nth(1).unwrap_or_default();
    match (result, wait) {
        (Try::Taken, _) => {
            delivery.state = State::Delivered;
            let payload = NotificationDelivered {
                notification_id,
                channel,
                tries,
            };
            publish(dapr, user, &delivery, &payload, now).await?;
        }
        (Try::NotNow(reason), Some(&seconds)) => {
            eprintln!("notification {notification_id} waits {seconds} s for {EMAIL}: {reason}");
            let at = now + Duration::seconds(seconds);
            delivery.next_at = Timestamp::clamped(at);
            timetable::insert(dapr, Entry::new(at, user, key), now).await?;
        }
        (Try::Never(reason) | Try::NotNow(reason), _) => {
            delivery.state = State::Failed;
            let payload = NotificationFailed {
                notification_id,
                channel,
                tries,
                reason,
            };
            publish(dapr, user, &delivery, &payload, now).await?;
        }
    }
    let write = Write::put(key, &delivery, Condition::Unchanged(document.etag));
    let write = match delivery.state {
        State::Waiting => write,
        State::Delivered | State::Failed => write.with_ttl(FINISHED_TTL_SECONDS),
    };
    match dapr.transact(vec![write]).await {
        // Another tick was at it too, after this one's lease was over.
        Err(DaprError::Conflict) => Ok(()),
        result => result,
    }
}

async fn publish<D: Dapr, P: Payload>(
    dapr: &D,
    user: &str,
    delivery: &Delivery,
    payload: &P,
    now: DateTime<Utc>,
) -> Result<(), DaprError> {
    let Ok(user) = UserId::parse(user) else {
        return Ok(());
    };
    let purpose = format!("{EMAIL}/{}", P::TYPE.name());
    let id = EventId(delivery.notification.id).derive(&purpose);
    let chain = Chain {
        correlation_id: delivery.correlation_id,
        causation_id: Some(delivery.causation_id),
    };
    let task = delivery.notification.task_id.map(domain::TaskId);
    let event = Event::new(
        id,
        SOURCE,
        &user,
        task,
        payload,
        chain,
        Timestamp::clamped(now),
    );
    dapr.publish(event.topic(), &[event]).await
}
