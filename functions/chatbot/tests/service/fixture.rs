//! A chatbot, the task service that it asks, and a person who talks to it.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use dapr::fake::{FakeDapr, block_on};
use dapr::{DaprError, Invocation, Target};
use function::{Function, Routes, fake};
use http::{HeaderValue, Method, Response};
use serde_json::{Value, json};

pub(crate) const ME: &str = "me";

struct Chatbot;

impl fake::Replicated for Chatbot {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        chatbot::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

struct Tasks;

impl fake::Replicated for Tasks {
    type Service = Function<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        task_service::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        function
    }
}

/// Both, of one person.
pub(crate) struct World {
    chatbot: fake::Replica<Chatbot>,
    tasks: fake::Replica<Tasks>,
    preferences: Rc<RefCell<(u16, Value)>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let tasks = fake::Replica::<Tasks>::new();
        let dapr = FakeDapr::new();
        let preferences = Rc::new(RefCell::new((200, json!({ "time_zone": null }))));
        let (asked, zone) = (tasks.clone(), Rc::clone(&preferences));
        dapr.respond(move |call| match (fake::key_set(call), &call.target) {
            (Some(keys), _) => Ok(keys),
            (None, Target::App(app)) if app == "notification-service" => {
                assert_eq!(call.path, "/api/preferences");
                let (status, body) = &*zone.borrow();
                Ok(response(*status, body))
            }
            _ => answer(&asked, call),
        });
        Self {
            chatbot: fake::Replica::over(dapr),
            tasks,
            preferences,
        }
    }

    /// What the notification service says of the person's preferences from now on.
    pub(crate) fn prefers(&self, status: u16, body: Value) {
        *self.preferences.borrow_mut() = (status, body);
    }

    /// The chatbot's store.
    pub(crate) fn dapr(&self) -> &FakeDapr {
        &self.chatbot.dapr
    }

    /// What is answered to `body` under the idempotency key `key`.
    pub(crate) fn sends(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        block_on(self.sends_in_turn(path, key, body))
    }

    async fn sends_in_turn(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let mut request = fake::request(ME, Method::POST, path, body);
        let key = HeaderValue::try_from(key).expect("a key");
        request.headers_mut().insert("idempotency-key", key);
        self.chatbot.call(request).await
    }

    /// What is answered to a message in the one conversation.
    pub(crate) fn says(&self, key: &str, message: &str) -> (u16, Value) {
        block_on(self.says_in_turn(key, message))
    }

    /// The same while others talk.
    pub(crate) async fn says_in_turn(&self, key: &str, message: &str) -> (u16, Value) {
        let body =
            json!({ "message": message, "conversation_id": "c", "time_zone": "Europe/Berlin" });
        self.sends_in_turn("/api/chat", key, &body).await
    }

    pub(crate) fn adds(&self, fields: &Value) {
        let (status, task) = self.tasks.send(ME, Method::POST, "/api/tasks", fields);
        assert_eq!(status, 201, "{task}");
    }

    /// The titles of the tasks with `status`, in the order of the alphabet.
    pub(crate) fn titles(&self, status: &str) -> Vec<String> {
        let path = format!("/api/tasks?status={status}&limit=200");
        let (_, page) = self.tasks.send(ME, Method::GET, &path, &Value::Null);
        let items = page["items"].as_array().expect("items");
        let title = |task: &Value| task["title"].as_str().map(str::to_owned);
        let mut titles: Vec<String> = items.iter().filter_map(title).collect();
        titles.sort();
        titles
    }
}

fn answer(tasks: &fake::Replica<Tasks>, call: &Invocation) -> Result<Response<Vec<u8>>, DaprError> {
    assert_eq!(call.target, Target::App("task-service".to_owned()));
    let mut request = http::Request::builder()
        .method(call.method.clone())
        .uri(&call.path);
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let request = request.body(call.body.clone()).expect("a request");
    let (status, body) = polled(tasks.call(request));
    Ok(response(status, &body))
}

fn response(status: u16, body: &Value) -> Response<Vec<u8>> {
    let response = Response::builder().status(status);
    response
        .body(body.to_string().into_bytes())
        .expect("an answer")
}

/// The executor of the tests takes no other one inside. Nothing here waits for anything outside, so polling is enough.
fn polled<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
