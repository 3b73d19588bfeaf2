//! An event becomes a notification: told to open screens, put into the inbox, and set on its way through the channels. Or it
//! ends one: the task was done, deleted or moved, or its reminder answered.

use chrono::{DateTime, Utc};
use dapr::Dapr;
use dapr::consumer::{self, Effect, HandleError};
use domain::{EventId, TaskId, UserId};
use events::{
    Chain, Event, EventType, NotificationAdded, NotificationDocument, NotificationsRead,
    ReminderTriggered, Story, Timestamp, Topic,
};
use function::Rate;
use uuid::Uuid;

use crate::bells::{Kept, Ring};
use crate::inbox::Inbox;
use crate::preferences::{self, Preferences};
use crate::service::SOURCE;
use crate::{delivery, notice};

/// How many ids one event has at most: a screen is told of more by several.
const MOST_IDS: usize = 200;

/// Handles one event. No more e-mails than `mails` go out to one person.
pub(crate) async fn react<D: Dapr>(
    dapr: &D,
    event: &Event,
    mails: Rate,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    match event.event_type {
        EventType::TaskReminderSet
        | EventType::TaskReminderCleared
        | EventType::ReminderSnoozed
        | EventType::ReminderDismissed => silence(dapr, event, now).await,
        _ => match notice::of(event)? {
            Some(notification) => tell(dapr, event, notification, mails, now).await,
            None => Ok(Effect::ignored()),
        },
    }
}

/// What ends a ring: what the inbox has of it counts as read, and what waits to be sent is not sent, since it was read.
async fn silence<D: Dapr>(
    dapr: &D,
    event: &Event,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    let user = user(event)?;
    let mut kept = Kept::read(dapr, user.as_str(), task(event)?).await?;
    let before = kept.bells.clone();
    let over = kept.bells.take(event)?;
    let says_nothing = event.event_type == EventType::TaskReminderSet && !kept.is_kept();
    if says_nothing || kept.bells == before {
        return Ok(Effect::ignored());
    }
    let inbox = Inbox::read(dapr, user.as_str()).await?;
    if inbox.is_erased(now) {
        return Ok(Effect::ignored());
    }
    let (mut writes, read) = inbox.silence(dapr, &over).await?;
    writes.push(kept.write());
    Ok(Effect {
        writes,
        after: read_events(event.id(), &user, &read, event.chain(), event.timestamp),
        ..Effect::default()
    })
}

async fn tell<D: Dapr>(
    dapr: &D,
    event: &Event,
    mut notification: NotificationDocument,
    mails: Rate,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    let user = user(event)?;
    let mut inbox = Inbox::read(dapr, user.as_str()).await?;
    if inbox.is_erased(now) {
        return Ok(Effect::ignored());
    }
    let (mut rung, mut over) = (None, Vec::new());
    if event.event_type == EventType::ReminderTriggered {
        let rang: ReminderTriggered = event.payload()?;
        let mut kept = Kept::read(dapr, user.as_str(), task(event)?).await?;
        match kept.bells.ring(notification.id, &rang) {
            Ring::Over => notification.read = true,
            Ring::Rings(earlier) => {
                over = earlier;
                rung = Some(kept.write());
            }
        }
    }
    let after = |read: &[Uuid]| {
        let (chain, at) = (event.chain(), event.timestamp);
        read_events(event.id(), &user, read, chain, at)
    };
    if notification.read {
        // It may have been told as a bell by a try that came just before the end of it.
        let told = after(&[notification.id]);
        let (writes, _) = inbox.add(dapr, &notification, &[]).await?;
        return Ok(Effect {
            writes,
            after: told,
            ..Effect::default()
        });
    }
    tell_screens(dapr, event, &user, &notification).await?;

    let key = preferences::key(user.as_str());
    let preferences = dapr.get(&key).await?.map(|document| document.read(&key));
    let preferences: Option<Preferences> = preferences.transpose().unwrap_or_else(|error| {
        // The app tells all the same.
        eprintln!("{error}");
        None
    });
    let preferences = preferences.unwrap_or_default();
    let mut effect = Effect::default();
    if let Some(address) = preferences.email_address() {
        if inbox.takes_mail(mails, now) {
            let at = preferences.earliest(now);
            let (insert, writes) =
                delivery::begin(dapr, event, &notification, address, at, now).await?;
            effect.writes = writes;
            effect.insert = insert;
        } else {
            delivery::refuse(dapr, event, &notification, now).await?;
        }
    }
    let (writes, read) = inbox.add(dapr, &notification, &over).await?;
    effect.writes.extend(writes);
    effect.writes.extend(rung);
    effect.after = after(&read);
    Ok(effect)
}

fn user(event: &Event) -> Result<UserId, HandleError> {
    UserId::parse(&event.user_id).map_err(|error| HandleError::Poison(format!("user_id: {error}")))
}

fn task(event: &Event) -> Result<Uuid, HandleError> {
    Uuid::try_parse(&event.task_id)
        .map_err(|_| HandleError::Poison("task_id is not the id of a task".to_owned()))
}

/// What tells open screens that these notifications were read now. May be lost: a screen reads its inbox when it connects.
pub(crate) fn read_events(
    cause: EventId,
    user: &UserId,
    ids: &[Uuid],
    chain: Chain,
    now: Timestamp,
) -> Vec<Event> {
    let parts = ids.chunks(MOST_IDS).enumerate();
    let events = parts.map(|(number, ids)| {
        let payload = NotificationsRead {
            notification_ids: ids.to_vec(),
        };
        let id = cause.derive(&format!("notifications-read/{number}"));
        Event::new(id, SOURCE, user, None, &payload, chain, now)
    });
    events.collect()
}

/// Puts what was lost into the inbox again, as read: it was told before. Nobody is told anew, but by an event that is on
/// record and still on its way to here: it counts as not seen, and does all that it would have done.
pub(crate) async fn restore<D: Dapr>(
    dapr: &D,
    story: &Story,
    now: DateTime<Utc>,
) -> Result<bool, HandleError> {
    let mut restored = false;
    for event in &story.events {
        let Some(notification) = notice::of(event)? else {
            continue;
        };
        let notification = NotificationDocument {
            read: true,
            ..notification
        };
        let make = async || {
            let inbox = Inbox::read(dapr, &story.user_id).await?;
            if inbox.is_erased(now) {
                return Ok(Vec::new());
            }
            Ok(inbox
                .put_back(dapr, &notification)
                .await?
                .unwrap_or_default())
        };
        restored |= consumer::restore(dapr, make).await?;
    }
    Ok(restored)
}

/// May be lost: a screen reads its inbox when it connects.
async fn tell_screens<D: Dapr>(
    dapr: &D,
    cause: &Event,
    user: &UserId,
    notification: &NotificationDocument,
) -> Result<(), HandleError> {
    let payload = NotificationAdded {
        notification: notification.clone(),
    };
    let id = cause.id().derive("notification-added");
    let task = notification.task_id.map(TaskId);
    let now = cause.timestamp;
    let event = Event::new(id, SOURCE, user, task, &payload, cause.chain(), now);
    Ok(dapr.publish(Topic::TaskUpdates, &[event]).await?)
}
