//! The sidecar from outside: Dapr's HTTP API as functions call it, and what it delivers to them.

mod bindings;
mod invoke;
mod pubsub;
mod state;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response, StatusCode};
use nudge_sidecar::{Apps, Internal, Settings, Sidecar};
use serde_json::Value;
use tempfile::TempDir;

/// The token that the sidecar proves itself with.
const TOKEN: &str = "the-app-api-token";

/// A store and a broker, whose deliveries are tried three times when a function says 5xx.
const BASIC: &[(&str, &str)] = &[
    (
        "store.yaml",
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\nspec: {type: state.postgresql, version: v2}",
    ),
    (
        "broker.yaml",
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: broker}\nspec: {type: pubsub.kafka, version: v1}",
    ),
    (
        "resiliency.yaml",
        "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: r}\nspec:\n  policies: {retries: {few: {policy: constant, \
         duration: 5ms, maxRetries: 2, matching: {httpStatusCodes: '503'}}}}\n  targets: {components: {broker: {inbound: {retry: few}}}}",
    ),
];

/// A subscription file.
fn subscription(topic: &str, app_id: &str, dead_letter: Option<&str>) -> (String, String) {
    let dead_letter =
        dead_letter.map_or(String::new(), |topic| format!(", deadLetterTopic: {topic}"));
    let text = format!(
        "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {{name: {topic}.{app_id}}}\n\
         spec: {{pubsubname: broker, topic: {topic}, routes: {{default: /{app_id}/events}}{dead_letter}}}\nscopes: [{app_id}]"
    );
    (format!("{topic}.{app_id}.yaml"), text)
}

/// What a function was asked.
#[derive(Debug, Clone)]
struct Asked {
    app_id: String,
    request: Request<Bytes>,
}

impl Asked {
    /// The `data` of a delivered event.
    fn data(&self) -> Value {
        self.event()["data"].clone()
    }

    fn event(&self) -> Value {
        serde_json::from_slice(self.request.body()).expect("a delivery is JSON")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}

/// What a function answers; an error is no answer.
type Says = dyn Fn(&Asked) -> Result<(u16, String), String> + Send + Sync;

/// Functions that keep what they are asked, and answer as they are told.
struct Functions {
    asked: Mutex<Vec<Asked>>,
    says: Box<Says>,
}

impl Functions {
    fn new(
        says: impl Fn(&Asked) -> Result<(u16, String), String> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            asked: Mutex::default(),
            says: Box::new(says),
        })
    }

    /// Functions that are content with everything.
    fn content() -> Arc<Self> {
        Self::new(|_| Ok((200, String::new())))
    }

    fn asked(&self, app_id: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked
            .iter()
            .filter(|asked| asked.app_id == app_id)
            .cloned()
            .collect()
    }
}

impl Apps for Functions {
    fn call(
        &self,
        app_id: &str,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
        let asked = Asked {
            app_id: app_id.to_owned(),
            request,
        };
        let answer = (self.says)(&asked).map(|(status, body)| {
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response
        });
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked);
        Box::pin(async move { answer })
    }
}

/// Nothing is answered inside the process.
struct Nowhere;

impl Internal for Nowhere {
    fn call(&self, _: &Request<Bytes>) -> Option<BoxFuture<'static, Response<Bytes>>> {
        None
    }
}

/// A sidecar over a folder of its own.
struct Bench {
    folder: TempDir,
    sidecar: Arc<Sidecar>,
}

impl Bench {
    async fn new(more: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let components = folder.path().join("components");
        std::fs::create_dir(&components).expect("a folder");
        let basic = BASIC.iter().map(|(name, text)| (*name, *text));
        let more = more
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        for (name, text) in basic.chain(more) {
            std::fs::write(components.join(name), text).expect("a file");
        }
        let opened = Sidecar::open(Self::settings(&folder), Arc::new(Nowhere)).await;
        let sidecar = opened.expect("a sidecar");
        Self { folder, sidecar }
    }

    fn settings(folder: &TempDir) -> Settings {
        Settings {
            database: folder.path().join("nudge.db"),
            components: folder.path().join("components"),
            app_ids: ["a", "b", "c"].map(str::to_owned).to_vec(),
            app_api_token: TOKEN.to_owned(),
            allow_private: true,
            max_deliveries: 80,
        }
    }

    /// Starts to deliver to `functions`.
    fn start(&self, functions: &Arc<Functions>) {
        self.sidecar
            .start(&(Arc::clone(functions) as Arc<dyn Apps>));
    }

    /// Ends, and opens the same data again without starting.
    async fn reopen(self) -> Self {
        let Self { folder, sidecar } = self;
        sidecar.stop().await;
        drop(sidecar);
        // The last worker lets go of the database a moment after it was told to stop.
        for _ in 0..100 {
            if let Ok(sidecar) = Sidecar::open(Self::settings(&folder), Arc::new(Nowhere)).await {
                return Self { folder, sidecar };
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the database stays locked");
    }

    /// A request of the function `app_id`.
    async fn ask(&self, app_id: &str, method: Method, path: &str, body: &str) -> Response<Bytes> {
        self.ask_with(app_id, method, path, &[], body).await
    }

    async fn ask_with(
        &self,
        app_id: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:3500{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(body.to_owned()));
        self.sidecar
            .handle(app_id, request.expect("a request"))
            .await
    }

    /// Publishes `data` with a partition key.
    async fn publish(&self, topic: &str, key: &str, data: &str) {
        let path = format!("/v1.0/publish/broker/{topic}?metadata.partitionKey={key}");
        let response = self.ask("a", Method::POST, &path, data).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{response:?}");
    }
}

/// The error code of a failure.
fn code(response: &Response<Bytes>) -> String {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    body["errorCode"].as_str().unwrap_or_default().to_owned()
}
