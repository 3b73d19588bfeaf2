//! A task service, and what its tests ask of it.

use dapr::fake::FakeDapr;
use function::{Function, Request, Response, Routes, fake};
use http::Method;
use serde_json::{Value, json};

/// The routes of the task service.
pub(crate) struct Tasks;

impl fake::Replicated for Tasks {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        task_service::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

/// A task service over a Dapr in memory.
pub(crate) type Service = fake::Replica<Tasks>;

/// The whole response to a request of `person`, after what was to be done behind it.
pub(crate) fn response(service: &Service, request: Request) -> Response {
    dapr::fake::block_on(async {
        let answer = service.answer(request).await;
        if let Some(work) = answer.after {
            work.await;
        }
        answer.response
    })
}

pub(crate) fn create(service: &Service, body: Value) -> Value {
    let (status, task) = service.send("me", Method::POST, "/api/tasks", &body);
    assert_eq!(status, 201, "{task}");
    task
}

/// The titles of a list.
pub(crate) fn titles(service: &Service, query: &str) -> Vec<String> {
    let path = format!("/api/tasks{query}");
    let (status, page) = service.send("me", Method::GET, &path, &json!(null));
    assert_eq!(status, 200, "{page}");
    let items = page["items"].as_array().expect("items");
    let titles = items.iter().filter_map(|task| task["title"].as_str());
    titles.map(str::to_owned).collect()
}

pub(crate) fn json_of(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}
