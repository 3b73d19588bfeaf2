//! The routes.

use dapr::ordered::Reading;
use dapr::{Condition, Dapr, DaprError, Write};
use events::{Event, Timestamp};
use http::{Method, StatusCode};
use http_api::{
    Answer, Function, Paging, Problem, Request, Response, cursor_to_text, empty, erase_answer,
    json_response, parse_json, query, refuse_erased, restore_answer, segments,
};
use serde_json::json;
use uuid::Uuid;

use crate::channel::Channels;
use crate::check::Checking;
use crate::delivery::Sending;
use crate::erase;
use crate::inbox::Inbox;
use crate::preferences::{self, Preferences, PreferencesBody};
use crate::react::{self, react};

/// How often a mark tries again when others change the same inbox.
const TRIES: u32 = 8;

/// What the service works with.
#[derive(Debug)]
pub struct Notifications<'a, D, C> {
    /// A function's means.
    pub function: &'a Function<D>,
    /// The channels.
    pub channels: &'a C,
    /// Where people find the screen, for links.
    pub public_url: &'a str,
}

/// Answers a request.
pub async fn route<D: Dapr, C: Channels>(
    service: &Notifications<'_, D, C>,
    request: Request,
) -> Answer {
    match (request.method(), segments(request.uri().path()).as_slice()) {
        (&Method::GET, ["api", "notifications"]) => service.list(&request).await.into(),
        (_, ["api", "notifications"]) => Problem::method_not_allowed("GET").into(),
        (&Method::POST, ["api", "notifications", "read-all"]) => {
            service.read_all(&request).await.into()
        }
        (&Method::POST, ["api", "notifications", id, "read"]) => {
            service.read(&request, id).await.into()
        }
        (_, ["api", "notifications", "read-all"] | ["api", "notifications", _, "read"]) => {
            Problem::method_not_allowed("POST").into()
        }
        (&Method::GET, ["api", "preferences"]) => service.preferences(&request).await.into(),
        (&Method::PUT, ["api", "preferences"]) => service.set_preferences(&request).await.into(),
        (_, ["api", "preferences"]) => Problem::method_not_allowed("GET, PUT").into(),
        (&Method::POST, ["notification-service", "events"]) => {
            let function = service.function;
            let mails = function.limits.mails;
            let react =
                async |event: &Event| react(&function.dapr, event, mails, function.now()).await;
            function.deliver(&request, react).await.into()
        }
        (&Method::POST, ["notification-service", "check"]) => service.check(&request).await.into(),
        (&Method::POST, ["notification-service", "erase"]) => service.erase(&request).await.into(),
        (&Method::POST, ["notification-service", "restore"]) => {
            service.restore(&request).await.into()
        }
        (&Method::POST, ["notification-service", "cron-delivery"]) => {
            service.tick(&request).await.into()
        }
        (&Method::GET, ["notification-service", "health"]) => {
            service.function.health("notification-service").await.into()
        }
        _ => Problem::not_found("There is no such route.").into(),
    }
}

