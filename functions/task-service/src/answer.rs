//! What is answered of tasks.

use dapr::Dapr;
use domain::{Task, TaskId, UserId};
use function::{Answer, Function, Problem, Response, empty, etag, json_response};
use http::{HeaderValue, StatusCode, header};

use crate::commit::{Committed, publish};
use crate::record::Found;

/// What a command came to; its events are published behind the answer.
pub(crate) fn answer<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    user: &UserId,
    status: StatusCode,
    committed: Committed,
) -> Answer {
    let response = match committed.task {
        Some(task) => task_response(status, &task.into()),
        None => empty(StatusCode::NO_CONTENT),
    };
    if committed.to_publish.own.is_empty() {
        return response.into();
    }
    let (dapr, user) = (function.dapr.clone(), user.clone());
    Answer::then(response, async move {
        publish(&dapr, &user, committed.to_publish).await
    })
}

/// 201 for a task that this request made, 200 for one that it found made.
pub(crate) fn status_of_creation(committed: &Committed) -> StatusCode {
    if committed.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    }
}

/// A task with its `ETag`, and its `Location` when it is new.
pub(crate) fn task_response(status: StatusCode, task: &api::task::Task) -> Response {
    let mut response = json_response(status, task);
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(&etag(task.version)).map(|value| (header::ETAG, value)));
    if status == StatusCode::CREATED {
        headers.extend(
            HeaderValue::from_str(&format!("/api/tasks/{}", task.id))
                .map(|value| (header::LOCATION, value)),
        );
    }
    response
}

/// The id of a task in a path.
///
/// # Errors
/// 404 when it is the id of no task at all.
pub(crate) fn task_id(text: &str) -> Result<TaskId, Problem> {
    text.parse().map_err(|_| no_such_task())
}

/// The task, if there is one.
///
/// # Errors
/// 404 when there is none, or no more.
pub(crate) fn live(found: Found) -> Result<Task, Problem> {
    match found {
        Found::Live(task) => Ok(*task),
        Found::Nothing | Found::Deleted | Found::Withdrawn => Err(no_such_task()),
    }
}

fn no_such_task() -> Problem {
    Problem::not_found("There is no such task.")
}
