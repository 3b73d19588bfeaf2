//! Dapr, in one of its two places, for one case.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use nudge_sidecar::{Apps, Internal, Settings, Sidecar};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::app::App;
use crate::daprd::Daprd;
use crate::{APP_API_TOKEN, DAPR_API_TOKEN, components};

/// Where Dapr is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Inside the host.
    Within,
    /// A real daprd.
    Beside,
}

/// Dapr for two apps: the case's own, and a neighbour.
pub struct Place {
    /// The case's app.
    pub app: Arc<App>,
    /// Its app-id. Also in everything that a case publishes, so that it hears only its own.
    pub id: String,
    /// The neighbour's app-id. Both are answered by the same app.
    pub neighbour: String,
    /// Where the app answers without Dapr.
    pub app_port: u16,
    dapr: Dapr,
    _folder: TempDir,
}

enum Dapr {
    Within(Arc<Sidecar>),
    Beside(Box<[Daprd; 2]>, reqwest::Client),
}

/// What Dapr answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` when it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The status, and the error code if Dapr gives one.
    #[must_use]
    pub fn outcome(&self) -> (u16, String) {
        let code = self.json()["errorCode"].as_str().map(str::to_owned);
        (self.status, code.unwrap_or_default())
    }

    /// The `ETag`.
    #[must_use]
    pub fn etag(&self) -> String {
        let etag = self.headers.get("etag").and_then(|etag| etag.to_str().ok());
        etag.unwrap_or_default().to_owned()
    }
}

impl Place {
    /// Opens one.
    pub async fn open(place: Where) -> Self {
        Self::open_with_mail(place, None).await
    }

    /// Opens one whose binding `mail` sends to `mail`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn open_with_mail(place: Where, mail: Option<SocketAddr>) -> Self {
        let run = Uuid::new_v4().simple().to_string();
        let (id, neighbour) = (format!("case-{run}"), format!("neighbour-{run}"));
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::new(&run);
        let app_port = app.listen().await;
        components::write(folder.path(), &id, app_port, mail);
        let dapr = match place {
            Where::Within => {
                let settings = Settings {
                    database: folder.path().join("nudge.db"),
                    components: folder.path().to_owned(),
                    app_ids: vec![id.clone(), neighbour.clone()],
                    app_api_token: APP_API_TOKEN.to_owned(),
                    allow_private: true,
                    max_deliveries: 80,
                };
                let sidecar = Sidecar::open(settings, Arc::new(NothingInternal)).await;
                let sidecar = sidecar.unwrap_or_else(|error| panic!("the sidecar: {error:#}"));
                sidecar.start(&(Arc::clone(&app) as Arc<dyn Apps>));
                Dapr::Within(sidecar)
            }
            Where::Beside => {
                let own = Daprd::start(&id, app_port, folder.path()).await;
                let other = Daprd::start(&neighbour, app_port, folder.path()).await;
                Dapr::Beside(Box::new([own, other]), reqwest::Client::new())
            }
        };
        Self {
            app,
            id,
            neighbour,
            app_port,
            dapr,
            _folder: folder,
        }
    }

    /// Calls the case's Dapr.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(&self.id, method, path, &[], body.to_string())
            .await
    }

    /// Reads from the case's Dapr.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(&self.id, "GET", path, &[], String::new()).await
    }

    /// The statuses that Dapr answers to `path` without its API token, and with another one. The host's sidecar, which nobody
    /// else reaches, has none.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn without_api_token(&self, path: &str) -> Option<[u16; 2]> {
        let Dapr::Beside(daprds, client) = &self.dapr else {
            return None;
        };
        let url = format!("http://127.0.0.1:{}{path}", daprds[0].port);
        let none = client.get(&url).send().await.expect("daprd answers");
        let another = client.get(&url).header("dapr-api-token", APP_API_TOKEN);
        let another = another.send().await.expect("daprd answers");
        Some([none.status().as_u16(), another.status().as_u16()])
    }

    /// Calls the Dapr of `app_id` with `headers`.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn send(
        &self,
        app_id: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(body)).expect("a request");
        let response = match &self.dapr {
            Dapr::Within(sidecar) => sidecar.handle(app_id, request).await,
            Dapr::Beside(daprds, client) => {
                let daprd = &daprds[usize::from(app_id == self.neighbour)];
                over_http(client, daprd.port, request).await
            }
        };
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.into_body(),
        }
    }
}

async fn over_http(
    client: &reqwest::Client,
    port: u16,
    request: Request<Bytes>,
) -> Response<Bytes> {
    let (mut parts, body) = request.into_parts();
    let token = http::HeaderValue::from_static(DAPR_API_TOKEN);
    parts.headers.insert("dapr-api-token", token);
    parts.uri = format!("http://127.0.0.1:{port}{}", parts.uri)
        .parse()
        .expect("a path");
    let request = Request::from_parts(parts, body)
        .try_into()
        .expect("a request");
    let answer = client.execute(request).await.expect("daprd answers");
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.extend(answer.headers().clone());
    }
    let body = answer.bytes().await.expect("the whole answer");
    response.body(body).expect("an answer")
}

struct NothingInternal;

impl Internal for NothingInternal {
    fn call(&self, _: &Request<Bytes>) -> Option<BoxFuture<'static, Response<Bytes>>> {
        None
    }
}
