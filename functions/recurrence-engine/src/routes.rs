//! The routes.

use api::recurrence::RecurrencePreviewRequest;
use dapr::Dapr;
use events::Event;
use http::{Method, StatusCode};
use http_api::{
    Answer, Function, Problem, Request, Response, erase_answer, json_response, parse_json,
    restore_answer, segments,
};

use crate::known;
use crate::preview;
use crate::react::{self, react};

/// Answers a request.
pub async fn route<D: Dapr>(function: &Function<D>, request: Request) -> Answer {
    match (request.method(), segments(request.uri().path()).as_slice()) {
        (&Method::POST, ["api", "recurrence", "preview"]) => {
            preview(function, &request).await.into()
        }
        (_, ["api", "recurrence", "preview"]) => Problem::method_not_allowed("POST").into(),
        (&Method::POST, ["recurrence-engine", "events"]) => {
            let react = async |event: &Event| react(&function.dapr, event, function.now()).await;
            function.deliver(&request, react).await.into()
        }
        (&Method::POST, ["recurrence-engine", "erase"]) => erase(function, &request).await.into(),
        (&Method::POST, ["recurrence-engine", "restore"]) => {
            restore(function, &request).await.into()
        }
        (&Method::GET, ["recurrence-engine", "health"]) => {
            function.health("recurrence-engine").await.into()
        }
        _ => Problem::not_found("There is no such route.").into(),
    }
}

/// What is on record of a task, for a series that was lost.
async fn restore<D: Dapr>(function: &Function<D>, request: &Request) -> Result<Response, Problem> {
    let story = function.story(request)?;
    restore_answer(react::restore(&function.dapr, &story, function.now()).await)
}

/// A stretch of what this function has of a person who is erased.
async fn erase<D: Dapr>(function: &Function<D>, request: &Request) -> Result<Response, Problem> {
    let (user, tombstone, what) = function.to_erase(request)?;
    erase_answer(known::erase(&function.dapr, user.as_str(), tombstone, &what).await)
}

async fn preview<D: Dapr>(function: &Function<D>, request: &Request) -> Result<Response, Problem> {
    function.person(request).await?;
    let request: RecurrencePreviewRequest = parse_json(request)?;
    Ok(json_response(StatusCode::OK, &preview::answer(&request)?))
}
