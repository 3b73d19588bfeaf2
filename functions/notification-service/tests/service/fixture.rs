//! A notification service with a channel that needs no component, and reminders that ring.

use dapr::fake::{FakeDapr, clock};
use domain::{EventId, TaskId};
use events::{Chain, Event, ReminderTriggered, Timestamp};
use http_api::{Answer, Function, Request, fake};
use notification_service::Notifications;
use notification_service::channel::{self, Channels, Message};
use serde_json::json;
use uuid::Uuid;

/// The routes of the notification service.
pub(crate) struct Routes;

impl fake::Routes for Routes {
    const APP_ID: &str = "notification-service";

    async fn route(function: &Function<FakeDapr>, request: Request) -> Answer {
        let service = Notifications {
            function,
            channels: &PlainMail,
            public_url: "http://nudge.test",
        };
        notification_service::route(&service, request).await
    }
}

/// A notification service over a Dapr in memory.
pub(crate) type Service = fake::Replica<Routes>;

/// An e-mail channel that refuses addresses at `nowhere.test`.
struct PlainMail;

impl Channels for PlainMail {
    fn email(&self, message: &Message, address: &str) -> Result<channel::Request, String> {
        if address.ends_with("@nowhere.test") {
            return Err("there is no such address".to_owned());
        }
        let mail = email_channel::write(&message.id, &message.title, &message.body, &message.link);
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

/// The reminder number `number` of `person` rings, so many seconds late.
pub(crate) fn ring(person: &str, number: u128, late_seconds: u64) -> Event {
    let payload = ReminderTriggered {
        reminder_id: Uuid::from_u128(number),
        reminder_version: 1,
        title: format!("Task <{number}>"),
        due: None,
        scheduled_at: Timestamp::clamped(clock()),
        late_seconds,
    };
    let chain = Chain {
        correlation_id: Uuid::from_u128(number),
        causation_id: None,
    };
    let (id, task) = (
        EventId(Uuid::from_u128(number)),
        Some(TaskId(Uuid::from_u128(number))),
    );
    let user = fake::user(person);
    Event::new(
        id,
        "reminder-service",
        &user,
        task,
        &payload,
        chain,
        Timestamp::clamped(clock()),
    )
}

/// One tick of the service's cron.
pub(crate) async fn tick(service: Service) {
    service.tick("cron-delivery").await;
}

/// Turns mail on for `person`.
pub(crate) fn wants_mail(service: &Service, person: &str, address: &str) {
    let preferences = json!({ "email": { "enabled": true, "address": address } });
    let put = http::Method::PUT;
    let (status, answer) = service.send(person, put, "/api/preferences", &preferences);
    assert_eq!(status, 200, "{answer}");
}
