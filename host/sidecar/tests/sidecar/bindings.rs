//! Output bindings, crons, and calls to the outside.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{Bench, Functions, TOKEN, code};

fn component(name: &str, spec: &str, scopes: &str) -> (String, String) {
    let text = format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {spec}\nscopes: {scopes}"
    );
    (format!("{name}.yaml"), text)
}

/// A server for one request; returns its address and what it was sent.
async fn server(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = Vec::new();
        let mut part = [0; 4_096];
        loop {
            let read = stream.read(&mut part).await.expect("a request");
            request.extend_from_slice(&part[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                body.len() >= length.map_or(0, |length| length.parse().unwrap_or(0))
            });
            if whole || read == 0 {
                stream
                    .write_all(answer.as_bytes())
                    .await
                    .expect("an answer");
                return text;
            }
        }
    });
    (address, task)
}

const OK: &str = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\nx-own: 1\r\n\r\nok";

/// A call to an address outside comes back as it is.
#[tokio::test]
async fn calls_to_the_outside() {
    let bench = Bench::new(&[]).await;
    let (address, server) = server(OK).await;
    let path = format!("/v1.0/invoke/http://{address}/method/hook/1?x=1");
    let headers = [("content-type", "application/json"), ("x-mine", "2")];
    let answer = bench
        .ask_with("a", Method::POST, &path, &headers, r#"{"n":1}"#)
        .await;
    assert_eq!(answer.status(), 201);
    assert_eq!(&answer.body()[..], b"ok");
    assert_eq!(answer.headers()["x-own"], "1");
    let heard = server.await.expect("a request");
    assert!(
        heard.starts_with("POST /hook/1?x=1 HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains("x-mine: 2\r\n") && heard.ends_with(r#"{"n":1}"#),
        "{heard}"
    );
    assert!(heard.contains(&format!("host: {address}\r\n")), "{heard}");

    // Nobody listens there any more.
    let answer = bench.ask("a", Method::GET, &path, "").await;
    assert_eq!(answer.status(), 500);
    assert_eq!(code(&answer), "ERR_DIRECT_INVOKE");
}

/// The http binding calls the URL of its component.
#[tokio::test]
async fn the_http_binding() {
    let (address, server) = server(OK).await;
    let spec = format!(
        "{{type: bindings.http, version: v1, metadata: [{{name: url, value: 'http://{address}'}}]}}"
    );
    let bench = Bench::new(&[component("hook", &spec, "[a]")]).await;
    let body = json!({ "operation": "post", "data": { "n": 1 }, "metadata": { "path": "/in" } });
    let body = body.to_string();
    let answer = bench
        .ask("a", Method::POST, "/v1.0/bindings/hook", &body)
        .await;
    assert_eq!(answer.status(), 201);
    let heard = server.await.expect("a request");
    assert!(
        heard.starts_with("POST /in HTTP/1.1") && heard.ends_with(r#"{"n":1}"#),
        "{heard}"
    );
    for (app_id, path) in [
        ("b", "/v1.0/bindings/hook"),
        ("a", "/v1.0/bindings/other"),
        ("a", "/v1.0/bindings/store"),
    ] {
        let answer = bench.ask(app_id, Method::POST, path, &body).await;
        assert_eq!(answer.status(), 500, "{path}");
        assert_eq!(code(&answer), "ERR_INVOKE_OUTPUT_BINDING");
    }
    let malformed = bench
        .ask("a", Method::POST, "/v1.0/bindings/hook", "{}")
        .await;
    assert_eq!(malformed.status(), 400);
}

/// A cron calls its route at its functions, again and again, whatever they answer, until the end.
#[tokio::test]
async fn crons() {
    let spec = "{type: bindings.cron, version: v1, metadata: [{name: schedule, value: '@every 50ms'}, {name: route, value: /a/tick}]}";
    let plain =
        "{type: bindings.cron, version: v1, metadata: [{name: schedule, value: '* * * * * *'}]}";
    let more = [
        component("fast", spec, "[a]"),
        component("each-second", plain, "[b]"),
    ];
    let bench = Bench::new(&more).await;
    let functions = Functions::new(|_| Ok((500, String::new())));
    bench.start(&functions);
    let patience = async {
        while functions.asked("a").len() < 4 || functions.asked("b").len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), patience)
        .await
        .expect("ticks");
    let tick = &functions.asked("a")[0];
    assert_eq!(
        (tick.request.method(), tick.request.uri().path()),
        (&Method::POST, "/a/tick")
    );
    assert_eq!(tick.header("dapr-api-token"), Some(TOKEN));
    assert!(tick.request.body().is_empty());
    assert_eq!(functions.asked("b")[0].request.uri().path(), "/each-second");
    bench.sidecar.stop().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let count = functions.asked("a").len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(functions.asked("a").len(), count, "no tick after the end");
}

/// The output of `bindings.smtp` where no mail server is: an error with a reason, and no hanging.
#[tokio::test]
async fn mail_without_a_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let spec = format!(
        "{{type: bindings.smtp, version: v1, metadata: [{{name: host, value: 127.0.0.1}}, {{name: port, value: '{port}'}}, \
         {{name: emailFrom, value: nudge@example.test}}]}}"
    );
    let bench = Bench::new(&[component("mail", &spec, "[a]")]).await;
    let body = json!({ "operation": "create", "data": "x", "metadata": { "emailTo": "mia@example.test" } });
    let answer = bench
        .ask("a", Method::POST, "/v1.0/bindings/mail", &body.to_string())
        .await;
    assert_eq!(answer.status(), 500);
    let said: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let message = said["message"].as_str().unwrap_or_default();
    assert!(message.contains("did not take it"), "{said}");
}
