//! The table of the done counter, and its two handlers.

use dapr::consumer::{Effect, HandleError};
use dapr::{Condition, Dapr, Write};
use events::{Event, EventType};
use function::routes::get;
use function::{Function, Problem, Request, Response, Routes, json_response};
use http::StatusCode;
use serde_json::json;

/// What the function answers where.
#[must_use]
pub fn routes<D: Dapr + 'static>() -> Routes<Function<D>> {
    Routes::new("done-counter")
        .at("/api/done-count", get(show))
        .events(count)
}

/// `GET /api/done-count`
async fn show<D: Dapr>(function: &Function<D>, request: &Request) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let (done, _) = dapr::load::<u64, D>(&function.dapr, &key(person.id.as_str())).await?;
    Ok(json_response(StatusCode::OK, &json!({ "done": done })))
}

/// Counts what `task-events` says of a person's tasks.
async fn count<D: Dapr>(function: &Function<D>, event: &Event) -> Result<Effect, HandleError> {
    let key = key(&event.user_id);
    let (done, as_read) = dapr::load::<u64, D>(&function.dapr, &key).await?;
    let write = match event.event_type {
        EventType::TaskCompleted => Write::put(key, &(done + 1), as_read),
        EventType::TaskReopened => Write::put(key, &done.saturating_sub(1), as_read),
        EventType::ErasureRequested => Write::delete(key, Condition::Any),
        _ => return Ok(Effect::ignored()),
    };
    Ok(vec![write].into())
}

fn key(user: &str) -> String {
    format!("done/{user}")
}
