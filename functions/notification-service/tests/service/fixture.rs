//! A notification service with a channel that needs no component, and reminders that ring.

use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use domain::{EventId, TaskId};
use events::{
    Chain, ClearReason, Event, EventType, NotificationsRead, Payload, ReminderTriggered,
    TaskReminderCleared, Timestamp,
};
use function::{Function, Routes, fake};
use http::Method;
use notification_service::Notifications;
use notification_service::channel::{self, Channels, Message};
use serde_json::{Value, json};
use uuid::Uuid;

/// The notification service, with a mail server.
pub(crate) struct WithMail;

impl fake::Replicated for WithMail {
    type Service = Notifications<FakeDapr, PlainMail>;

    fn routes() -> Routes<Self::Service> {
        notification_service::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        notifications(function, true)
    }
}

/// What the handlers work with, where there is a mail server or none.
pub(crate) fn notifications(
    function: Function<FakeDapr>,
    mail_available: bool,
) -> Notifications<FakeDapr, PlainMail> {
    Notifications {
        function,
        channels: PlainMail,
        public_url: "http://nudge.test".to_owned(),
        mail_available,
    }
}

/// A notification service over a Dapr in memory.
pub(crate) type Service = fake::Replica<WithMail>;

/// An e-mail channel that refuses addresses at `nowhere.test`.
pub(crate) struct PlainMail;

impl Channels for PlainMail {
    fn email(&self, message: &Message, address: &str) -> Result<channel::Request, String> {
        if address.ends_with("@nowhere.test") {
            return Err("there is no such address".to_owned());
        }
        let mail = email_channel::write(
            &message.id,
            &message.kind,
            &message.title,
            &message.body,
            &message.link,
        );
        Ok(channel::Request {
            name: "smtp-email".to_owned(),
            operation: "create".to_owned(),
            data: json!(mail.html).to_string(),
            metadata: vec![
                ("emailTo".to_owned(), address.to_owned()),
                ("subject".to_owned(), mail.subject),
            ],
        })
    }
}

/// The reminder number `number` of `person` rings, so many seconds late: the only one of the task with this number.
pub(crate) fn ring(person: &str, number: u128, late_seconds: u64) -> Event {
    let payload = ReminderTriggered {
        late_seconds,
        ..rang(number, 1, 1)
    };
    Event {
        event_id: Uuid::from_u128(number),
        ..event(person, number, "reminder-service", &payload)
    }
}

/// The reminder number `number` rings now, by so much of the task service's word.
pub(crate) fn rang(number: u128, reminder_version: u64, task_sequence: u64) -> ReminderTriggered {
    let now = Timestamp::clamped(clock());
    ReminderTriggered {
        reminder_id: Uuid::from_u128(number),
        reminder_version,
        title: format!("Task <{number}>"),
        due: None,
        scheduled_at: now,
        late_seconds: 0,
        set_for: Some(now),
        task_sequence: Some(task_sequence),
    }
}

/// An event about the task number `number` of `person`.
pub(crate) fn event<P: Payload>(person: &str, number: u128, source: &str, payload: &P) -> Event {
    let chain = Chain {
        correlation_id: Uuid::from_u128(number),
        causation_id: None,
    };
    let (id, task) = (
        EventId(Uuid::now_v7()),
        Some(TaskId(Uuid::from_u128(number))),
    );
    let now = Timestamp::clamped(clock());
    Event::new(id, source, &fake::user(person), task, payload, chain, now)
}

/// The task number `number` of `person` is done, with this sequence.
pub(crate) fn done(person: &str, number: u128, sequence: u64) -> Event {
    let reason = ClearReason::Completed;
    let payload = TaskReminderCleared { reason };
    let mut event = event(person, number, "task-service", &payload);
    event.metadata.sequence = Some(sequence);
    event
}

/// Which notifications screens were told of as read, by each event.
pub(crate) fn told_read(service: &Service) -> Vec<Vec<Uuid>> {
    let events = service.dapr.published().into_iter();
    let read = events.filter_map(|(_, event)| match event.event_type {
        EventType::NotificationsRead => event.payload::<NotificationsRead>().ok(),
        _ => None,
    });
    read.map(|read| read.notification_ids).collect()
}

/// How many events of a type were published.
pub(crate) fn told(service: &Service, event_type: EventType) -> usize {
    let events = service.dapr.published();
    let ids = events
        .iter()
        .filter(|(_, event)| event.event_type == event_type);
    ids.map(|(_, event)| event.event_id)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// Lets so many seconds pass, with a tick at the end of them.
pub(crate) fn pass(world: &mut Interleaving, service: &Service, seconds: i64) {
    world.wait_ms(seconds * 1_000);
    block_on(tick(service.clone()));
}

/// The inbox of `person`.
pub(crate) fn inbox(service: &Service, person: &str) -> Value {
    let path = "/api/notifications?limit=200";
    let (status, page) = service.send(person, Method::GET, path, &Value::Null);
    assert_eq!(status, 200, "{page}");
    page
}

/// One tick of the service's cron.
pub(crate) async fn tick(service: Service) {
    service.tick("cron-delivery").await;
}

/// Turns mail on for `person`, who confirmed the address before there were codes.
pub(crate) fn wants_mail(service: &Service, person: &str, address: &str) {
    let preferences = json!({ "email": { "enabled": true, "address": address } });
    let key = format!("channels/{}", fake::user(person));
    service.dapr.tamper(&key, preferences);
}
