//! All functions that have something of a person, each over a store of its own, with topics between them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use dapr::fake::FakeDapr;
use dapr::{Binding, Dapr, DaprError, Document, Invocation, Target, Write};
use events::{Event, Topic, cloud_event};
use function::{Answer, Function, Request, fake};
use http::{HeaderValue, Method, Response};
use notification_service::Notifications;
use notification_service::channel::{self, Channels, Message};
use serde_json::{Value, json};

/// The functions.
pub(crate) const APPS: [&str; 6] = [
    "task-service",
    "reminder-service",
    "recurrence-engine",
    "notification-service",
    "audit-service",
    "chatbot",
];

/// The crons, by the paths that they tick.
pub(crate) const CRONS: [&str; 3] = [
    "/task-service/cron-outbox",
    "/reminder-service/cron-reminder",
    "/notification-service/cron-delivery",
];

/// What goes wrong at the operation with this number, of whatever function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It answers that it is not available, and does nothing.
    Fails(u64),
    /// It is done, and its answer is lost.
    LosesAnswer(u64),
    /// It and all after it do nothing, until whoever was called first has come to an end.
    Crashes(u64),
}

/// Everything. Clones share it.
#[derive(Clone)]
pub(crate) struct World(Rc<Inner>);

struct Inner {
    stores: BTreeMap<&'static str, FakeDapr>,
    queues: RefCell<BTreeMap<(&'static str, Topic), VecDeque<Event>>>,
    operations: Cell<u64>,
    fault: Cell<Option<Fault>>,
}

fn hears(app: &str, topic: Topic) -> bool {
    match app {
        "audit-service" => true,
        "reminder-service" => topic == Topic::TaskReminders,
        "recurrence-engine" => topic == Topic::TaskEvents,
        "notification-service" => matches!(topic, Topic::TaskReminders | Topic::TaskRecurrence),
        _ => false,
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let stores = APPS.map(|app| (app, FakeDapr::new())).into();
        Self(Rc::new(Inner {
            stores,
            queues: RefCell::default(),
            operations: Cell::new(0),
            fault: Cell::new(None),
        }))
    }

    pub(crate) fn store(&self, app: &str) -> &FakeDapr {
        &self.0.stores[app]
    }

    /// Lets something go wrong, counted from now on.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        self.0.operations.set(0);
        self.0.fault.set(fault);
    }

    pub(crate) fn operations(&self) -> u64 {
        self.0.operations.get()
    }

    /// A request of a person; status and body, after what was to be done behind the answer.
    pub(crate) async fn person(
        &self,
        name: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let app = match path.split('/').nth(2).unwrap_or_default() {
            "tasks" | "account" => "task-service",
            "reminders" => "reminder-service",
            "notifications" | "preferences" => "notification-service",
            "history" | "history?" => "audit-service",
            "chat" => "chatbot",
            other => panic!("nobody has {other}"),
        };
        let mut request = fake::request(name, method, path, &body);
        let key = HeaderValue::from_str(&uuid::Uuid::now_v7().to_string()).expect("a header");
        request.headers_mut().insert("idempotency-key", key);
        self.asks_from_outside(app, request).await
    }

    /// A request of Dapr's: a tick.
    pub(crate) async fn tick(&self, path: &str) {
        let app = path.split('/').nth(1).expect("a function");
        let app = APPS
            .into_iter()
            .find(|one| *one == app)
            .expect("a function");
        let (status, said) = self
            .asks_from_outside(app, fake::dapr_request(path, &json!({})))
            .await;
        assert!(
            matches!(status, 200 | 207 | 503),
            "{path}: {status}: {said}"
        );
    }

    /// Those to whom something is to be delivered, and on which topic.
    pub(crate) fn waiting(&self) -> Vec<(&'static str, Topic)> {
        let queues = self.0.queues.borrow();
        let waiting = queues.iter().filter(|(_, queue)| !queue.is_empty());
        waiting.map(|(key, _)| *key).collect()
    }

    /// Delivers the first event of a queue; it stays until it is taken.
    pub(crate) async fn deliver(&self, app: &'static str, topic: Topic) {
        let first = self.0.queues.borrow()[&(app, topic)].front().cloned();
        let Some(event) = first else { return };
        let path = format!("/{app}/events");
        let request = fake::dapr_request(&path, &cloud_event(&event, None));
        let (status, said) = self.asks_from_outside(app, request).await;
        match status {
            200 => assert_eq!(said["status"], "SUCCESS", "{event:?}"),
            503 => return,
            _ => panic!("{status}: {said}"),
        }
        let mut queues = self.0.queues.borrow_mut();
        let queue = queues.get_mut(&(app, topic)).expect("a queue");
        // Another delivery of it may have been taken first.
        if queue
            .front()
            .is_some_and(|front| front.event_id == event.event_id)
        {
            queue.pop_front();
        }
    }

    async fn asks_from_outside(&self, app: &'static str, request: Request) -> (u16, Value) {
        let answer = self.call(app, request).await;
        let status = answer.response.status().as_u16();
        let body = serde_json::from_slice(answer.response.body()).unwrap_or_default();
        if let Some(work) = answer.after {
            work.await;
        }
        let crashed = |fault| matches!(fault, Fault::Crashes(at) if self.operations() >= at);
        if self.0.fault.get().is_some_and(crashed) {
            self.0.fault.set(None);
        }
        (status, body)
    }

