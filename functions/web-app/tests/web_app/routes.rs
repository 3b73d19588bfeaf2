//! What each path is answered, and with which headers.

use std::path::Path;

use dapr::fake::FakeDapr;
use function::identity::Issuer;
use function::{Function, Request, Response};
use futures::executor::block_on;
use http::{Method, StatusCode};
use uuid::Uuid;
use web_app::site::{File, Site};
use web_app::{SignIn, WebApp, routes};

const SITE: Site = Site(&[
    File {
        path: "/index.html",
        content_type: "text/html; charset=utf-8",
        tag: "index",
        bytes: b"<!doctype html>start",
        gzip: Some(b"packed"),
    },
    File {
        path: "/assets/app-1a2b.js",
        content_type: "text/javascript; charset=utf-8",
        tag: "app",
        bytes: b"run()",
        gzip: None,
    },
]);

/// Sends a request to the app with `site`.
fn send(site: Site, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let function = Function {
        dapr: FakeDapr::new(),
        issuer: Issuer {
            name: "https://id.example".to_owned(),
            audience: "nudge".to_owned(),
            jwks_url: "https://id.example/keys".to_owned(),
        },
        app_api_token: "token".to_owned(),
        clock: chrono::Utc::now,
        new_id: Uuid::now_v7,
        limits: function::Limits::default(),
    };
    let service = WebApp {
        function,
        site,
        is_https: true,
        sign_in: SignIn {
            client_id: "nudge-web".to_owned(),
            authorize_url: "https://id.example/authorize".to_owned(),
            token_url: "https://id.example/token".to_owned(),
            revocation_url: "https://id.example/revoke".to_owned(),
            scope: "openid".to_owned(),
        },
    };
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request: Request = request.body(Vec::new()).expect("a request");
    block_on(routes().answer(&service, request)).response
}

fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    send(SITE, Method::GET, path, headers)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("text"))
}

const NAVIGATION: (&str, &str) = ("sec-fetch-mode", "navigate");

