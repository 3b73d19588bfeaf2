//! An event becomes a notification: told to open screens, put into the inbox, and set on its way through the channels.

use chrono::{DateTime, Utc};
use dapr::Dapr;
use dapr::consumer::{self, Effect, HandleError};
use domain::{TaskId, UserId};
use events::{Event, NotificationAdded, NotificationDocument, Story, Topic};
use http_api::Rate;

use crate::inbox::Inbox;
use crate::preferences::{self, Preferences};
use crate::{SOURCE, delivery, notice};

/// Handles one event. No more e-mails than `mails` go out to one person.
pub(crate) async fn react<D: Dapr>(
    dapr: &D,
    event: &Event,
    mails: Rate,
    now: DateTime<Utc>,
) -> Result<Effect, HandleError> {
    let Some(notification) = notice::of(event)? else {
        return Ok(Effect::ignored());
    };
    let user = UserId::parse(&event.user_id)
        .map_err(|error| HandleError::Poison(format!("user_id: {error}")))?;
    let mut inbox = Inbox::read(dapr, user.as_str()).await?;
    if inbox.is_erased(now) {
        return Ok(Effect::ignored());
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
    effect.writes.extend(inbox.add(dapr, &notification).await?);
    Ok(effect)
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
