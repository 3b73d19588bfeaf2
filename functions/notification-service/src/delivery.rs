//! A message on its way through a channel: sent when it is time, and again while the channel does not take it. What was
//! decided when it was put on its way is decided anew each time that it is about to be sent.

use chrono::{DateTime, Duration, Utc};
use dapr::ordered::{Item, Reading};
use dapr::timetable::{self, Entry, Insert, Looked};
use dapr::{Binding, Condition, Dapr, DaprError, Document, Write};
use domain::{EventId, UserId};
use events::{
    Chain, Event, EventType, NotificationDelivered, NotificationDocument, NotificationFailed,
    NotificationWithdrawn, Payload, Timestamp, UnknownFields,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::channel::{Channels, Message};
use crate::confirm::Code;
use crate::inbox::Inbox;
use crate::preferences::{self, Preferences};
use crate::refusal;
use crate::service::SOURCE;

mod code;
mod document;
mod look;

use code::{CODE_BODY, CODE_TITLE, CODE_TRIES};
pub(crate) use code::{begin_code, code_key};
pub(crate) use document::Delivery;
use document::{EMAIL, State};
use look::{Look, look, look_at_code};

/// Seconds between tries; after the last one the message is given up. A day in all.
const WAITS: [i64; 11] = [
    10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 28_800,
];

/// From how many seconds on a channel that does not take a message counts as hanging.
const HANGS_AFTER_SECONDS: i64 = 2;

/// How long the record of a finished delivery is kept: 30 days.
const FINISHED_TTL_SECONDS: u32 = 30 * 24 * 60 * 60;

/// Longest that a channel may take over one message, in seconds.
const SEND_SECONDS: i64 = 50;

/// For how long a message, and the channel, belong to the tick that is about to send: longer than that may take.
const CLAIM_SECONDS: i64 = SEND_SECONDS + 10;

/// How long one tick goes on to begin sending, in milliseconds; the rest is left to the next one. The
/// timetable's lease is not renewed meanwhile, and outlasts this where a message takes no more than a second or two.
const SEND_FOR_MS: i64 = 5_000;

/// The document that says which tick is sending e-mail: real Dapr's SMTP binding mixes up the recipients of two mails that
/// are on their way at once.
const SENDER_KEY: &str = "sender/email";

/// The document [`SENDER_KEY`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sender {
    /// An id of the tick's own.
    holder: String,
    until: Timestamp,
}

