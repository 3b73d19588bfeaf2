//! What people ask of their history.

use api::history::Page;
use dapr::Dapr;
use function::{
    Function, Paging, Problem, Request, Response, cursor_to_text, json_response, query,
    unknown_parameter,
};
use http::StatusCode;
use uuid::Uuid;

use crate::{history, verify};

/// `GET /api/history`
pub(crate) async fn list<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
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

/// `GET /api/history/verify`
pub(crate) async fn verify<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let mut from = 1;
    for (name, value) in query(request)? {
        if name != "from" {
            return Err(unknown_parameter(&name));
        }
        let number = value.parse();
        from = number.map_err(|_| Problem::invalid_field("?from", "takes a record's number"))?;
    }
    let verified = verify::verify(&function.dapr, person.id.as_str(), from).await?;
    Ok(json_response(StatusCode::OK, &verified))
}
