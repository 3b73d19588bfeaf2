//! The routes.

use api::history::Page;
use dapr::Dapr;
use events::Event;
use http::{Method, StatusCode};
use http_api::{
    Answer, Function, Paging, Problem, Request, Response, cursor_to_text, json_response, query,
    segments, unknown_parameter,
};
use uuid::Uuid;

use crate::verify::verify;
use crate::{check, erase, everywhere, history, log, replay};

/// Answers a request.
pub async fn route<D: Dapr>(function: &Function<D>, request: Request) -> Answer {
    match (request.method(), segments(request.uri().path()).as_slice()) {
        (&Method::GET, ["api", "history"]) => list(function, &request).await.into(),
        (&Method::GET, ["api", "history", "verify"]) => whole(function, &request).await.into(),
        (_, ["api", "history"] | ["api", "history", "verify"]) => {
            Problem::method_not_allowed("GET").into()
        }
        (&Method::POST, ["audit-service", "events"]) => {
            let record =
                async |event: &Event| log::record(&function.dapr, event, function.now()).await;
            function.deliver_on_record(&request, record).await.into()
        }
        (&Method::POST, ["audit-service", "replay"]) => {
            replay::replay(function, &request).await.into()
        }
        (&Method::POST, ["audit-service", "check"]) => {
            check::check(function, &request).await.into()
        }
        (&Method::POST, ["audit-service", "erase"]) => {
            erase::erase(function, &request).await.into()
        }
        (&Method::POST, ["audit-service", "erase", "everywhere"]) => {
            everywhere::erase(function, &request).await.into()
        }
        (&Method::GET, ["audit-service", "health"]) => {
            function.health("audit-service").await.into()
        }
        _ => Problem::not_found("There is no such route.").into(),
    }
}

async fn list<D: Dapr>(function: &Function<D>, request: &Request) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let (mut paging, mut task) = (Paging::default(), None);
    for (name, value) in query(request)? {
        if name == "task_id" {
            let id = Uuid::try_parse(&value);
            task = Some(id.map_err(|_| Problem::invalid_field("?task_id", "takes a task's id"))?);
        } else if !paging.take(&name, &value)? {
            return Err(unknown_parameter(&name));
        }
    }
    let before = paging
        .cursor
        .map(|cursor| cursor.parse().ok().filter(|&number: &u64| number > 0))
        .map(|cursor| cursor.ok_or_else(|| Problem::bad_request("cursor is not one of history.")))
        .transpose()?;
    let (dapr, user) = (&function.dapr, person.id.as_str());
    let page = match task {
        Some(task) => history::of_task(dapr, user, &task.to_string(), before, paging.limit).await?,
        None => history::all(dapr, user, before, paging.limit as u64).await?,
    };
    let shown = history::show(dapr, user, &page).await?;
    let page = Page {
        items: shown.items,
        next_cursor: shown.next.map(|number| cursor_to_text(&number.to_string())),
    };
    Ok(json_response(StatusCode::OK, &page))
}

async fn whole<D: Dapr>(function: &Function<D>, request: &Request) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let mut from = 1;
    for (name, value) in query(request)? {
        if name != "from" {
            return Err(unknown_parameter(&name));
        }
        let number = value.parse();
        from = number.map_err(|_| Problem::invalid_field("?from", "takes a record's number"))?;
    }
    let verified = verify(&function.dapr, person.id.as_str(), from).await?;
    Ok(json_response(StatusCode::OK, &verified))
}
