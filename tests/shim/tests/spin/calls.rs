//! What comes in: requests, answers, traps, variables.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::runtime::{Kind, Runtime, whole};

super::cases!(
    a_request_arrives_whole,
    a_body_in_slow_pieces_arrives_whole,
    an_answer_leaves_whole,
    answers_have_their_status_and_headers,
    a_route_is_matched_by_its_segments,
    a_trap_is_a_500_and_the_next_request_is_answered,
    a_trap_after_the_answer_changes_nothing,
    a_trap_half_way_ends_the_answer,
    variables_come_from_the_environment_before_the_manifest,
    a_component_sees_nothing_of_the_machine,
    requests_are_answered_beside_each_other,
);

async fn a_request_arrives_whole(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    let request = runtime
        .request("PATCH", "/probe/echo?a=b&c=%C3%A4%2Fx")
        .header("x-own", "one")
        .header("x-own", "two")
        .header("content-type", "application/merge-patch+json")
        .header("idempotency-key", "7")
        .body("{\"title\": \"x\"}");
    let seen = whole(request).await.expect("an answer").json();
    assert_eq!(seen["method"], json!("PATCH").to_string().trim_matches('"'));
    assert_eq!(seen["target"], "/probe/echo?a=b&c=%C3%A4%2Fx");
    assert_eq!(seen["body"], "{\"title\": \"x\"}");
    let values = |name: &str| -> Vec<String> {
        let headers = seen["headers"].as_array().expect("headers");
        let named = headers.iter().filter(|header| header[0] == name);
        named
            .filter_map(|header| Some(header[1].as_str()?.to_owned()))
            .collect()
    };
    assert_eq!(values("x-own"), ["one", "two"]);
    assert_eq!(values("content-type"), ["application/merge-patch+json"]);
    assert_eq!(values("idempotency-key"), ["7"]);
}

async fn a_body_in_slow_pieces_arrives_whole(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    let mut stream = TcpStream::connect(runtime.address())
        .await
        .expect("a connection");
    let head = "POST /probe/echo HTTP/1.1\r\nhost: probe\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    for piece in [
        head,
        "4\r\none \r\n",
        "4\r\ntwo \r\n",
        "5\r\nthree\r\n",
        "0\r\n\r\n",
    ] {
        stream.write_all(piece.as_bytes()).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""body":"one two three""#), "{answer}");
}

async fn an_answer_leaves_whole(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    let answer = runtime.get("/probe/in-pieces").await.expect("an answer");
    assert_eq!(answer.body, b"one two three");
    let big = runtime.get("/probe/big").await.expect("an answer");
    assert_eq!(big.body.len(), 1024 * 1024);
    let head = whole(runtime.request("HEAD", "/probe/echo"))
        .await
        .expect("an answer");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

async fn answers_have_their_status_and_headers(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    let answer = runtime.get("/probe/headers").await.expect("an answer");
    assert_eq!(answer.status, 418);
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.headers["x-own"], "yes");
}

async fn a_route_is_matched_by_its_segments(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    for (path, status) in [
        ("/probe/nothing-here", 404),
        ("/probes/echo", 404),
        ("/", 404),
        ("/probe/echo/", 404),
    ] {
        let answer = runtime.get(path).await.expect("an answer");
        assert_eq!(answer.status, status, "{path}");
        let is_of_the_probe = answer.json() == json!("no such path");
        assert_eq!(is_of_the_probe, path.starts_with("/probe/"), "{path}");
    }
}

async fn a_trap_is_a_500_and_the_next_request_is_answered(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    for path in ["/probe/traps", "/probe/says-nothing"] {
        let answer = runtime.get(path).await.expect("an answer");
        assert_eq!(answer.status, 500, "{path}");
        assert_eq!(
            runtime.get("/probe/echo").await.expect("an answer").status,
            200
        );
    }
}

async fn a_trap_after_the_answer_changes_nothing(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    let answer = runtime
        .get("/probe/traps-afterwards")
        .await
        .expect("an answer");
    assert_eq!((answer.status, answer.json()), (200, json!("all of it")));
}

/// An answer that had begun ends where the component did. So a component has its answer whole before it begins one.
async fn a_trap_half_way_ends_the_answer(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    if let Ok(answer) = runtime.get("/probe/traps-half-way").await {
        assert_eq!(
            (answer.status, &answer.body[..]),
            (200, &b"the first half"[..])
        );
    }
    let next = runtime.get("/probe/echo").await.expect("an answer");
    assert_eq!(next.status, 200);
}

async fn variables_come_from_the_environment_before_the_manifest(kind: Kind) {
    for (variables, expected) in [
        (&[][..], "by the manifest"),
        (&[("TOLD", "by the environment")][..], "by the environment"),
    ] {
        let runtime = Runtime::start(kind, None, variables).await;
        let said = runtime
            .get("/probe/variable")
            .await
            .expect("an answer")
            .json();
        assert_eq!(
            said,
            json!({ "told": expected, "unknown_is_an_error": true })
        );
    }
}

async fn a_component_sees_nothing_of_the_machine(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[("TOLD", "a secret")]).await;
    let seen = runtime
        .get("/probe/surroundings")
        .await
        .expect("an answer")
        .json();
    assert_eq!(seen, json!({ "environment": [], "files": 0 }));
}

async fn requests_are_answered_beside_each_other(kind: Kind) {
    let runtime = Runtime::start(kind, None, &[]).await;
    let answers = (0..16).map(|_| async {
        let answer = runtime
            .get("/probe/takes-its-time")
            .await
            .expect("an answer");
        assert_eq!((answer.status, answer.json()), (200, Value::from("done")));
    });
    futures::future::join_all(answers).await;
    let answer = runtime.get("/probe/allocates").await.expect("an answer");
    assert_eq!(answer.json(), json!(768));
}