/// How one try went.
enum Try {
    Taken,
    /// The channel did not take it now.
    NotNow(String),
    /// The channel never will.
    Never(String),
    /// It was not tried: it is not to be sent before then.
    PutOff(DateTime<Utc>),
    /// It was not tried, and never will be.
    Withdrawn(&'static str),
}

/// The key of the message that a notification sends.
pub(crate) fn key(user: &str, notification: impl std::fmt::Display) -> String {
    format!("delivery/{user}/{notification}/{EMAIL}")
}

/// Puts an e-mail on its way: what to write, its entry in the timetable among it.
pub(crate) async fn begin<D: Dapr>(
    dapr: &D,
    cause: &Event,
    notification: &NotificationDocument,
    address: &str,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(Insert, Vec<Write>), DaprError> {
    let key = key(&cause.user_id, notification.id);
    let entry = Entry::new(at, &cause.user_id, key.as_str());
    let (insert, mut writes) = Insert::plan(dapr, vec![entry], now).await?;
    let delivery = Delivery {
        notification: notification.clone(),
        address: address.to_owned(),
        state: State::Waiting,
        tries: 0,
        next_at: Timestamp::clamped(at),
        claimed_until: None,
        correlation_id: cause.metadata.correlation_id,
        causation_id: cause.event_id,
        unknown: UnknownFields::default(),
    };
    // A repeat of the event meets its mark, so there is none yet.
    writes.push(Write::put(key, &delivery, Condition::Absent));
    Ok((insert, writes))
}

/// Puts on record that a notification is told in the app only: its person was sent as many e-mails as they may be.
pub(crate) async fn refuse<D: Dapr>(
    dapr: &D,
    cause: &Event,
    notification: &NotificationDocument,
    now: DateTime<Utc>,
) -> Result<(), DaprError> {
    let Ok(user) = UserId::parse(&cause.user_id) else {
        return Ok(());
    };
    let payload = NotificationFailed {
        notification_id: notification.id,
        channel: EMAIL.to_owned(),
        tries: 0,
        reason: "as many e-mails as one person may be sent at a time were sent".to_owned(),
    };
    let purpose = format!("{EMAIL}/{}", EventType::NotificationFailed.name());
    let id = EventId(notification.id).derive(&purpose);
    let task = notification.task_id.map(domain::TaskId);
    let (chain, now) = (cause.chain(), Timestamp::clamped(now));
    let event = Event::new(id, SOURCE, &user, task, &payload, chain, now);
    dapr.publish(event.topic(), &[event]).await
}

/// Whether the message of an inbox's item that waits is in the timetable: its key and what is wrong, and whether that is
/// mended, if not.
pub(crate) async fn check<D: Dapr>(
    dapr: &D,
    user: &str,
    item: &Item,
    now: DateTime<Utc>,
    repair: bool,
) -> Result<Option<(String, &'static str, bool)>, DaprError> {
    let Some(id) = item.key.rsplit('/').next() else {
        return Ok(None);
    };
    let key = key(user, id);
    let Some(document) = dapr.get(&key).await? else {
        return Ok(None);
    };
    let Ok(delivery) = document.read::<Delivery>(&key) else {
        return Ok(Some((key, "it can't be read", false)));
    };
    let at = delivery.next_at.utc();
    let is_about_to = (now - Duration::seconds(CLAIM_SECONDS)..=now).contains(&at);
    if delivery.state != State::Waiting || is_about_to {
        return Ok(None);
    }
    let entry = Entry::new(at, user, key.as_str());
    if at > now && timetable::is_planned(dapr, &entry).await? {
        return Ok(None);
    }
    let mut mended = false;
    if repair {
        let (insert, writes) = Insert::plan(dapr, vec![entry], now).await?;
        mended = match dapr.transact(writes).await {
            Ok(()) => {
                insert.confirm(dapr).await?;
                true
            }
            Err(DaprError::Conflict) => false,
            Err(error) => return Err(error),
        };
    }
    Ok(Some((key, "nothing in the timetable leads to it", mended)))
}

/// What a tick sends with.
pub(crate) struct Sending<'a, D, C> {
    pub(crate) dapr: &'a D,
    pub(crate) channels: &'a C,
    /// Where people find the screen, for links.
    pub(crate) public_url: &'a str,
    pub(crate) clock: fn() -> DateTime<Utc>,
    /// An id of the tick's own.
    pub(crate) holder: String,
}

/// What stands in the way of sending a message.
enum Claim {
    /// Nothing: it is this tick's now.
    Ours(Box<Delivery>),
    /// It was sent, given up, or put off meanwhile.
    Stale,
    /// Somebody is at it, or was when they came to an end.
    Taken,
    /// Another tick is sending.
    ChannelTaken,
}

impl<D: Dapr, C: Channels> Sending<'_, D, C> {
    /// Works through entries of the timetable that are due by `until`. When a channel hangs at one message, the others of
    /// this batch wait with it, so that it can't hold up the tick; a quick refusal concerns that one message only.
    pub(crate) async fn send_all(
        &self,
        due: &[Entry],
        until: DateTime<Utc>,
    ) -> Result<Looked, DaprError> {
        let began = (self.clock)();
        let mut looked = Looked::default();
        let mut hangs: Option<String> = None;
        let mut rest = due.iter();
        for entry in rest.by_ref() {
            let key = &entry.owner;
            let now = (self.clock)();
            if (now - began).num_milliseconds() >= SEND_FOR_MS {
                looked.left.push(key.clone());
                break;
            }
            let mut delivery = match self.claim(key, now.max(until)).await {
                Ok(Claim::Ours(delivery)) => *delivery,
                Ok(Claim::Stale) => continue,
                Ok(Claim::Taken) => {
                    looked.again.push(key.clone());
                    continue;
                }
                Ok(Claim::ChannelTaken) => {
                    looked.left.push(key.clone());
                    break;
                }
                Err(error @ DaprError::Corrupt { .. }) => {
                    looked.put_off.push((key.clone(), error.to_string()));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let look = match self.look(key, &delivery, now.max(until)).await {
                Ok(look) => look,
                Err(error @ DaprError::Corrupt { .. }) => {
                    looked.put_off.push((key.clone(), error.to_string()));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let result = match (look, &hangs) {
                (Look::Erased, _) => {
                    let write = Write::delete(key, Condition::Any);
                    self.dapr.transact(vec![write]).await?;
                    continue;
                }
                (Look::Withdraw(reason), _) => Try::Withdrawn(reason),
                (Look::PutOff(at), _) => Try::PutOff(at),
                (Look::Send { .. }, Some(reason)) => Try::NotNow(reason.clone()),
                (Look::Send { address }, None) => {
                    delivery.address = address;
                    let code = match delivery.is_code() {
                        true => Some(self.make_code(user_of(key), &delivery.address, now).await?),
                        false => None,
                    };
                    match code {
                        // Somebody changed the address in this moment: it is looked at again.
                        Some(None) => Try::PutOff(now),
                        Some(code) => self.send(&delivery, code.as_deref()).await,
                        None => self.send(&delivery, None).await,
                    }
                }
            };
            if let Try::NotNow(reason) = &result
                && ((self.clock)() - now).num_seconds() >= HANGS_AFTER_SECONDS
            {
                hangs = Some(reason.clone());
            }
            self.record(key, delivery, result, (self.clock)().max(until))
                .await?;
        }
        looked.left.extend(rest.map(|entry| entry.owner.clone()));
        self.let_go().await;
        Ok(looked)
    }

    /// Says, before a message is sent, that this tick is about to: nobody else sends it, or anything, meanwhile.
    async fn claim(&self, key: &str, now: DateTime<Utc>) -> Result<Claim, DaprError> {
        let mut documents = self
            .dapr
            .get_many(&[SENDER_KEY.to_owned(), key.to_owned()])
            .await?;
        let (document, sender) = (documents.pop().flatten(), documents.pop().flatten());
        let Some(document) = document else {
            return Ok(Claim::Stale);
        };
        let mut delivery: Delivery = document.read(key)?;
        if delivery.state != State::Waiting || delivery.next_at.utc() > now {
            return Ok(Claim::Stale);
        }
        let claim_ends = now + Duration::seconds(CLAIM_SECONDS);
        // A claim that lasts longer than any does was made by a clock that was ahead.
        let lasts = |until: Timestamp| until.utc() > now && until.utc() <= claim_ends;
        if delivery.claimed_until.is_some_and(lasts) {
            return Ok(Claim::Taken);
        }
        let holds = sender
            .as_ref()
            .and_then(|document| document.read::<Sender>(SENDER_KEY).ok());
        if holds.is_some_and(|sender| sender.holder != self.holder && lasts(sender.until)) {
            return Ok(Claim::ChannelTaken);
        }
        let until = Timestamp::clamped(claim_ends);
        delivery.claimed_until = Some(until);
        let holder = self.holder.clone();
        let writes = vec![
            Write::put(
                SENDER_KEY,
                &Sender { holder, until },
                Condition::as_read(sender.as_ref()),
            ),
            Write::put(key, &delivery, Condition::Unchanged(document.etag)),
        ];
        match self.dapr.transact(writes).await {
            Ok(()) => Ok(Claim::Ours(Box::new(delivery))),
            Err(DaprError::Conflict) => Ok(Claim::ChannelTaken),
            Err(error) => Err(error),
        }
    }

    /// Best effort: the claim ends by itself.
    async fn let_go(&self) {
        let Ok(Some(document)) = self.dapr.get(SENDER_KEY).await else {
            return;
        };
        let is_ours = document
            .read::<Sender>(SENDER_KEY)
            .is_ok_and(|sender| sender.holder == self.holder);
        if is_ours {
            let write = Write::delete(SENDER_KEY, Condition::Unchanged(document.etag));
            self.dapr.transact(vec![write]).await.ok();
        }
    }

    /// Looks at what may have changed since the message was put on its way.
    async fn look(
        &self,
        key: &str,
        delivery: &Delivery,
        now: DateTime<Utc>,
    ) -> Result<Look, DaprError> {
        let user = user_of(key);
        let was_read = async |inbox: &Inbox, reading: &Reading<'_, D>| match inbox.is_erased(now) {
            true => Ok(None),
            false => {
                let was_read = inbox.was_read(reading, &delivery.notification).await?;
                Ok(Some(was_read))
            }
        };
        let Some(was_read) = Inbox::read_settled(self.dapr, user, was_read).await? else {
            return Ok(Look::Erased);
        };
        let key = preferences::key(user);
        let preferences = self.dapr.get(&key).await?;
        let preferences = preferences.map(|document| document.read(&key));
        let preferences: Preferences = preferences.transpose()?.unwrap_or_default();
        Ok(match delivery.is_code() {
            _ if preferences.erased.is_some() => Look::Erased,
            true => look_at_code(&preferences),
            false => look(&preferences, was_read, now),
        })
    }

    /// Makes the code that is about to be sent; `None` when `address` is not to be confirmed any more.
    async fn make_code(
        &self,
        user: &str,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, DaprError> {
        let key = preferences::key(user);
        let Some(document) = self.dapr.get(&key).await? else {
            return Ok(None);
        };
        let mut preferences: Preferences = document.read(&key)?;
        if preferences.email.to_confirm() != Some(address) {
            return Ok(None);
        }
        let mut code = Code::wanted(address, preferences.email.code.as_ref());
        let digits = code.make(now);
        preferences.email.code = Some(code);
        let write = Write::put(&key, &preferences, Condition::Unchanged(document.etag));
        match self.dapr.transact(vec![write]).await {
            Ok(()) => Ok(Some(digits)),
            Err(DaprError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a message; one with a `code` says nothing that a person has chosen.
    async fn send(&self, delivery: &Delivery, code: Option<&str>) -> Try {
        let notification = &delivery.notification;
        let (title, body) = match code {
            Some(code) => (format!("{CODE_TITLE} {code}"), CODE_BODY.to_owned()),
            None => (notification.title.clone(), notification.body.clone()),
        };
        let message = Message {
            id: notification.id.to_string(),
            kind: notification.kind.clone(),
            title,
            body,
            link: notification.task_id.map_or_else(
                || self.public_url.to_owned(),
                |task| format!("{}/?task={task}", self.public_url),
            ),
        };
        let request = match self.channels.email(&message, &delivery.address) {
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
        let limit = std::time::Duration::from_secs(SEND_SECONDS.unsigned_abs());
        match self.dapr.within(limit, self.dapr.bind(binding)).await {
            Some(Ok(_)) => Try::Taken,
            Some(Err(error)) => Try::NotNow(refusal::of(&error)),
            None => Try::NotNow(format!("it took longer than {SEND_SECONDS} s")),
        }
    }

    /// Writes down how a try went. The event goes out before that; the next entry is part of it.
    async fn record(
        &self,
        key: &str,
        mut delivery: Delivery,
        result: Try,
        now: DateTime<Utc>,
    ) -> Result<(), DaprError> {
        let dapr = self.dapr;
        let was_tried = !matches!(result, Try::PutOff(_) | Try::Withdrawn(_));
        delivery.tries = delivery.tries.saturating_add(was_tried.into());
        delivery.claimed_until = None;
        let notification_id = delivery.notification.id;
        let channel = EMAIL.to_owned();
        let tries = delivery.tries;
        let waits = match delivery.is_code() {
            true => &WAITS[..CODE_TRIES - 1],
            false => &WAITS[..],
        };
        let wait = (tries as usize)
            .checked_sub(1)
            .and_then(|tried| waits.get(tried));
        let user = user_of(key);
        let mut next = Vec::new();
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
                next.push(Entry::new(at, user, key));
            }
            (Try::PutOff(at), _) => {
                delivery.next_at = Timestamp::clamped(at);
                next.push(Entry::new(at, user, key));
            }
            (Try::Withdrawn(reason), _) => {
                delivery.state = State::Withdrawn;
                let payload = NotificationWithdrawn {
                    notification_id,
                    channel,
                    tries,
                    reason: reason.to_owned(),
                };
                publish(dapr, user, &delivery, &payload, now).await?;
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
        // Nobody else writes it while it is claimed, so a conflict can only come from the timetable.
        loop {
            let Some(document) = dapr.get(key).await? else {
                return Ok(());
            };
            if delivery.is_code() && is_another(&document, key, notification_id) {
                return Ok(());
            }
            let (insert, mut writes) = Insert::plan(dapr, next.clone(), now).await?;
            let unchanged = Condition::Unchanged(document.etag);
            let write = Write::put(key, &delivery, unchanged.clone());
            writes.push(match delivery.state {
                State::Waiting => write,
                _ if delivery.is_code() => Write::delete(key, unchanged),
                State::Delivered | State::Failed | State::Withdrawn => {
                    write.with_ttl(FINISHED_TTL_SECONDS)
                }
            });
            match dapr.transact(writes).await {
                Ok(()) => return insert.confirm(dapr).await,
                Err(DaprError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether another code was asked for while this one was sent.
fn is_another(document: &Document, key: &str, id: Uuid) -> bool {
    let stored = document.read::<Delivery>(key);
    stored.is_ok_and(|stored| stored.notification.id != id)
}

/// Whose message it is that has this key.
fn user_of(key: &str) -> &str {
    key.split('/').nth(1).unwrap_or_default()
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
    // A code is no notification, and there is nothing to be said of it for ever.
    if delivery.is_code() {
        return Ok(());
    }
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
