//! A task service, and people who use it.

use dapr::fake::{FakeDapr, block_on};
use http::Method;
use http_api::{Answer, Function, Request, Response, fake};
use serde_json::{Value, json};

/// A task service over a Dapr in memory. Clones share the Dapr, as two replicas would.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) dapr: FakeDapr,
    function: Function<FakeDapr>,
}

impl Service {
    pub(crate) fn new() -> Self {
        let dapr = FakeDapr::new();
        dapr.respond(|call| Ok(fake::key_set(call).expect("only the key set is asked for")));
        Self {
            function: fake::function(dapr.clone()),
            dapr,
        }
    }

    pub(crate) async fn answer(&self, request: Request) -> Answer {
        task_service::route(&self.function, request).await
    }

    /// Answers, and does what is to be done afterwards.
    pub(crate) fn call(&self, request: Request) -> Response {
        block_on(async {
            let answer = self.answer(request).await;
            if let Some(work) = answer.after {
                work.await;
            }
            answer.response
        })
    }

    pub(crate) fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let response = self.call(fake::request("me", method, path, &body));
        (response.status().as_u16(), json_of(&response))
    }

    pub(crate) fn create(&self, body: Value) -> Value {
        let (status, task) = self.send(Method::POST, "/api/tasks", body);
        assert_eq!(status, 201, "{task}");
        task
    }

    /// The titles of a list.
    pub(crate) fn titles(&self, query: &str) -> Vec<String> {
        let (status, page) = self.send(Method::GET, &format!("/api/tasks{query}"), Value::Null);
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().expect("items");
        let titles = items.iter().filter_map(|task| task["title"].as_str());
        titles.map(str::to_owned).collect()
    }

    pub(crate) async fn tick(&self) -> u16 {
        let request = fake::dapr_request("/task-service/cron-outbox", &json!({}));
        self.answer(request).await.response.status().as_u16()
    }
}

pub(crate) fn json_of(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}
