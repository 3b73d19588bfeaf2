//! The table of a function: which request finds which handler, and what the others are told.

use dapr::fake::{FakeDapr, block_on};
use function::routes::{get, post};
use function::{Answer, Function, Problem, Request, Response, Routes, fake, path_parameter};
use http::{Method, header};
use serde_json::{Value, json};

type Means = Function<FakeDapr>;

async fn says_path(_: &Means, request: &Request) -> Response {
    Response::new(request.uri().path().as_bytes().to_vec())
}

async fn says_id(_: &Means, request: &Request) -> Result<Response, Problem> {
    match path_parameter(request, "id") {
        "0" => Err(Problem::not_found("There is no such thing.")),
        id => Ok(Response::new(id.as_bytes().to_vec())),
    }
}

fn routes() -> Routes<Means> {
    Routes::new("thing-service")
        .at("/api/things", get(says_path).post(says_path))
        .at("/api/things/all", get(says_path))
        .at("/api/things/{id}", get(says_id))
        .inner("things/all", post(says_path))
        .inner("things/{id}/again", post(says_id))
}

fn ask(routes: &Routes<Means>, method: Method, path: &str) -> Answer {
    let request = http::Request::builder().method(method).uri(path);
    let request = request.body(Vec::new()).expect("a request");
    block_on(routes.answer(&fake::function(FakeDapr::new()), request))
}

/// Status and text of an answer; of a problem its type.
fn answer(method: Method, path: &str) -> (u16, String) {
    let response = ask(&routes(), method, path).response;
    let status = response.status().as_u16();
    let text = String::from_utf8(response.into_body()).expect("text");
    let problem: Option<Value> = serde_json::from_str(&text).ok();
    let kind = problem.and_then(|problem| problem["type"].as_str().map(str::to_owned));
    (status, kind.unwrap_or(text))
}

/// Seen to fail: without the path made normal.
#[test]
fn a_path_finds_its_handler() {
    let found = |path: &str, text: &str| {
        assert_eq!(answer(Method::GET, path), (200, text.to_owned()), "{path}");
    };
    found("/api/things", "/api/things");
    found("/api/things/", "/api/things/");
    found("//api///things?limit=1", "//api///things");
    found("/api/things/all", "/api/things/all");
    found("/api/things/7", "7");
    found("/api/things/7/", "7");
    // What stands fixed in one path may be a parameter of a longer one.
    for id in ["7", "all", "again", "%2F..", "{id}"] {
        let again = answer(Method::POST, &format!("/thing-service/things/{id}/again"));
        assert_eq!(again, (200, id.to_owned()));
    }
}

#[test]
fn what_has_no_handler_is_told_so() {
    let not_found = (404, "/problems/not-found".to_owned());
    for path in [
        "/",
        "/api",
        "/api/things/7/8",
        "/things",
        "/api/thing",
        "/thing-service",
    ] {
        assert_eq!(answer(Method::GET, path), not_found, "{path}");
    }
    assert_eq!(answer(Method::GET, "/api/things/0"), not_found);
    let response = ask(&routes(), Method::DELETE, "/api/things").response;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()[header::ALLOW], "GET, POST");
    let odd = Method::from_bytes(b"BREW").expect("a method");
    assert_eq!(ask(&routes(), odd, "/api/things").response.status(), 405);
    let response = ask(&routes(), Method::POST, "/api/things/all").response;
    assert_eq!(response.headers()[header::ALLOW], "GET");
}

#[test]
fn every_response_is_finished() {
    let finished = routes().finish(|_, request, mut response| {
        response
            .body_mut()
            .extend_from_slice(request.method().as_str().as_bytes());
        response
    });
    for (method, path) in [
        (Method::GET, "/api/things/7"),
        (Method::PUT, "/api/things/7"),
        (Method::GET, "/"),
    ] {
        let response = ask(&finished, method.clone(), path).response;
        assert!(
            response.body().ends_with(method.as_str().as_bytes()),
            "{method} {path}"
        );
    }
}

#[test]
fn a_function_without_a_store_is_ready() {
    let dapr = FakeDapr::new();
    let stateless = Routes::stateless("thing-service");
    let request = http::Request::get("/thing-service/health")
        .body(Vec::new())
        .expect("a request");
    let answer = block_on(stateless.answer(&fake::function(dapr), request));
    let body: Value = serde_json::from_slice(answer.response.body()).expect("JSON");
    assert_eq!(body, json!({ "status": "ok", "function": "thing-service" }));
}

#[test]
#[should_panic(expected = "each path once")]
fn a_path_stands_in_the_table_once() {
    let _ = routes().at("/api/things/{name}", get(says_id));
}
