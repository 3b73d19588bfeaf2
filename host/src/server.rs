//! The ears: HTTP from outside, and what may come in.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use nudge_gateway::Gateway;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use wasmtime_wasi_http::WasiBody;

use crate::app::{App, Runtime, refusal};
use crate::function::{CallError, Functions};
use crate::route::Router;

/// How long a client may take to send its headers.
const HEADER_LIMIT: Duration = Duration::from_secs(15);
/// How long open requests may take to end when the host stops.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Largest body of a request to the host's own sign-in, in bytes.
const MAX_FORM: usize = 16 * 1024;
/// What only Dapr, or the socket proxy, may say.
const INNER_HEADERS: [&str; 5] = [
    "dapr-api-token",
    "dapr-caller-app-id",
    "dapr-callee-app-id",
    "grip-sig",
    "grip-last",
];

/// Who may call the host by which name. Names that are not expected are refused: a page of a foreign site, whose name was
/// made to lead to this machine, must not get a token.
#[derive(Debug, Clone)]
pub struct Names(HashSet<String>);

impl Names {
    /// The loopback names with `port`, and `public` (`nudge.example` or `nudge.example:8443`).
    #[must_use]
    pub fn new(port: u16, public: &[String]) -> Self {
        let loopback = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        Self(
            loopback
                .into_iter()
                .chain(public.iter().map(|name| name.to_ascii_lowercase()))
                .collect(),
        )
    }

    /// The origin of a request whose name is expected.
    fn origin(&self, headers: &HeaderMap) -> Option<String> {
        let host = headers
            .get(header::HOST)?
            .to_str()
            .ok()?
            .to_ascii_lowercase();
        let authority: Authority = host.parse().ok()?;
        self.0.contains(authority.as_str()).then(|| {
            let forwarded = headers
                .get("x-forwarded-proto")
                .and_then(|proto| proto.to_str().ok());
            format!(
                "{}://{host}",
                if forwarded == Some("https") {
                    "https"
                } else {
                    "http"
                }
            )
        })
    }
}

/// Who comes in by a listener.
#[derive(Debug, Clone)]
pub enum Door {
    /// People, who may call the host by these names.
    Public(Names),
    /// Dapr and Pushpin beside the host. What they say of themselves is left as it is: the functions check it.
    Inner,
}

/// Serves until `stop` resolves, then lets open requests end.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    door: Door,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let door = Arc::new(door);
    let sockets = Arc::clone(&app);
    let answer = move |request| {
        let (app, door) = (Arc::clone(&app), Arc::clone(&door));
        async move {
            match &*door {
                Door::Public(names) => answer(&app, names, request).await,
                Door::Inner => answer_inner(&app, request).await,
            }
        }
    };
    let connections = accept(listener, answer, stop).await?;
    sockets.sockets.stop().await;
    connections.end().await;
    Ok(())
}

/// Answers requests by `answer` until `stop` resolves. What is open then goes on until it is told to [end](Connections::end).
///
/// # Errors
/// When the listener breaks.
pub async fn accept<A, F>(
    listener: TcpListener,
    answer: A,
    stop: impl Future<Output = ()>,
) -> Result<Connections>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<WasiBody>> + Send + 'static,
{
    let tasks = TaskTracker::new();
    let (stopping, stopped) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            // Too many open files, or a client that was gone already.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        stream.set_nodelay(true).context("the socket is broken")?;
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answered = answer(request);
            async move { Ok::<_, std::convert::Infallible>(answered.await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_LIMIT)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut stopped = stopped.clone();
        tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let stop = async { stopped.wait_for(|stop| *stop).await.map(|_| ()).ok() };
            // A client that breaks off is no news.
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = stop => {
                    connection.as_mut().graceful_shutdown();
                    connection.await.ok();
                }
            }
        });
    }
    Ok(Connections { tasks, stopping })
}

/// Connections whose listener is closed.
pub struct Connections {
    tasks: TaskTracker,
    stopping: watch::Sender<bool>,
}

impl Connections {
    /// Lets open requests end, for as long as they may take, and nothing begin.
    pub async fn end(self) {
        self.stopping.send_replace(true);
        self.tasks.close();
        tokio::time::timeout(STOP_LIMIT, self.tasks.wait())
            .await
            .ok();
    }
}