impl<D: Dapr, C: Channels> Notifications<'_, D, C> {
    /// Whether what is derived still says what the inbox has.
    async fn check(&self, request: &Request) -> Result<Response, Problem> {
        let (user, check) = self.function.to_check(request)?;
        let checking = Checking {
            dapr: &self.function.dapr,
            user: user.as_str(),
            now: self.function.now(),
            repair: check.repair,
        };
        Ok(json_response(StatusCode::OK, &checking.run(&check).await?))
    }

    /// A stretch of what this function has of a person who is erased.
    async fn erase(&self, request: &Request) -> Result<Response, Problem> {
        let (user, tombstone, what) = self.function.to_erase(request)?;
        erase_answer(erase::erase(&self.function.dapr, user.as_str(), tombstone, &what).await)
    }

    /// What is on record of a task, for an inbox that was lost.
    async fn restore(&self, request: &Request) -> Result<Response, Problem> {
        let story = self.function.story(request)?;
        restore_answer(react::restore(&self.function.dapr, &story, self.function.now()).await)
    }

    async fn list(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let paging = Paging::parse(&query(request)?)?;
        let dapr = &self.function.dapr;
        let cursor = paging.cursor.as_deref();
        let read = async |inbox: &Inbox, reading: &Reading<'_, D>| {
            let (items, next) = inbox.page(reading, cursor, paging.limit).await?;
            Ok((items, next, inbox.unread()))
        };
        let user = person.id.as_str();
        let (items, next, unread) = Inbox::read_settled(dapr, user, read).await?;
        let next_cursor = next.map(|key| cursor_to_text(&key));
        Ok(json_response(
            StatusCode::OK,
            &json!({ "items": items, "unread": unread, "next_cursor": next_cursor }),
        ))
    }

    async fn read(&self, request: &Request, id: &str) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let none = || Problem::not_found("There is no such notification.");
        let id = Uuid::try_parse(id).map_err(|_| none())?;
        let dapr = &self.function.dapr;
        for _ in 0..TRIES {
            let mark = async |inbox: &Inbox, reading: &Reading<'_, D>| {
                inbox.clone().mark_read(dapr, reading, id).await
            };
            let writes = Inbox::read_settled(dapr, person.id.as_str(), mark).await?;
            let writes = writes.ok_or_else(none)?;
            if self.write(writes).await? {
                return Ok(empty(StatusCode::NO_CONTENT));
            }
        }
        Err(Problem::unavailable(1))
    }

    async fn read_all(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let now = Timestamp::clamped(self.function.now());
        for _ in 0..TRIES {
            let inbox = Inbox::read(&self.function.dapr, person.id.as_str()).await?;
            if self.write(vec![inbox.mark_all_read(now)]).await? {
                return Ok(empty(StatusCode::NO_CONTENT));
            }
        }
        Err(Problem::unavailable(1))
    }

    /// Whether the writes were made; `false` when somebody else came first.
    async fn write(&self, writes: Vec<Write>) -> Result<bool, DaprError> {
        if writes.is_empty() {
            return Ok(true);
        }
        match self.function.dapr.transact(writes).await {
            Ok(()) => Ok(true),
            Err(DaprError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn preferences(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let key = preferences::key(person.id.as_str());
        let stored = self.function.dapr.get(&key).await?;
        let mut preferences: Preferences = stored
            .map(|document| document.read(&key))
            .transpose()?
            .unwrap_or_default();
        if preferences.email.address.is_none() {
            preferences.email.address = person.email;
        }
        Ok(json_response(
            StatusCode::OK,
            &PreferencesBody::from(preferences),
        ))
    }

    async fn set_preferences(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let body: PreferencesBody = parse_json(request)?;
        let key = preferences::key(person.id.as_str());
        for _ in 0..TRIES {
            let document = self.function.dapr.get(&key).await?;
            // What can't be read is replaced by what the person says.
            let stored = document.as_ref().and_then(|stored| stored.read(&key).ok());
            let stored: Preferences = stored.unwrap_or_default();
            refuse_erased(stored.erased, self.function.now())?;
            let preferences = Preferences::of_body(body.clone(), &stored)?;
            let condition = Condition::as_read(document.as_ref());
            let write = Write::put(&key, &preferences, condition);
            if self.write(vec![write]).await? {
                let body = PreferencesBody::from(preferences);
                return Ok(json_response(StatusCode::OK, &body));
            }
        }
        Err(Problem::unavailable(1))
    }

    /// `cron-delivery`: sends what is to be sent now.
    async fn tick(&self, request: &Request) -> Result<Response, Problem> {
        let function = self.function;
        let sending = Sending {
            dapr: &function.dapr,
            channels: self.channels,
            public_url: self.public_url,
            clock: function.clock,
            holder: function.fresh().to_string(),
        };
        function
            .tick(request, async |entries, until| {
                sending.send_all(entries, until).await
            })
            .await
    }
}
