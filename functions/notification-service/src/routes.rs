//! The routes.

use api::notification::Page;
use api::preferences::ConfirmEmail;
use dapr::consumer::publish_after;
use dapr::ordered::Reading;
use dapr::timetable::Insert;
use dapr::{Condition, Dapr, DaprError, Write};
use domain::{EventId, UserId};
use events::{Event, Timestamp};
use http::{Method, StatusCode};
use http_api::{
    Answer, Function, Paging, Problem, Request, Response, cursor_to_text, empty, erase_answer,
    json_response, parse_json, query, refuse_erased, restore_answer, segments,
};
use uuid::Uuid;

use crate::channel::Channels;
use crate::check::Checking;
use crate::confirm::{self, Code, Said};
use crate::delivery::{self, Sending};
use crate::erase;
use crate::inbox::Inbox;
use crate::preferences::{self, Preferences};
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
    /// Whether there is a mail server.
    pub mail_available: bool,
}

/// Answers a request.
pub async fn route<D: Dapr + Clone + 'static, C: Channels>(
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
        (&Method::POST, ["api", "preferences", "email", "code"]) => {
            service.send_code(&request).await.into()
        }
        (&Method::POST, ["api", "preferences", "email", "confirm"]) => {
            service.confirm(&request).await.into()
        }
        (_, ["api", "preferences", "email", "code" | "confirm"]) => {
            Problem::method_not_allowed("POST").into()
        }
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

fn nothing_to_confirm() -> Problem {
    Problem::conflict("There is no address to be confirmed: turn e-mail on first.")
}