async fn answer(app: &App, names: &Names, mut request: Request<Incoming>) -> Response<WasiBody> {
    let Some(origin) = names.origin(request.headers()) else {
        let reason = "This host does not go by that name. Name it with --public-name.";
        return whole(refusal(StatusCode::MISDIRECTED_REQUEST, reason));
    };
    for name in INNER_HEADERS {
        request.headers_mut().remove(name);
    }
    begin_trace(request.headers_mut());
    let path = request.uri().path().to_owned();
    if path == "/ws" {
        return whole(sockets(app, &origin, request).await);
    }
    if path.starts_with("/sign-in/") || path.starts_with("/.well-known/openid") {
        return whole(sign_in(app, &origin, request).await);
    }
    if is_inner(app, request.method(), &path) {
        return whole(no_route());
    }
    call(app, request).await
}

/// Answers Dapr and Pushpin, which come by a listener of their own.
async fn answer_inner(app: &App, mut request: Request<Incoming>) -> Response<WasiBody> {
    begin_trace(request.headers_mut());
    if request.uri().path() == "/sign-in/jwks.json" {
        return whole(app.sign_in.jwks());
    }
    call(app, request).await
}

async fn call(app: &App, request: Request<Incoming>) -> Response<WasiBody> {
    match &app.functions {
        Runtime::Here(functions) => answer_by(functions, &app.router, request).await,
        Runtime::Elsewhere(functions) => match app.router.find(request.uri().path()) {
            Some(_) => functions.pass(request).await,
            None => whole(no_route()),
        },
    }
}

/// Answers by the function that has the route.
pub async fn answer_by(
    functions: &Functions,
    router: &Router,
    request: Request<Incoming>,
) -> Response<WasiBody> {
    let Some(function) = router.find(request.uri().path()) else {
        return whole(no_route());
    };
    match functions.call(function, request).await {
        Ok(response) => response,
        Err(error) => {
            let status = match &error {
                CallError::Busy => StatusCode::SERVICE_UNAVAILABLE,
                CallError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
                CallError::Unknown(_) | CallError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            whole(refusal(
                status,
                "Nudge could not answer. Its log says more.",
            ))
        }
    }
}

fn no_route() -> Response<Bytes> {
    refusal(StatusCode::NOT_FOUND, "There is no such route.")
}

/// Whether a path is for Dapr only: everything under `/{function}/`, but for its health.
fn is_inner(app: &App, method: &Method, path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let (first, second, third) = (segments.next(), segments.next(), segments.next());
    let of_function = first.is_some_and(|first| match &app.functions {
        Runtime::Here(functions) => functions.has(first),
        Runtime::Elsewhere(functions) => functions.has(first),
    });
    let is_health = *method == Method::GET && second == Some("health") && third.is_none();
    of_function && !is_health
}

/// A WebSocket of a page of another origin is refused: browsers let those through otherwise.
async fn sockets(app: &App, origin: &str, request: Request<Incoming>) -> Response<Bytes> {
    if !Gateway::is_upgrade(&request) {
        return refusal(StatusCode::UPGRADE_REQUIRED, "Open a WebSocket here.");
    }
    let from = request
        .headers()
        .get(header::ORIGIN)
        .map(HeaderValue::as_bytes);
    if from.is_some_and(|from| from != origin.as_bytes()) {
        return refusal(
            StatusCode::FORBIDDEN,
            "WebSockets of other sites are not taken.",
        );
    }
    app.sockets.upgrade(request).await
}

async fn sign_in(app: &App, origin: &str, request: Request<Incoming>) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_FORM).collect().await else {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "That is too much for a form.",
        );
    };
    let request = Request::from_parts(parts, body.to_bytes());
    let answer = app.sign_in.answer(&request, origin).await;
    answer.unwrap_or_else(no_route)
}

/// Gives a request that has no W3C trace one of its own, so that its events can be found by it.
fn begin_trace(headers: &mut HeaderMap) {
    if headers.contains_key("traceparent") {
        return;
    }
    let id: String = rand::random::<[u8; 24]>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (trace, span) = id.split_at(32);
    if let Ok(value) = HeaderValue::from_str(&format!("00-{trace}-{span}-01")) {
        headers.insert("traceparent", value);
    }
}

/// A response whose body is all there.
#[must_use]
pub fn whole(response: Response<Bytes>) -> Response<WasiBody> {
    response.map(|body| {
        Full::new(body)
            .map_err(|never| match never {})
            .boxed_unsync()
    })
}
