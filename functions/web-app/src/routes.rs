//! The routes: all that no other function has.

use api::session::{Health, Status};
use dapr::Dapr;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_api::{Function, Problem, Request, Response, json_response, segments};

use crate::session::{self, SignIn};
use crate::site::Site;
use crate::{headers, openapi, page, reference};

/// First segments of paths that are not for browsers: what Dapr calls, and what it is called at. One that this function
/// is asked for all the same does not exist.
const INNER: [&str; 9] = [
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

/// What the function works with.
#[derive(Debug)]
pub struct WebApp<'a, D> {
    /// A function's means.
    pub function: &'a Function<D>,
    /// The built screen.
    pub site: Site,
    /// Whether people reach it by HTTPS, which browsers are then told to keep to.
    pub is_https: bool,
    /// Where people sign in.
    pub sign_in: SignIn,
}

/// Answers a request.
pub async fn route<D: Dapr>(service: &WebApp<'_, D>, request: Request) -> Response {
    let is_head = request.method() == Method::HEAD;
    let mut response = service
        .answer(&request)
        .await
        .unwrap_or_else(Response::from);
    headers::secure(response.headers_mut(), &service.sign_in, service.is_https);
    if is_head {
        response.body_mut().clear();
    } else if response.status() != StatusCode::NOT_MODIFIED {
        let length = HeaderValue::from(response.body().len());
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
    response
}

impl<D: Dapr> WebApp<'_, D> {
    async fn answer(&self, request: &Request) -> Result<Response, Problem> {
        let path = request.uri().path();
        let segments = segments(path);
        match segments.as_slice() {
            ["api", "session" | "openapi.json" | "docs"] | ["health"] | ["web-app", "health"]
                if !reads(request.method()) =>
            {
                Err(Problem::method_not_allowed("GET, HEAD"))
            }
            ["api", "session"] => self.session(request).await,
            ["api", "openapi.json"] => Ok(openapi::response()),
            ["api", "docs"] => Ok(reference::page_for_people()),
            ["health"] => Ok(json_response(StatusCode::OK, &HEALTH)),
            ["web-app", "health"] => self.function.health("web-app").await,
            ["api" | "mcp" | "ws", ..] => Err(no_such_route()),
            [first, ..] if INNER.contains(first) => Err(no_such_route()),
            _ if !reads(request.method()) => Err(Problem::method_not_allowed("GET, HEAD")),
            _ => self.screen(path, request.headers()),
        }
    }

    /// Says how to sign in, and to whom has: who they are.
    async fn session(&self, request: &Request) -> Result<Response, Problem> {
        let person = if request.headers().contains_key(header::AUTHORIZATION) {
            Some(self.function.person(request).await?)
        } else {
            None
        };
        let answer = session::answer(&self.function.issuer, &self.sign_in, person.as_ref());
        Ok(json_response(StatusCode::OK, &answer))
    }

    fn screen(&self, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
        let Some(index) = self.site.index() else {
            return Ok(page::not_built());
        };
        if let Some(file) = self.site.file(path) {
            return Ok(file.answer(headers));
        }
        // A path inside the screen has no dot: one that has is a file that is not there.
        if is_navigation(headers) && !path.contains('.') {
            return Ok(index.answer(headers));
        }
        Err(Problem::not_found("There is no such page."))
    }
}

fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a browser asks for a page, by Fetch Metadata or, where there is none, by what it accepts.
fn is_navigation(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => text("accept").is_some_and(|accept| accept.contains("text/html")),
    }
}

fn no_such_route() -> Problem {
    Problem::not_found("There is no such route.")
}
