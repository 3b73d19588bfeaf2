//! The shell around a function inside a component: Spin's request in, Spin's response out, and the work afterwards.

use chrono::{DateTime, Utc};
use dapr::client::HttpDapr;
use dapr::spin::SpinTransport;
use futures::StreamExt;
use spin_sdk::http::{Fields, IncomingRequest, Method, OutgoingResponse, ResponseOutparam};
use spin_sdk::variables;
use uuid::Uuid;

use crate::denied::{self, Denied, Refusal};
use crate::identity::Issuer;
use crate::{Function, Limits, Problem, Rate, Request, Routes, Service, max_body, traceparent};

/// Dapr as a component reaches it.
pub type ComponentDapr = HttpDapr<SpinTransport>;

/// A variable of the component; empty when it is not set.
#[must_use]
pub fn variable(name: &str) -> String {
    variables::get(name).unwrap_or_default()
}

/// The means of this component for one request, by its variables.
fn function(request: &Request) -> Function<ComponentDapr> {
    Function {
        dapr: HttpDapr::new(
            SpinTransport,
            &variable("dapr_url"),
            traceparent(request.headers()),
        )
        .with_api_token(variable("dapr_api_token")),
        issuer: Issuer {
            name: variable("oidc_issuer"),
            audience: variable("oidc_audience"),
            jwks_url: variable("oidc_jwks_url"),
        },
        app_api_token: variable("app_api_token"),
        clock: now,
        new_id: Uuid::now_v7,
        limits: limits(),
    }
}

fn limits() -> Limits {
    let default = Limits::default();
    let number = |name, default: Rate| Rate {
        times: variable(name).parse().unwrap_or(default.times),
        ..default
    };
    Limits {
        commands: number("commands_per_minute", default.commands),
        mails: number("mails_per_hour", default.mails),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from(std::time::SystemTime::now())
}

/// Reads the request, answers it by the function's table, and then does what is still to be done. `service` makes what the
/// handlers work with.
///
/// Bodies are limited: 256 KiB for people, 2 MiB for what Dapr delivers. A refusal goes on the audit record in the name of
/// this function.
pub async fn serve<S: Service<Dapr = ComponentDapr>>(
    routes: &Routes<S>,
    service: impl FnOnce(Function<ComponentDapr>) -> S,
    request: IncomingRequest,
    response_out: ResponseOutparam,
) {
    let mut refused = None;
    let answer = match read(request).await {
        Ok(request) => {
            let service = service(function(&request));
            let route = format!("{} {}", request.method(), request.uri().path());
            let correlation_id = service.function().chain(&request).correlation_id;
            let answer = routes.answer(&service, request).await;
            if let Some(Denied(reason)) = answer.response.extensions().get() {
                let refusal = Refusal {
                    app_id: routes.app_id(),
                    route,
                    reason: reason.clone(),
                    correlation_id,
                };
                refused = Some((service, refusal));
            }
            answer
        }
        Err(problem) => problem.into(),
    };
    let (parts, body) = answer.response.into_parts();
    let headers: Vec<(String, Vec<u8>)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    let response =
        OutgoingResponse::new(Fields::from_list(&headers).unwrap_or_else(|_| Fields::new()));
    // Every status that `http` knows is one that WASI takes.
    response.set_status_code(parts.status.as_u16()).ok();
    // An error means that the client has gone; what is committed is to be published all the same.
    response_out.set_with_body(response, body).await.ok();
    if let Some(work) = answer.after {
        work.await;
    }
    if let Some((service, refusal)) = refused {
        let function = service.function();
        let (id, now) = (function.fresh(), function.now());
        if let Err(error) = denied::record(&function.dapr, &refusal, id, now).await {
            eprintln!("a refusal is not on record: {error}");
        }
    }
}

/// How much of a body that is too large is read and dropped. A proxy that still sends when the answer comes may take the
/// connection for broken, and answer 502 by itself: KEDA's interceptor does.
const MAX_READ: usize = 4 * 1024 * 1024;

async fn read(request: IncomingRequest) -> Result<Request, Problem> {
    let uri = request.path_with_query().unwrap_or_else(|| "/".to_owned());
    let limit = max_body(&uri);
    let mut builder = http::Request::builder()
        .method(method(&request.method()))
        .uri(uri);
    for (name, value) in request.headers().entries() {
        builder = builder.header(name, value);
    }
    let mut body = Vec::new();
    let mut length = 0;
    let mut chunks = request.into_body_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("The body ended early."))?;
        length += chunk.len();
        if length <= limit {
            body.extend_from_slice(&chunk);
        } else if length > MAX_READ {
            break;
        }
    }
    if length > limit {
        return Err(Problem::too_large(limit));
    }
    builder
        .body(body)
        .map_err(|_| Problem::bad_request("The request has a malformed path or header."))
}

fn method(method: &Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
        Method::Connect => http::Method::CONNECT,
        Method::Options => http::Method::OPTIONS,
        Method::Trace => http::Method::TRACE,
        Method::Patch => http::Method::PATCH,
        Method::Other(name) => http::Method::from_bytes(name.as_bytes()).unwrap_or_default(),
    }
}

/// Makes a crate a component that answers by a table: `function::component!(routes)`, or, where the handlers work with more
/// than a [`Function`], `function::component!(routes, |function| Service { … })`.
#[macro_export]
macro_rules! component {
    ($routes:path) => {
        $crate::component!($routes, |function| function);
    };
    ($routes:path, $service:expr) => {
        #[spin_sdk::http_component]
        async fn handle(
            request: spin_sdk::http::IncomingRequest,
            response_out: spin_sdk::http::ResponseOutparam,
        ) {
            $crate::shell::serve(&$routes(), $service, request, response_out).await;
        }
    };
}
