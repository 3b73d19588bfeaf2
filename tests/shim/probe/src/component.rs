//! The component.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http::Request;
use serde_json::{Value, json};
use spin_sdk::http::{
    Fields, IncomingRequest, IncomingResponse, Method, OutgoingRequest, OutgoingResponse,
    ResponseOutparam, Scheme,
};
use spin_sdk::variables;

#[spin_sdk::http_component]
async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
    let path = request.path_with_query().unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default().to_owned();
    match path.trim_start_matches("/probe/") {
        "echo" => answer(response_out, 200, &echo(request).await).await,
        "out" => answer(response_out, 200, &out(&body_of(request).await).await).await,
        "traps" => panic!("told to"),
        "says-nothing" => drop(response_out),
        "traps-half-way" => {
            let mut body = begin(response_out, 200, &[]);
            body.send(b"the first half".to_vec()).await.ok();
            panic!("told to");
        }
        "traps-afterwards" => {
            answer(response_out, 200, &json!("all of it")).await;
            panic!("told to");
        }
        "in-pieces" => {
            let mut body = begin(response_out, 200, &[]);
            for piece in ["one ", "two ", "three"] {
                std::thread::sleep(Duration::from_millis(20));
                body.send(piece.as_bytes().to_vec()).await.ok();
            }
        }
        "headers" => {
            let headers = [
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
                ("x-own", "yes"),
            ];
            drop(begin(response_out, 418, &headers));
        }
        "variable" => {
            let said = variables::get("told").map_err(|error| error.to_string());
            let unknown = variables::get("never_heard_of").is_err();
            let answered = json!({ "told": said.ok(), "unknown_is_an_error": unknown });
            answer(response_out, 200, &answered).await;
        }
        "surroundings" => {
            println!("a line for the log");
            eprintln!("a line for the log");
            let variables: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            let files = std::fs::read_dir("/").map_or(0, Iterator::count);
            let answered = json!({ "environment": variables, "files": files });
            answer(response_out, 200, &answered).await;
        }
        "takes-its-time" => {
            std::thread::sleep(Duration::from_millis(300));
            answer(response_out, 200, &json!("done")).await;
        }
        "big" => {
            let mut body = begin(response_out, 200, &[]);
            for _ in 0..64 {
                body.send(vec![b'x'; 16 * 1024]).await.ok();
            }
        }
        "allocates" => {
            let much: Vec<u8> = vec![1; 48 * 1024 * 1024];
            let sum: usize = much
                .iter()
                .step_by(65_536)
                .map(|byte| usize::from(*byte))
                .sum();
            answer(response_out, 200, &json!(sum)).await;
        }
        _ => answer(response_out, 404, &json!("no such path")).await,
    }
}

fn begin(
    response_out: ResponseOutparam,
    status: u16,
    headers: &[(&str, &str)],
) -> impl futures::Sink<Vec<u8>> + Unpin {
    let headers: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let response = OutgoingResponse::new(Fields::from_list(&headers).expect("headers"));
    response.set_status_code(status).expect("a status");
    let body = response.take_body();
    response_out.set(response);
    body
}

async fn answer(response_out: ResponseOutparam, status: u16, body: &Value) {
    let headers = [("content-type".to_owned(), b"application/json".to_vec())];
    let response = OutgoingResponse::new(Fields::from_list(&headers).expect("headers"));
    response.set_status_code(status).expect("a status");
    response_out
        .set_with_body(response, body.to_string().into_bytes())
        .await
        .ok();
}

async fn body_of(request: IncomingRequest) -> Vec<u8> {
    let mut body = Vec::new();
    let mut pieces = request.into_body_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        body.extend_from_slice(&piece);
    }
    body
}

async fn echo(request: IncomingRequest) -> Value {
    let method = match request.method() {
        Method::Get => "GET".to_owned(),
        Method::Post => "POST".to_owned(),
        Method::Patch => "PATCH".to_owned(),
        other => format!("{other:?}"),
    };
    let target = request.path_with_query();
    let headers: Vec<[String; 2]> = request
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| [name, String::from_utf8_lossy(&value).into_owned()])
        .collect();
    let body = body_of(request).await;
    json!({ "method": method, "target": target, "headers": headers, "body": String::from_utf8_lossy(&body) })
}

/// Sends a request as it is told to, and says what came of it.
async fn out(told: &[u8]) -> Value {
    let told: Value = serde_json::from_slice(told).unwrap_or_default();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    if told["in_pieces"] == true {
        return in_pieces(&text("authority"), &text("path")).await;
    }
    let mut request = Request::builder()
        .method(text("method").as_str())
        .uri(format!("http://{}{}", text("authority"), text("path")));
    for header in told["headers"].as_array().into_iter().flatten() {
        let part = |at: usize| header[at].as_str().unwrap_or_default().to_owned();
        request = request.header(part(0), part(1));
    }
    let request = match request.body(text("body").into_bytes()) {
        Ok(request) => request,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let answered: Result<http::Response<Vec<u8>>, _> = spin_sdk::http::send(request).await;
    match answered {
        Ok(answered) => json!({
            "status": answered.status().as_u16(),
            "location": answered.headers().get("location").and_then(|value| value.to_str().ok()),
            "body": String::from_utf8_lossy(answered.body()),
        }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

/// Sends a body in pieces without a length, as nobody could tell it.
async fn in_pieces(authority: &str, path: &str) -> Value {
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Post).expect("a method");
    request.set_scheme(Some(&Scheme::Http)).expect("a scheme");
    request
        .set_authority(Some(authority))
        .expect("an authority");
    request.set_path_with_query(Some(path)).expect("a path");
    let mut body = request.take_body();
    let sending = async move {
        for piece in ["one ", "two ", "three"] {
            body.send(piece.as_bytes().to_vec()).await.ok();
        }
    };
    let (answered, ()) = futures::join!(
        spin_sdk::http::send::<_, IncomingResponse>(request),
        sending
    );
    match answered {
        Ok(answered) => json!({ "status": answered.status() }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}
