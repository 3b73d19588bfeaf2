//! What browsers are answered: the screen, how to sign in, and the API's document.

use api::session::{Health, Status};
use dapr::Dapr;
use function::{Problem, Request, Response, json_response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::service::WebApp;
use crate::{headers, openapi, page, reference, session};

/// First segments of paths that are not for browsers: the other functions' routes of people, what Dapr calls, and what it is
/// called at. One that this function is asked for all the same does not exist.
const NOT_FOR_BROWSERS: [&str; 12] = [
    "api",
    "mcp",
    "ws",
    "dapr",
    "task-service",
    "reminder-service",
    "recurrence-engine",
    "notification-service",
    "websocket-gateway",
    "audit-service",
    "chatbot",
    "web-app",
];

/// The answer of `/health`: that there is one says it all.
const HEALTH: Health = Health {
    status: Status::Ok,
    function: None,
    state: None,
    time_zone_rules: None,
};

/// `GET /api/session`: says how to sign in, and to whom has, who they are.
pub(crate) async fn session<D: Dapr>(
    service: &WebApp<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = if request.headers().contains_key(header::AUTHORIZATION) {
        Some(service.function.person(request).await?)
    } else {
        None
    };
    let answer = session::answer(&service.function.issuer, &service.sign_in, person.as_ref());
    Ok(json_response(StatusCode::OK, &answer))
}

/// `GET /api/openapi.json`
pub(crate) async fn document<D>(_: &WebApp<D>, _: &Request) -> Response {
    openapi::response()
}

/// `GET /api/docs`
pub(crate) async fn reference<D>(_: &WebApp<D>, _: &Request) -> Response {
    reference::page_for_people()
}

/// `GET /health`
pub(crate) async fn health<D>(_: &WebApp<D>, _: &Request) -> Response {
    json_response(StatusCode::OK, &HEALTH)
}

/// Everything else: a file of the screen, or the screen itself for a path inside it.
pub(crate) async fn screen<D>(service: &WebApp<D>, request: &Request) -> Result<Response, Problem> {
    let (path, headers) = (request.uri().path(), request.headers());
    let first = path.split('/').find(|segment| !segment.is_empty());
    if first.is_some_and(|first| NOT_FOR_BROWSERS.contains(&first)) {
        return Err(Problem::no_such_route());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::method_not_allowed("GET, HEAD"));
    }
    let Some(index) = service.site.index() else {
        return Ok(page::not_built());
    };
    if let Some(file) = service.site.file(path) {
        return Ok(file.answer(headers));
    }
    // A path inside the screen has no dot: one that has is a file that is not there.
    if is_navigation(headers) && !path.contains('.') {
        return Ok(index.answer(headers));
    }
    Err(Problem::not_found("There is no such page."))
}

/// What every answer says to browsers, and what one to `HEAD` leaves out (RFC 9110 section 9.3.2).
pub(crate) fn finish<D>(
    service: &WebApp<D>,
    request: &Request,
    mut response: Response,
) -> Response {
    headers::secure(response.headers_mut(), &service.sign_in, service.is_https);
    if request.method() == Method::HEAD {
        response.body_mut().clear();
    } else if response.status() != StatusCode::NOT_MODIFIED {
        let length = HeaderValue::from(response.body().len());
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
    response
}

/// Whether a browser asks for a page, by Fetch Metadata or, where there is none, by what it accepts.
fn is_navigation(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => text("accept").is_some_and(|accept| accept.contains("text/html")),
    }
}
