//! What people do with their reminders.

use api::reminder::{Page, ScheduledReminder, Snooze};
use dapr::ordered::{self, Reading};
use dapr::outbox::relay_user;
use dapr::{Dapr, DaprError, Document};
use domain::EventId;
use function::identity::Person;
use function::{
    Answer, Fingerprint, Function, Paging, Problem, Request, Response, cursor_to_text,
    idempotency_key, json_response, parse_json, path_parameter, query,
};
use http::StatusCode;
use uuid::Uuid;

use crate::agenda::{self, Head, Pointer};
use crate::book::Book;
use crate::commands::{self, Command};
use crate::schedule;

/// `GET /api/reminders`
pub(crate) async fn list<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let paging = Paging::parse(&query(request)?)?;
    let user = person.id.as_str();
    let head_key = agenda::head_key(user);
    let cursor = paging.cursor.as_deref();
    let parse = |document: Option<&Document>| Head::read(&head_key, document);
    let read = async |head: &Head, reading: &Reading<'_, D>| {
        let page = agenda::page(reading, head, user, cursor, paging.limit).await?;
        Ok((shown(&function.dapr, user, page.0).await?, page.1))
    };
    let (items, next) = ordered::read_settled(&function.dapr, &head_key, parse, read).await?;
    let next_cursor = next.map(|key| cursor_to_text(&key));
    Ok(json_response(StatusCode::OK, &Page { items, next_cursor }))
}

/// What the list shows of reminders.
async fn shown<D: Dapr>(
    dapr: &D,
    user: &str,
    pointers: Vec<Pointer>,
) -> Result<Vec<ScheduledReminder>, DaprError> {
    let keys: Vec<String> = pointers
        .iter()
        .map(|pointer| schedule::key(user, pointer.task_id))
        .collect();
    let documents = dapr.get_many(&keys).await?;
    let mut items = Vec::new();
    for ((pointer, key), document) in pointers.iter().zip(&keys).zip(documents) {
        let Some(document) = document else { continue };
        let mut book: Book = document.read(key)?;
        if let Some(entry) = book.find(pointer.reminder_id).cloned() {
            items.push(agenda::shown(pointer.task_id, &book, &entry));
        }
    }
    Ok(items)
}

/// `POST /api/reminders/{id}/snooze`
pub(crate) async fn snooze<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    let person = function.person(request).await?;
    let body: Snooze = parse_json(request)?;
    let until = commands::until(&body, function.now())?;
    carry_out(function, person, request, Command::Snooze(until)).await
}

/// `POST /api/reminders/{id}/dismiss`
pub(crate) async fn dismiss<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    let person = function.person(request).await?;
    carry_out(function, person, request, Command::Dismiss).await
}

async fn carry_out<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    person: Person,
    request: &Request,
    command: Command,
) -> Result<Answer, Problem> {
    let reminder = Uuid::try_parse(path_parameter(request, "id"))
        .map_err(|_| Problem::not_found("There is no such reminder."))?;
    let fresh = function.fresh();
    let command = commands::Request {
        user: &person.id,
        reminder,
        command,
        key: idempotency_key(request.headers())?.unwrap_or_else(|| fresh.to_string()),
        fingerprint: Fingerprint::of(request),
        event_id: EventId(fresh),
        chain: function.chain(request),
        now: function.now(),
        rate: function.limits.commands,
    };
    let answer = command.run(&function.dapr).await?;
    let (dapr, user) = (function.dapr.clone(), person.id);
    Ok(Answer::then(
        json_response(StatusCode::OK, &answer),
        async move {
            // What fails here is published by the timetable's check.
            let head_key = agenda::head_key(user.as_str());
            if let Err(error) = relay_user(&dapr, user.as_str(), &head_key).await {
                eprintln!("the events of {user} stay in the outbox for now: {error}");
            }
        },
    ))
}