impl<D: Dapr + Clone + 'static, C: Channels> Notifications<'_, D, C> {
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
        let page = Page {
            items,
            unread,
            next_cursor: next.map(|key| cursor_to_text(&key)),
        };
        Ok(json_response(StatusCode::OK, &page))
    }

    async fn read(&self, request: &Request, id: &str) -> Result<Answer, Problem> {
        let person = self.function.person(request).await?;
        let none = || Problem::not_found("There is no such notification.");
        let id = Uuid::try_parse(id).map_err(|_| none())?;
        let dapr = &self.function.dapr;
        for _ in 0..TRIES {
            let mark = async |inbox: &Inbox, reading: &Reading<'_, D>| {
                inbox.clone().mark_read(dapr, reading, id).await
            };
            let marked = Inbox::read_settled(dapr, person.id.as_str(), mark).await?;
            let (writes, read) = marked.ok_or_else(none)?;
            if self.write(writes).await? {
                return Ok(self.tells_read(request, &person.id, &read));
            }
        }
        Err(Problem::unavailable(1))
    }

    async fn read_all(&self, request: &Request) -> Result<Answer, Problem> {
        let person = self.function.person(request).await?;
        let now = Timestamp::clamped(self.function.now());
        for _ in 0..TRIES {
            let dapr = &self.function.dapr;
            let mark = async |inbox: &Inbox, reading: &Reading<'_, D>| {
                inbox.clone().mark_all_read(reading, now).await
            };
            let (write, read) = Inbox::read_settled(dapr, person.id.as_str(), mark).await?;
            if self.write(vec![write]).await? {
                return Ok(self.tells_read(request, &person.id, &read));
            }
        }
        Err(Problem::unavailable(1))
    }

    /// The answer to a mark, behind which the person's screens are told of it.
    fn tells_read(&self, request: &Request, user: &UserId, ids: &[Uuid]) -> Answer {
        let (cause, chain) = (EventId(self.function.fresh()), self.function.chain(request));
        let now = Timestamp::clamped(self.function.now());
        let events = react::read_events(cause, user, ids, chain, now);
        let dapr = self.function.dapr.clone();
        Answer::then(empty(StatusCode::NO_CONTENT), async move {
            publish_after(&dapr, &events).await;
        })
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
        Ok(self.shown(preferences))
    }

    fn shown(&self, preferences: Preferences) -> Response {
        json_response(StatusCode::OK, &preferences.shown(self.mail_available))
    }

    /// What puts a code on its way to the address that is to be confirmed; counted in `preferences`.
    async fn plan_code(
        &self,
        request: &Request,
        user: &UserId,
        preferences: &mut Preferences,
    ) -> Result<(Insert, Vec<Write>), Problem> {
        let Some(address) = preferences.email.to_confirm().map(str::to_owned) else {
            return Ok((Insert::default(), Vec::new()));
        };
        if !self.mail_available {
            return Err(Problem::invalid_field(
                "/email/enabled",
                "can't be turned on: this Nudge has no mail server",
            ));
        }
        let function = self.function;
        let (dapr, now, email) = (&function.dapr, function.now(), &mut preferences.email);
        let counted = confirm::count(dapr, &mut email.codes, &address, now).await??;
        email.code = Some(Code::wanted(&address, email.code.as_ref()));
        let (chain, id) = (function.chain(request), function.fresh());
        let (insert, mut writes) =
            delivery::begin_code(dapr, user.as_str(), &address, chain, id, now).await?;
        writes.push(counted);
        Ok((insert, writes))
    }

    /// Sends the person a new code.
    async fn send_code(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let key = preferences::key(person.id.as_str());
        for _ in 0..TRIES {
            let Some(document) = self.function.dapr.get(&key).await? else {
                return Err(nothing_to_confirm());
            };
            let mut preferences: Preferences = document.read(&key)?;
            refuse_erased(preferences.erased, self.function.now())?;
            if preferences.email.to_confirm().is_none() {
                return Err(nothing_to_confirm());
            }
            let (insert, mut writes) = self
                .plan_code(request, &person.id, &mut preferences)
                .await?;
            let unchanged = Condition::Unchanged(document.etag);
            writes.push(Write::put(&key, &preferences, unchanged));
            if self.write(writes).await? {
                insert.confirm(&self.function.dapr).await?;
                return Ok(empty(StatusCode::NO_CONTENT));
            }
        }
        Err(Problem::unavailable(1))
    }

    /// Hears the code that was sent to the person.
    async fn confirm(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let said: ConfirmEmail = parse_json(request)?;
        let key = preferences::key(person.id.as_str());
        for _ in 0..TRIES {
            let Some(document) = self.function.dapr.get(&key).await? else {
                return Err(nothing_to_confirm());
            };
            let mut preferences: Preferences = document.read(&key)?;
            refuse_erased(preferences.erased, self.function.now())?;
            if preferences.email.is_confirmed() {
                // The answer to the right code may have been lost.
                return Ok(self.shown(preferences));
            }
            let heard = preferences
                .email
                .hear(said.code.trim(), self.function.now());
            let answer = match heard {
                Said::Right => Ok(()),
                Said::Wrong => Err("That is not the code that was sent."),
                Said::Over => Err(
                    "No code is waited for: the last one was sent too long ago, or wrong ones were said too often. Have a new one sent.",
                ),
            };
            if heard != Said::Over {
                let unchanged = Condition::Unchanged(document.etag);
                let write = Write::put(&key, &preferences, unchanged);
                if !self.write(vec![write]).await? {
                    continue;
                }
            }
            return match answer {
                Ok(()) => Ok(self.shown(preferences)),
                Err(detail) => Err(Problem::wrong_code(detail)),
            };
        }
        Err(Problem::unavailable(1))
    }

    async fn set_preferences(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.function.person(request).await?;
        let body: api::preferences::Preferences = parse_json(request)?;
        let key = preferences::key(person.id.as_str());
        for _ in 0..TRIES {
            let document = self.function.dapr.get(&key).await?;
            // What can't be read is replaced by what the person says.
            let stored = document.as_ref().and_then(|stored| stored.read(&key).ok());
            let stored: Preferences = stored.unwrap_or_default();
            refuse_erased(stored.erased, self.function.now())?;
            let mut preferences = Preferences::of_body(body.clone(), &stored)?;
            let (insert, mut writes) = match preferences.email.code {
                // One was sent for this address; another one has to be asked for.
                Some(_) => (Insert::default(), Vec::new()),
                None => {
                    self.plan_code(request, &person.id, &mut preferences)
                        .await?
                }
            };
            let condition = Condition::as_read(document.as_ref());
            writes.push(Write::put(&key, &preferences, condition));
            if self.write(writes).await? {
                insert.confirm(&self.function.dapr).await?;
                return Ok(self.shown(preferences));
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