#[test]
fn every_path_has_one_answer() {
    let table = [
        (Method::GET, "/", 200, "text/html; charset=utf-8"),
        (Method::GET, "/index.html", 200, "text/html; charset=utf-8"),
        (
            Method::GET,
            "/assets/app-1a2b.js",
            200,
            "text/javascript; charset=utf-8",
        ),
        (Method::GET, "/today", 200, "text/html; charset=utf-8"),
        (Method::GET, "/a/b/c", 200, "text/html; charset=utf-8"),
        (Method::GET, "/api/session", 200, "application/json"),
        (Method::GET, "/api/openapi.json", 200, "application/json"),
        (Method::GET, "/api/docs", 200, "text/html; charset=utf-8"),
        (Method::GET, "/health", 200, "application/json"),
        (Method::GET, "/web-app/health", 200, "application/json"),
        (
            Method::GET,
            "/assets/gone.js",
            404,
            "application/problem+json",
        ),
        (Method::GET, "/favicon.ico", 404, "application/problem+json"),
        (Method::GET, "/api", 404, "application/problem+json"),
        (Method::GET, "/api/nothing", 404, "application/problem+json"),
        (
            Method::POST,
            "/api/nothing",
            404,
            "application/problem+json",
        ),
        (Method::POST, "/mcp", 404, "application/problem+json"),
        (
            Method::GET,
            "/dapr/subscribe",
            404,
            "application/problem+json",
        ),
        (
            Method::POST,
            "/task-service/tasks",
            404,
            "application/problem+json",
        ),
        (Method::POST, "/", 405, "application/problem+json"),
        (
            Method::POST,
            "/api/session",
            405,
            "application/problem+json",
        ),
    ];
    for (method, path, status, content_type) in table {
        let response = send(SITE, method.clone(), path, &[NAVIGATION]);
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        assert_eq!(header(&response, "content-type"), content_type, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(header(&response, name), value, "{path}");
        }
        let policy = header(&response, "content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        let length = response.body().len().to_string();
        assert_eq!(header(&response, "content-length"), length, "{path}");
    }
}

/// A script or a fetch that asks for a page that is not there must not get the start page.
#[test]
fn only_navigations_fall_back_to_the_start_page() {
    let table: [(&[(&str, &str)], u16); 5] = [
        (&[("sec-fetch-mode", "navigate")], 200),
        (&[("sec-fetch-mode", "no-cors")], 404),
        (&[("sec-fetch-mode", "cors"), ("accept", "text/html")], 404),
        (&[("accept", "text/html,*/*;q=0.8")], 200),
        (&[("accept", "*/*")], 404),
    ];
    for (headers, status) in table {
        assert_eq!(
            get("/today", headers).status().as_u16(),
            status,
            "{headers:?}"
        );
    }
}

#[test]
fn what_a_browser_has_is_not_sent_again() {
    let page = get("/", &[]);
    assert_eq!(header(&page, "etag"), "\"index\"");
    assert_eq!(header(&page, "cache-control"), "no-cache");
    assert_eq!(page.body(), b"<!doctype html>start");
    let table = [
        ("\"index\"", 304),
        ("W/\"index\"", 304),
        ("\"other\", \"index\"", 304),
        ("*", 304),
        ("\"index-gzip\"", 200),
        ("\"other\"", 200),
    ];
    for (tag, status) in table {
        let response = get("/", &[("if-none-match", tag)]);
        assert_eq!(response.status().as_u16(), status, "{tag}");
        assert_eq!(response.body().is_empty(), status == 304, "{tag}");
        assert_eq!(header(&response, "etag"), "\"index\"", "{tag}");
    }
    let script = get("/assets/app-1a2b.js", &[("accept-encoding", "gzip")]);
    assert_eq!(
        header(&script, "cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(header(&script, "content-encoding"), "");
}

#[test]
fn gzip_for_those_who_take_it() {
    let table = [
        ("gzip", true),
        ("deflate, gzip;q=1.0, *;q=0.5", true),
        ("br, GZIP", true),
        ("gzip;q=0", false),
        ("gzip; q=0.0", false),
        ("br", false),
        ("", false),
    ];
    for (accept, packed) in table {
        let response = get("/", &[("accept-encoding", accept)]);
        let expected: &[u8] = if packed {
            b"packed"
        } else {
            b"<!doctype html>start"
        };
        assert_eq!(response.body(), expected, "{accept:?}");
        let encoding = if packed { "gzip" } else { "" };
        assert_eq!(
            header(&response, "content-encoding"),
            encoding,
            "{accept:?}"
        );
        assert_eq!(header(&response, "vary"), "accept-encoding");
    }
}

#[test]
fn head_says_what_get_would() {
    for path in ["/", "/assets/app-1a2b.js", "/api/session", "/api/docs"] {
        let response = send(SITE, Method::HEAD, path, &[]);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(response.body().is_empty(), "{path}");
        let of_get = get(path, &[]);
        assert_eq!(
            header(&response, "content-type"),
            header(&of_get, "content-type")
        );
        assert_eq!(header(&response, "etag"), header(&of_get, "etag"), "{path}");
    }
}

#[test]
fn without_a_screen_it_says_what_to_do() {
    let empty = Site(&[]);
    let response = send(empty, Method::GET, "/", &[NAVIGATION]);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = String::from_utf8(response.into_body()).expect("text");
    assert!(page.contains("cargo xtask build"));
    let session = send(empty, Method::GET, "/api/session", &[]);
    assert_eq!(session.status(), StatusCode::OK);
}

#[test]
fn the_session_says_how_to_sign_in() {
    let session = get("/api/session", &[]);
    assert_eq!(header(&session, "cache-control"), "no-store");
    let policy = header(&session, "content-security-policy");
    assert!(policy.contains("connect-src 'self' https://id.example;"));
    let transport = header(&session, "strict-transport-security");
    assert_eq!(transport, "max-age=31536000");
    let session: serde_json::Value = serde_json::from_slice(session.body()).expect("JSON");
    assert_eq!(session["client_id"], "nudge-web");
    assert_eq!(session["token_url"], "https://id.example/token");
    assert_eq!(session["revocation_url"], "https://id.example/revoke");
    assert_eq!(session["person"], serde_json::Value::Null);
    let features = session["features"].as_array().expect("a list");
    assert!(features.contains(&"tasks".into()));
    let refused = get("/api/session", &[("authorization", "Bearer nonsense")]);
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

/// The manifest decides which functions there are: each one's own paths are none of the screen's.
#[test]
fn the_functions_of_the_manifest_are_all_known() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
    let manifest: toml::Table = std::fs::read_to_string(path)
        .expect("the manifest")
        .parse()
        .expect("TOML");
    for id in manifest["component"].as_table().expect("components").keys() {
        let path = format!("/{id}/events");
        assert_eq!(get(&path, &[NAVIGATION]).status().as_u16(), 404, "{path}");
    }
}
