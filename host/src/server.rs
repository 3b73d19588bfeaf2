//! The ears: HTTP from outside, and what may come in.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use nudge_gateway::Gateway;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use wasmtime_wasi_http::{Error as HttpError, WasiBody};

use crate::admission::{Admission, Client, Held, Seat};
use crate::allowance::{Chain, Source};
use crate::app::{App, Runtime};
use crate::body::{self, full};
pub use crate::connections::accept;
use crate::connections::{Connection, accept_admitted};
use crate::function::{CallError, Functions};
use crate::limits::{MAX_BODY, MAX_FORM};
use crate::refusal::{refusal, refusal_to};
use crate::route::Router;
use crate::sign_in::{Ends, Visitor};

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
pub struct Names {
    names: HashSet<String>,
    /// Whether the host goes by a public name: then what comes from this machine comes by a reverse proxy.
    proxied: bool,
}

impl Names {
    /// The loopback names with `port`, and `public` (`nudge.example` or `nudge.example:8443`).
    #[must_use]
    pub fn new(port: u16, public: &[String]) -> Self {
        // Browsers leave the port of HTTP away.
        let bare = (port == 80).then_some(String::new());
        let ports = [Some(format!(":{port}")), bare].into_iter().flatten();
        let loopback = ports.flat_map(|port| {
            ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}{port}"))
        });
        let public_names = public.iter().map(|name| name.to_ascii_lowercase());
        Self {
            names: loopback.chain(public_names).collect(),
            proxied: !public.is_empty(),
        }
    }

    /// The origin of a request whose name is expected. One with two names is nobody's: whoever passed it on may have gone by
    /// the other one (RFC 9112 section 3.2).
    fn origin(&self, headers: &HeaderMap) -> Option<String> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return None;
        };
        let host = host.to_str().ok()?.to_ascii_lowercase();
        let authority: Authority = host.parse().ok()?;
        self.names.contains(authority.as_str()).then(|| {
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
    let sockets = Arc::clone(&app);
    let open = match door {
        Door::Inner => {
            let answer = move |request| {
                let app = Arc::clone(&app);
                async move { answer_inner(&app, request).await }
            };
            accept(listener, answer, stop).await?
        }
        Door::Public(names) => {
            let admission = Admission::new(files());
            let proxied = names.proxied;
            let reception = Arc::new(Reception {
                app,
                names,
                admission: Arc::clone(&admission),
            });
            let answer = move |request| {
                let reception = Arc::clone(&reception);
                async move { reception.answer(request).await }
            };
            accept_admitted(listener, admission, proxied, answer, stop).await?
        }
    };
    sockets.sockets.stop().await;
    open.end().await;
    Ok(())
}

/// How many files the process may have open: as many as it can get.
fn files() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it may not have more, what it has counts.
    setrlimit(Resource::Nofile, limit).ok();
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}

/// Takes what people ask.
struct Reception {
    app: Arc<App>,
    names: Names,
    admission: Arc<Admission>,
}

impl Reception {
    async fn answer(&self, request: Request<Incoming>) -> Response<WasiBody> {
        let Some(connection) = request.extensions().get::<Connection>().cloned() else {
            let reason = "The connection is not known.";
            return whole(refusal(StatusCode::INTERNAL_SERVER_ERROR, reason));
        };
        let client = self.client(&connection, request.headers());
        let turn = match self.admission.turn(client).await {
            Ok(turn) => turn,
            Err(refused) => return whole(refusal_to(refused)),
        };
        let mut held = turn.hold();
        let answer = self.route(&connection, client, request, &mut held, turn.hold());
        let answer = answer.await;
        answer.map(|body| full(connection.send(body, held)))
    }

    /// Who asks: the other end of the connection, or whom a reverse proxy on this machine names.
    fn client(&self, connection: &Connection, headers: &HeaderMap) -> Client {
        let peer = connection.peer.ip();
        let forwarded = match self.names.proxied && peer.to_canonical().is_loopback() {
            true => Client::forwarded(headers),
            false => None,
        };
        forwarded.unwrap_or_else(|| Client::at(peer))
    }

