//! Invocation, secrets, metadata and health.

use http::Method;
use serde_json::{Value, json};

use crate::{Bench, Functions, TOKEN, code, subscription};

/// The called function sees who calls, whatever the caller says of itself, and its answer comes back as it is.
#[tokio::test]
async fn one_function_calls_another() {
    let bench = Bench::new(&[]).await;
    let functions = Functions::new(|_| Ok((418, "short and stout".to_owned())));
    bench.start(&functions);
    let headers = [
        ("dapr-caller-app-id", "somebody-else"),
        ("dapr-api-token", "guess"),
        ("authorization", "Bearer x"),
        ("connection", "close"),
    ];
    let path = "/v1.0/invoke/b/method/b/tasks/%C3%BC?x=1&y=%20";
    let answer = bench
        .ask_with("a", Method::PATCH, path, &headers, "body")
        .await;
    assert_eq!(answer.status(), 418);
    assert_eq!(&answer.body()[..], b"short and stout");
    let asked = &functions.asked("b")[0];
    assert_eq!(asked.request.method(), Method::PATCH);
    assert_eq!(asked.request.uri(), "/b/tasks/%C3%BC?x=1&y=%20");
    assert_eq!(&asked.request.body()[..], b"body");
    for (name, value) in [
        ("dapr-caller-app-id", Some("a")),
        ("dapr-callee-app-id", Some("b")),
        ("dapr-api-token", Some(TOKEN)),
        ("authorization", Some("Bearer x")),
        ("connection", None),
    ] {
        assert_eq!(asked.header(name), value, "{name}");
        assert!(asked.request.headers().get_all(name).iter().count() <= 1);
    }
}

#[tokio::test]
async fn calls_that_reach_nobody() {
    let bench = Bench::new(&[]).await;
    let path = "/v1.0/invoke/b/method/x";
    let early = bench.ask("a", Method::GET, path, "").await;
    assert_eq!(early.status(), 500, "before the functions are there");
    let functions = Functions::new(|_| Err("it trapped".to_owned()));
    bench.start(&functions);
    for path in [path, "/v1.0/invoke/unknown/method/x"] {
        let answer = bench.ask("a", Method::GET, path, "").await;
        assert_eq!(answer.status(), 500);
        assert_eq!(code(&answer), "ERR_DIRECT_INVOKE");
    }
    let none = bench.ask("a", Method::GET, "/v1.0/invoke/b", "").await;
    assert_eq!(none.status(), 404);
}

/// Whom an app does not name in its access control, it is not there for; without one it is there for all.
#[tokio::test]
async fn who_may_call_whom() {
    let list = "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {name: b}\n\
        spec: {accessControl: {defaultAction: deny, trustDomain: public, policies: \
        [{appId: a, defaultAction: allow, trustDomain: public, namespace: default}]}}";
    let bench = Bench::new(&[("b.yaml".to_owned(), list.to_owned())]).await;
    let functions = Functions::content();
    bench.start(&functions);
    for (caller, called, status) in [("a", "b", 200), ("b", "b", 403), ("b", "a", 200)] {
        let path = format!("/v1.0/invoke/{called}/method/x");
        let answer = bench.ask(caller, Method::GET, &path, "").await;
        assert_eq!(answer.status(), status, "{caller} to {called}");
        if status == 403 {
            assert_eq!(code(&answer), "ERR_DIRECT_INVOKE");
        }
        let heard = usize::from(status == 200);
        let callers = functions.asked(called);
        let callers = callers
            .iter()
            .filter(|asked| asked.header("dapr-caller-app-id") == Some(caller));
        assert_eq!(callers.count(), heard, "{caller} to {called}");
    }
}

/// What a daprd says of itself: to a function only what is in its scope.
#[tokio::test]
async fn metadata_and_health() {
    let scoped = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: mine}\n\
        spec: {type: bindings.http, version: v1}\nscopes: [a]";
    let more = [
        ("mine.yaml".to_owned(), scoped.to_owned()),
        subscription("t", "a", Some("t.a.dlq")),
    ];
    let bench = Bench::new(&more).await;
    for (app_id, components, subscriptions) in [("a", 3, 1), ("b", 2, 0)] {
        let answer = bench.ask(app_id, Method::GET, "/v1.0/metadata", "").await;
        let metadata: Value = serde_json::from_slice(answer.body()).expect("JSON");
        assert_eq!(metadata["id"], app_id);
        let count = |name: &str| metadata[name].as_array().map_or(0, Vec::len);
        assert_eq!(count("components"), components, "{metadata}");
        assert_eq!(count("subscriptions"), subscriptions, "{metadata}");
    }
    for path in ["/v1.0/healthz", "/v1.0/healthz/outbound"] {
        let answer = bench.ask("a", Method::GET, path, "").await;
        assert_eq!(answer.status(), 204, "{path}");
    }
    for path in [
        "/",
        "/v1.0",
        "/v1.0/actors/x",
        "/v1.0-alpha1/workflows",
        "/v2.0/state/store/k",
    ] {
        let answer = bench.ask("a", Method::GET, path, "").await;
        assert_eq!(answer.status(), 404, "{path}");
    }
}

/// Secrets come from a file here; a store that is not there is refused, a secret that is not there is empty.
#[tokio::test]
async fn secrets() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let content = json!({ "mail": "secret", "empty": "" }).to_string();
    std::fs::write(file.path(), content).expect("written");
    let store = format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: vault}}\nspec: {{type: secretstores.local.file, \
         version: v1, metadata: [{{name: secretsFile, value: {}}}]}}\nscopes: [a]",
        file.path().display()
    );
    let bench = Bench::new(&[("vault.yaml".to_owned(), store)]).await;
    let secret = async |app_id: &str, path: &str| {
        let path = format!("/v1.0/secrets/{path}");
        let answer = bench.ask(app_id, Method::GET, &path, "").await;
        (
            answer.status().as_u16(),
            String::from_utf8_lossy(answer.body()).into_owned(),
        )
    };
    let found = secret("a", "vault/mail").await;
    assert_eq!(found, (200, r#"{"mail":"secret"}"#.to_owned()));
    assert_eq!(secret("a", "vault/absent").await.0, 204);
    assert_eq!(secret("b", "vault/mail").await.0, 401, "out of scope");
    assert_eq!(secret("a", "other/mail").await.0, 401);
}
