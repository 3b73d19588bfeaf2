//! What people do with their inbox and their preferences.

use api::notification::Page;
use api::preferences::ConfirmEmail;
use dapr::consumer::publish_after;
use dapr::ordered::Reading;
use dapr::timetable::Insert;
use dapr::{Condition, Dapr, DaprError, Write};
use domain::{EventId, UserId};
use events::Timestamp;
use function::{
    Answer, Paging, Problem, Request, Response, cursor_to_text, empty, json_response, parse_json,
    path_parameter, query, refuse_erased,
};
use http::StatusCode;
use uuid::Uuid;

use crate::channel::Channels;
use crate::confirm::{self, Code, Said};
use crate::delivery;
use crate::inbox::Inbox;
use crate::preferences::{self, Preferences};
use crate::react;
use crate::service::Notifications;

/// How often a command tries again when others change the same documents.
const TRIES: u32 = 8;

/// `GET /api/notifications`
pub(crate) async fn list<D: Dapr + Clone + 'static, C: Channels>(
    service: &Notifications<D, C>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = service.function.person(request).await?;
    let paging = Paging::parse(&query(request)?)?;
    let dapr = &service.function.dapr;
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

/// `POST /api/notifications/{id}/read`
pub(crate) async fn read<D: Dapr + Clone + 'static, C: Channels>(
    service: &Notifications<D, C>,
    request: &Request,
) -> Result<Answer, Problem> {
    let person = service.function.person(request).await?;
    let none = || Problem::not_found("There is no such notification.");
    let id = Uuid::try_parse(path_parameter(request, "id")).map_err(|_| none())?;
    let dapr = &service.function.dapr;
    for _ in 0..TRIES {
        let mark = async |inbox: &Inbox, reading: &Reading<'_, D>| {
            inbox.clone().mark_read(dapr, reading, id).await
        };
        let marked = Inbox::read_settled(dapr, person.id.as_str(), mark).await?;
        let (writes, read) = marked.ok_or_else(none)?;
        if service.write(writes).await? {
            return Ok(service.tells_read(request, &person.id, &read));
        }
    }
    Err(Problem::unavailable(1))
}

/// `POST /api/notifications/read-all`
pub(crate) async fn read_all<D: Dapr + Clone + 'static, C: Channels>(
    service: &Notifications<D, C>,
    request: &Request,
) -> Result<Answer, Problem> {
    let person = service.function.person(request).await?;
    let now = Timestamp::clamped(service.function.now());
    for _ in 0..TRIES {
        let dapr = &service.function.dapr;
        let mark = async |inbox: &Inbox, reading: &Reading<'_, D>| {
            inbox.clone().mark_all_read(reading, now).await
        };
        let (write, read) = Inbox::read_settled(dapr, person.id.as_str(), mark).await?;
        if service.write(vec![write]).await? {
            return Ok(service.tells_read(request, &person.id, &read));
        }
    }
    Err(Problem::unavailable(1))
}

/// `GET /api/preferences`
pub(crate) async fn preferences<D: Dapr + Clone + 'static, C: Channels>(
    service: &Notifications<D, C>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = service.function.person(request).await?;
    let key = preferences::key(person.id.as_str());
    let (mut preferences, _) = dapr::load::<Preferences, D>(&service.function.dapr, &key).await?;
    if preferences.email.address.is_none() {
        preferences.email.address = person.email;
    }
    Ok(service.shown(preferences))
}

/// `PUT /api/preferences`
pub(crate) async fn set_preferences<D: Dapr + Clone + 'static, C: Channels>(
    service: &Notifications<D, C>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = service.function.person(request).await?;
    let body: api::preferences::Preferences = parse_json(request)?;
    let key = preferences::key(person.id.as_str());
    for _ in 0..TRIES {
        let document = service.function.dapr.get(&key).await?;
        // What can't be read is replaced by what the person says.
        let stored = document.as_ref().and_then(|stored| stored.read(&key).ok());
        let stored: Preferences = stored.unwrap_or_default();
        refuse_erased(stored.erased, service.function.now())?;
        let mut preferences = Preferences::of_body(body.clone(), &stored)?;
        let (insert, mut writes) = match preferences.email.code {
            // One was sent for this address; another one has to be asked for.
            Some(_) => (Insert::default(), Vec::new()),
            None => {
                service
                    .plan_code(request, &person.id, &mut preferences)
                    .await?
            }
        };
        let condition = Condition::as_read(document.as_ref());
        writes.push(Write::put(&key, &preferences, condition));
        if service.write(writes).await? {
            insert.confirm(&service.function.dapr).await?;
            return Ok(service.shown(preferences));
        }
    }
    Err(Problem::unavailable(1))
}

/// `POST /api/preferences/email/code`: sends the person a new code.
pub(crate) async fn send_code<D: Dapr + Clone + 'static, C: Channels>(
    service: &Notifications<D, C>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = service.function.person(request).await?;
    let key = preferences::key(person.id.as_str());
    for _ in 0..TRIES {
        let Some(document) = service.function.dapr.get(&key).await? else {
            return Err(nothing_to_confirm());
        };
        let mut preferences: Preferences = document.read(&key)?;
        refuse_erased(preferences.erased, service.function.now())?;
        if preferences.email.to_confirm().is_none() {
            return Err(nothing_to_confirm());
        }
        let (insert, mut writes) = service
            .plan_code(request, &person.id, &mut preferences)
            .await?;
        let unchanged = Condition::Unchanged(document.etag);
        writes.push(Write::put(&key, &preferences, unchanged));
        if service.write(writes).await? {
            insert.confirm(&service.function.dapr).await?;
            return Ok(empty(StatusCode::NO_CONTENT));
        }
    }
    Err(Problem::unavailable(1))
}

/// `POST /api/preferences/email/confirm`: hears the code that was sent to the person.
pub(crate) async fn confirm<D: Dapr + Clone + 'static, C: Channels>(
    service: &Notifications<D, C>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = service.function.person(request).await?;
    let said: ConfirmEmail = parse_json(request)?;
    let key = preferences::key(person.id.as_str());
    for _ in 0..TRIES {
        let Some(document) = service.function.dapr.get(&key).await? else {
            return Err(nothing_to_confirm());
        };
        let mut preferences: Preferences = document.read(&key)?;
        refuse_erased(preferences.erased, service.function.now())?;
        if preferences.email.is_confirmed() {
            // The answer to the right code may have been lost.
            return Ok(service.shown(preferences));
        }
        let heard = preferences
            .email
            .hear(said.code.trim(), service.function.now());
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
            if !service.write(vec![write]).await? {
                continue;
            }
        }
        return match answer {
            Ok(()) => Ok(service.shown(preferences)),
            Err(detail) => Err(Problem::wrong_code(detail)),
        };
    }
    Err(Problem::unavailable(1))
}

impl<D: Dapr + Clone + 'static, C: Channels> Notifications<D, C> {
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
        let function = &self.function;
        let (dapr, now, email) = (&function.dapr, function.now(), &mut preferences.email);
        let counted = confirm::count(dapr, &mut email.codes, &address, now).await??;
        email.code = Some(Code::wanted(&address, email.code.as_ref()));
        let (chain, id) = (function.chain(request), function.fresh());
        let (insert, mut writes) =
            delivery::begin_code(dapr, user.as_str(), &address, chain, id, now).await?;
        writes.push(counted);
        Ok((insert, writes))
    }
}

fn nothing_to_confirm() -> Problem {
    Problem::conflict("There is no address to be confirmed: turn e-mail on first.")
}
