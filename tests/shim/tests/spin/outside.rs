//! What goes out: requests of the component.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::runtime::{Kind, Runtime};

super::cases!(
    a_length_is_what_the_component_says,
    headers_go_out_as_they_are,
    hop_by_hop_headers_are_refused,
    only_what_is_allowed_is_called,
    a_redirect_is_not_followed,
    nobody_there_is_an_error,
    an_answer_that_breaks_off_is_an_error,
);

/// A server that keeps what it is sent, as it came over the wire, and answers `answer`.
struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let server = Self {
            address: listener.local_addr().expect("an address"),
            heard: Arc::clone(&heard),
        };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let heard = Arc::clone(&heard);
                tokio::spawn(async move {
                    let mut text = String::new();
                    let mut piece = [0; 4096];
                    while !is_whole(&text) {
                        match stream.read(&mut piece).await {
                            Ok(length) if length > 0 => {
                                text += &String::from_utf8_lossy(&piece[..length]);
                            }
                            _ => return,
                        }
                    }
                    heard
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(text);
                    stream.write_all(answer.as_bytes()).await.ok();
                });
            }
        });
        server
    }

    /// Head and body of what came, the head in lower case.
    fn heard(&self) -> Vec<(String, String)> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let split = |text: &String| {
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
            (head.to_ascii_lowercase(), body.to_owned())
        };
        heard.iter().map(split).collect()
    }
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    match length.and_then(|length| length.trim().parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None if head.contains("transfer-encoding: chunked") => body.ends_with("0\r\n\r\n"),
        None => true,
    }
}

const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfine";

fn post(server: &Server, headers: &[(&str, &str)], body: &str) -> Value {
    json!({
        "method": "POST", "authority": server.address.to_string(), "path": "/x?y=z", "headers": headers, "body": body,
    })
}

/// A server outside learns how long a body is where the component says it; else the body comes in chunks.
async fn a_length_is_what_the_component_says(kind: Kind) {
    let server = Server::start(FINE).await;
    let runtime = Runtime::start(kind, Some(server.address), &[]).await;
    let with_length = post(&server, &[("content-length", "5")], "hello");
    let without = post(&server, &[], "hello");
    let in_pieces =
        json!({ "in_pieces": true, "authority": server.address.to_string(), "path": "/x?y=z" });
    for told in [&with_length, &without, &in_pieces] {
        let said = runtime.sends(told).await;
        assert_eq!(said["status"], 200, "{said}");
    }
    let heard = server.heard();
    let lengths: Vec<(bool, bool)> = heard
        .iter()
        .map(|(head, _)| {
            (
                head.contains("content-length: 5"),
                head.contains("transfer-encoding: chunked"),
            )
        })
        .collect();
    assert_eq!(
        lengths,
        [(true, false), (false, true), (false, true)],
        "{heard:?}"
    );
    assert_eq!(heard[0].1, "hello");
    assert!(
        heard
            .iter()
            .all(|(head, _)| head.starts_with("post /x?y=z http/1.1"))
    );
}

async fn headers_go_out_as_they_are(kind: Kind) {
    let server = Server::start(FINE).await;
    let runtime = Runtime::start(kind, Some(server.address), &[]).await;
    let headers = [
        ("x-own", "one"),
        ("x-own", "two"),
        ("authorization", "Bearer t"),
        ("content-length", "2"),
    ];
    let said = runtime.sends(&post(&server, &headers, "{}")).await;
    assert_eq!(
        said,
        json!({ "status": 200, "location": null, "body": "fine" })
    );
    let (head, _) = server.heard().remove(0);
    for line in [
        "x-own: one".to_owned(),
        "x-own: two".to_owned(),
        "authorization: bearer t".to_owned(),
        format!("host: {}", server.address),
    ] {
        assert!(
            head.lines().any(|other| other == line),
            "{line} is not in {head}"
        );
    }
}

async fn hop_by_hop_headers_are_refused(kind: Kind) {
    let server = Server::start(FINE).await;
    let runtime = Runtime::start(kind, Some(server.address), &[]).await;
    for header in [
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("host", "elsewhere.test"),
    ] {
        let said = runtime.sends(&post(&server, &[header], "")).await;
        assert!(said["error"].is_string(), "{header:?}: {said}");
    }
    assert!(server.heard().is_empty());
}

async fn only_what_is_allowed_is_called(kind: Kind) {
    let (server, other) = (Server::start(FINE).await, Server::start(FINE).await);
    let runtime = Runtime::start(kind, Some(server.address), &[]).await;
    let said = runtime.sends(&post(&other, &[], "")).await;
    assert!(said["error"].is_string(), "{said}");
    let by_name = format!("localhost:{}", server.address.port());
    let said = runtime
        .sends(&json!({ "method": "GET", "authority": by_name, "path": "/" }))
        .await;
    assert!(said["error"].is_string(), "{said}");
    assert!(other.heard().is_empty() && server.heard().is_empty());
}

async fn a_redirect_is_not_followed(kind: Kind) {
    let moved = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = Server::start(moved).await;
    let runtime = Runtime::start(kind, Some(server.address), &[]).await;
    let said = runtime
        .sends(&post(&server, &[("content-length", "0")], ""))
        .await;
    assert_eq!(
        said,
        json!({ "status": 302, "location": "/elsewhere", "body": "" })
    );
    assert_eq!(server.heard().len(), 1);
}

async fn nobody_there_is_an_error(kind: Kind) {
    let [port] = ports::free().expect("a port");
    let nobody = SocketAddr::from(([127, 0, 0, 1], port));
    let runtime = Runtime::start(kind, Some(nobody), &[]).await;
    let told = json!({ "method": "GET", "authority": nobody.to_string(), "path": "/" });
    let said = runtime.sends(&told).await;
    let error = said["error"].as_str().expect("an error");
    // The functions tell by it that nothing was sent.
    assert!(
        error.contains("ConnectionRefused") || error.contains("DestinationUnavailable"),
        "{error}"
    );
}

async fn an_answer_that_breaks_off_is_an_error(kind: Kind) {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhalf";
    let server = Server::start(half).await;
    let runtime = Runtime::start(kind, Some(server.address), &[]).await;
    let said = runtime
        .sends(&post(&server, &[("content-length", "0")], ""))
        .await;
    // The SDK ends the component over it, so that there may be no answer either.
    assert!(said["status"] != 200 && said["body"].is_null(), "{said}");
}
