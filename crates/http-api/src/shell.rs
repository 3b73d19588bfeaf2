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
use crate::{Answer, Function, Limits, Problem, Rate, Request, max_body, traceparent};

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

/// Reads the request, answers it, and then does what is still to be done.
///
/// Bodies are limited: 256 KiB for people, 2 MiB for what Dapr delivers. A refusal goes on the audit record in the name of
/// `app_id`, this function.
pub async fn serve(
    app_id: &'static str,
    request: IncomingRequest,
    response_out: ResponseOutparam,
    route: impl AsyncFn(&Function<ComponentDapr>, Request) -> Answer,
) {
    let mut refused = None;
    let answer = match read(request).await {
        Ok(request) => {
            let function = function(&request);
            let route_of = format!("{} {}", request.method(), request.uri().path());
            let correlation_id = function.chain(&request).correlation_id;
            let answer = route(&function, request).await;
            if let Some(Denied(reason)) = answer.response.extensions().get() {
                let refusal = Refusal {
                    app_id,
                    route: route_of,
                    reason: reason.clone(),
                    correlation_id,
                };
                refused = Some((function, refusal));
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
    if let Some((function, refusal)) = refused {
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
