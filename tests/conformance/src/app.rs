//! The function behind Dapr: keeps what it is called with, and answers as it was told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// How long a call may take to come: a consumer group takes some seconds to form on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long no call must come to say that none does.
const SILENCE: Duration = Duration::from_millis(2500);

/// What a matching request is answered: status and body, the first one first, the last one for ever.
type Script = VecDeque<(u16, String)>;

/// The app.
#[derive(Default)]
pub struct App {
    heard: Mutex<Vec<Heard>>,
    scripts: Mutex<Vec<(String, Script)>>,
    /// Requests with one of these in them get no answer.
    hung: Mutex<Vec<String>>,
    /// Deliveries that don't have this in them are of other cases, and are acknowledged without notice.
    run: String,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When it came.
    pub at: Instant,
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Heard {
    /// A header's text; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as JSON; `null` when it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl App {
    /// An app that notices deliveries which have `run` in them.
    #[must_use]
    pub fn new(run: &str) -> Arc<Self> {
        Arc::new(Self {
            run: run.to_owned(),
            ..Self::default()
        })
    }

    /// Answers requests whose path or body has `marker` in it with these, in turn, and with the last one for ever. All
    /// others are answered with 200 and nothing.
    pub fn answers(&self, marker: &str, answers: &[(u16, &str)]) {
        let script = answers
            .iter()
            .map(|(status, body)| (*status, (*body).to_owned()))
            .collect();
        lock(&self.scripts).push((marker.to_owned(), script));
    }

    /// Gives requests whose body has `marker` in it no answer, until [`recovers`](Self::recovers) says otherwise.
    pub fn hangs(&self, marker: &str) {
        lock(&self.hung).push(marker.to_owned());
    }

    /// Answers requests with `marker` in them with 200 and nothing from now on.
    pub fn recovers(&self, marker: &str) {
        lock(&self.scripts).retain(|(known, _)| known != marker);
        lock(&self.hung).retain(|known| known != marker);
    }

    fn is_hung(&self, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body);
        // What is of other cases is acknowledged at once.
        let is_of_this = text.contains(&self.run);
        let hung = lock(&self.hung);
        is_of_this && hung.iter().any(|marker| text.contains(marker.as_str()))
    }

    /// The calls so far whose path begins with `path` and whose body has `marker` in it.
    #[must_use]
    pub fn heard(&self, path: &str, marker: &str) -> Vec<Heard> {
        let heard = lock(&self.heard);
        let fits = |call: &&Heard| {
            call.uri.path().starts_with(path)
                && String::from_utf8_lossy(&call.body).contains(marker)
        };
        heard.iter().filter(fits).cloned().collect()
    }

    /// Waits for `count` such calls.
    ///
    /// # Panics
    /// When they don't come.
    pub async fn hears(&self, path: &str, marker: &str, count: usize) -> Vec<Heard> {
        let began = Instant::now();
        loop {
            let heard = self.heard(path, marker);
            if heard.len() >= count {
                return heard;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{} of {count} calls of {path} with {marker:?} came: {heard:?}",
                heard.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits whether more than `count` such calls come.
    ///
    /// # Panics
    /// When they do.
    pub async fn hears_no_more(&self, path: &str, marker: &str, count: usize) {
        tokio::time::sleep(SILENCE).await;
        let heard = self.heard(path, marker);
        assert_eq!(
            heard.len(),
            count,
            "calls of {path} with {marker:?}: {heard:?}"
        );
    }

    /// Answers one call.
    pub fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let text = String::from_utf8_lossy(&body).into_owned();
        let path = parts.uri.to_string();
        if parts.uri.path().starts_with("/dapr/") {
            return answer(404, "");
        }
        if parts.uri.path().starts_with("/events") && !text.contains(&self.run) {
            return answer(200, "");
        }
        lock(&self.heard).push(Heard {
            at: Instant::now(),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
        });
        let mut scripts = lock(&self.scripts);
        let script = scripts
            .iter_mut()
            .find(|(marker, _)| path.contains(marker.as_str()) || text.contains(marker.as_str()));
        let Some((_, script)) = script else {
            return answer(200, "");
        };
        let next = match script.len() {
            1 => script.front().cloned(),
            _ => script.pop_front(),
        };
        next.map_or_else(|| answer(200, ""), |(status, body)| answer(status, &body))
    }

    /// Answers on a port of loopback for as long as the runtime lives.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn listen(self: &Arc<Self>) -> u16 {
        let [port] = ports::free().expect("a free port");
        self.listen_on(port).await;
        port
    }

    /// Answers on `port` of loopback until the task that it returns is aborted, which ends its connections too.
    ///
    /// # Panics
    /// When somebody else has the port.
    pub async fn listen_on(self: &Arc<Self>, port: u16) -> JoinHandle<()> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.expect("the port is free");
        let app = Arc::clone(self);
        tokio::spawn(async move {
            // They end with the task.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let app = Arc::clone(&app);
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let app = Arc::clone(&app);
                    async move { Ok::<_, Infallible>(app.take(request).await.map(Full::new)) }
                });
                connections.spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        })
    }

    async fn take(&self, request: Request<hyper::body::Incoming>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        // What did not come whole is not acknowledged: it would be neither noticed nor come again.
        let Ok(body) = body.collect().await else {
            return answer(503, "");
        };
        let body = body.to_bytes();
        let hangs = self.is_hung(&body);
        let answer = self.answer(Request::from_parts(parts, body.clone()));
        if !hangs {
            return answer;
        }
        while self.is_hung(&body) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        answer
    }
}

impl nudge_sidecar::Apps for App {
    fn call(
        &self,
        _: &str,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
        let response = self.answer(request);
        Box::pin(async move { Ok(response) })
    }
}

fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("x-from-the-app", "yes")
        .body(Bytes::from(body.to_owned()))
        .expect("a status and fixed headers")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