    /// Answers, with what the answer takes of memory in `held`; what the body takes is in `read`.
    async fn route(
        &self,
        connection: &Connection,
        client: Client,
        mut request: Request<Incoming>,
        held: &mut Held,
        mut read: Held,
    ) -> Response<Bytes> {
        let Some(origin) = self.names.origin(request.headers()) else {
            let reason = "This host does not go by that name. Name it with --public-name.";
            return refusal(StatusCode::MISDIRECTED_REQUEST, reason);
        };
        for name in INNER_HEADERS {
            request.headers_mut().remove(name);
        }
        begin_trace(request.headers_mut());
        let app = &*self.app;
        let path = request.uri().path().to_owned();
        if path == "/ws" {
            let socket = sockets(app, &origin, request, client, connection.seat.clone());
            return socket.await;
        }
        let is_sign_in = path.starts_with("/sign-in/") || path.starts_with("/.well-known/openid");
        if !is_sign_in && is_inner(app, request.method(), &path) {
            return no_route();
        }
        let limit = match is_sign_in {
            true => MAX_FORM,
            false => MAX_BODY,
        };
        let request = match body::read(request, limit, &mut read).await {
            Ok(request) => request,
            Err(refused) => return refused,
        };
        if is_sign_in {
            let visitor = Visitor {
                origin: &origin,
                client,
                ends: connection.near.map(|near| Ends {
                    near,
                    far: connection.peer,
                }),
            };
            let answer = app.sign_in.answer(&request, visitor).await;
            return answer.unwrap_or_else(no_route);
        }
        call(app, request, held).await
    }
}

/// Answers Dapr and Pushpin, which come by a listener of their own.
async fn answer_inner(app: &App, mut request: Request<Incoming>) -> Response<WasiBody> {
    begin_trace(request.headers_mut());
    let path = request.uri().path().to_owned();
    if path == "/sign-in/jwks.json" {
        return whole(app.sign_in.jwks());
    }
    let chain = match path.as_str() {
        "/ws" => Chain::from(Source::Socket),
        _ if request.headers().contains_key("dapr-caller-app-id") => {
            Chain::from(Source::Delivery).deeper()
        }
        _ => Chain::from(Source::Delivery),
    };
    request.extensions_mut().insert(chain);
    let mut held = Held::uncounted();
    match body::read(request, MAX_BODY, &mut held).await {
        Ok(request) => whole(call(app, request, &mut held).await),
        Err(refused) => whole(refused),
    }
}

/// Takes the whole answer of the function that has the route, before anybody gets to see it.
async fn call(app: &App, request: Request<Bytes>, held: &mut Held) -> Response<Bytes> {
    let answer = match &app.functions {
        Runtime::Here(functions) => answer_by(functions, &app.router, request.map(Full::new)).await,
        Runtime::Elsewhere(functions) => match app.router.find(request.uri().path()) {
            Some(_) => functions.pass(request).await,
            None => return no_route(),
        },
    };
    body::take(answer, held)
        .await
        .unwrap_or_else(|refused| refused)
}

/// Answers by the function that has the route.
pub async fn answer_by<B>(
    functions: &Functions,
    router: &Router,
    request: Request<B>,
) -> Response<WasiBody>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<HttpError>,
{
    let Some(function) = router.find(request.uri().path()) else {
        return whole(no_route());
    };
    match functions.call(function, request).await {
        Ok(response) => response,
        Err(error) => {
            let status = match &error {
                CallError::Busy => StatusCode::SERVICE_UNAVAILABLE,
                CallError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
                CallError::TooDeep => StatusCode::LOOP_DETECTED,
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
async fn sockets(
    app: &App,
    origin: &str,
    request: Request<Incoming>,
    client: Client,
    seat: Option<Arc<Seat>>,
) -> Response<Bytes> {
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
    app.sockets.upgrade(request, client, seat).await
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
    response.map(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen to fail: on port 80 no browser got in, and of two names the first one counted.
    #[test]
    fn names_of_the_host() {
        let table: [(u16, &[&str], Option<&str>); 9] = [
            (3000, &["localhost:3000"], Some("http://localhost:3000")),
            (3000, &["LOCALHOST:3000"], Some("http://localhost:3000")),
            (3000, &["[::1]:3000"], Some("http://[::1]:3000")),
            (3000, &["localhost"], None),
            (3000, &["localhost.:3000"], None),
            (3000, &["me@localhost:3000"], None),
            (3000, &["localhost:3000", "evil.example"], None),
            (3000, &[], None),
            (80, &["localhost"], Some("http://localhost")),
        ];
        for (port, hosts, expected) in table {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            let origin = Names::new(port, &[]).origin(&headers);
            assert_eq!(origin.as_deref(), expected, "{port} {hosts:?}");
        }
    }
}