    fn call(&self, app: &'static str, request: Request) -> Pin<Box<dyn Future<Output = Answer>>> {
        let member = Member {
            app,
            world: self.clone(),
        };
        Box::pin(async move {
            let means = fake::function(FakeDapr::new());
            let function = Function {
                dapr: member,
                issuer: means.issuer,
                app_api_token: means.app_api_token,
                clock: means.clock,
                new_id: means.new_id,
                limits: means.limits,
            };
            match app {
                "task-service" => task_service::routes().answer(&function, request).await,
                "reminder-service" => reminder_service::routes().answer(&function, request).await,
                "recurrence-engine" => recurrence_engine::routes().answer(&function, request).await,
                "audit-service" => audit_service::routes().answer(&function, request).await,
                "chatbot" => chatbot::routes().answer(&function, request).await,
                "notification-service" => {
                    let service = Notifications {
                        function,
                        channels: PlainMail,
                        public_url: "http://nudge.test".to_owned(),
                        mail_available: true,
                    };
                    notification_service::routes()
                        .answer(&service, request)
                        .await
                }
                other => panic!("there is no {other}"),
            }
        })
    }

    fn unavailable() -> DaprError {
        DaprError::Unavailable {
            what: "fake",
            detail: "a planned fault".to_owned(),
        }
    }

    /// Whether the operation that begins now is done, and whether its answer arrives.
    fn strike(&self) -> (bool, bool) {
        let number = self.operations() + 1;
        self.0.operations.set(number);
        match self.0.fault.get() {
            Some(Fault::Fails(at)) if at == number => (false, false),
            Some(Fault::LosesAnswer(at)) if at == number => (true, false),
            Some(Fault::Crashes(at)) if number >= at => (false, false),
            _ => (true, true),
        }
    }

    async fn operation<T>(
        &self,
        work: impl Future<Output = Result<T, DaprError>>,
    ) -> Result<T, DaprError> {
        let (is_done, arrives) = self.strike();
        let result = match is_done {
            true => work.await,
            false => Err(Self::unavailable()),
        };
        match arrives {
            true => result,
            false => Err(Self::unavailable()),
        }
    }

    /// In whose stores and under which keys there is something that has `text` in it.
    pub(crate) fn has(&self, text: &str) -> Vec<String> {
        let stores = self.0.stores.iter();
        let documents = stores.flat_map(|(app, store)| {
            let keys = store.keys("").into_iter();
            keys.filter(|key| {
                let value = store.value(key).unwrap_or_default().to_string();
                key.contains(text) || value.contains(text)
            })
            .map(move |key| format!("{app}||{key}"))
        });
        documents.collect()
    }

    /// What kinds of documents of a person there are.
    pub(crate) fn kinds(&self, user: &str) -> BTreeSet<String> {
        let keys = self.has(user).into_iter().filter(|key| key.contains(user));
        keys.map(|key| key.split('/').next().unwrap_or_default().to_owned())
            .collect()
    }
}

/// One function's Dapr.
#[derive(Clone)]
struct Member {
    app: &'static str,
    world: World,
}

impl Member {
    fn store(&self) -> &FakeDapr {
        self.world.store(self.app)
    }
}

impl Dapr for Member {
    async fn get(&self, key: &str) -> Result<Option<Document>, DaprError> {
        self.world.operation(self.store().get(key)).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Document>>, DaprError> {
        self.world.operation(self.store().get_many(keys)).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), DaprError> {
        self.world.operation(self.store().transact(writes)).await
    }

    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), DaprError> {
        let publish = async {
            dapr::fake::yield_now().await;
            let mut queues = self.world.0.queues.borrow_mut();
            for app in APPS.into_iter().filter(|app| hears(app, topic)) {
                let queue = queues.entry((app, topic)).or_default();
                queue.extend(events.iter().cloned());
            }
            Ok(())
        };
        self.world.operation(publish).await
    }

    async fn invoke(&self, call: Invocation) -> Result<Response<Vec<u8>>, DaprError> {
        let app = match &call.target {
            Target::App(app) => APPS.into_iter().find(|one| one == app).expect("a function"),
            Target::Endpoint(_) | Target::Url(_) => {
                return Ok(fake::key_set(&call).expect("only the key set is asked for"));
            }
        };
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let mut request = fake::dapr_request(&call.path, &body);
        *request.method_mut() = call.method;
        *request.body_mut() = call.body;
        let headers = request.headers_mut();
        headers.insert("dapr-caller-app-id", HeaderValue::from_static(self.app));
        for (name, value) in call.headers {
            let name = http::HeaderName::try_from(name).expect("a name");
            headers.insert(name, HeaderValue::from_str(&value).expect("a value"));
        }
        let answer = self.world.operation(async {
            let answer = self.world.call(app, request).await;
            if let Some(work) = answer.after {
                work.await;
            }
            Ok(answer.response)
        });
        answer.await
    }

    async fn bind(&self, binding: Binding) -> Result<Vec<u8>, DaprError> {
        self.world.operation(self.store().bind(binding)).await
    }

    async fn within<T>(&self, _: Duration, work: impl Future<Output = T>) -> Option<T> {
        Some(work.await)
    }

    async fn pause(&self, _: Duration) {
        dapr::fake::yield_now().await;
    }
}

struct PlainMail;

impl Channels for PlainMail {
    fn email(&self, message: &Message, address: &str) -> Result<channel::Request, String> {
        Ok(channel::Request {
            name: "smtp-email".to_owned(),
            operation: "create".to_owned(),
            data: json!(message.title).to_string(),
            metadata: vec![("emailTo".to_owned(), address.to_owned())],
        })
    }
}
