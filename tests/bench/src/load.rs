//! Requests over connections that stay open: little of a machine's time, so that most is left for what answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::report::Times;

/// One connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Connection {
    /// Connects to `http://host:port`.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let authority = address.trim_start_matches("http://").trim_end_matches('/');
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end is seen by the next request.
        tokio::spawn(async move { connection.await.ok() });
        Ok(Self {
            sender,
            authority: authority.to_owned(),
        })
    }

    /// Sends a request and takes the whole answer.
    pub(crate) async fn send(&mut self, ask: &Ask) -> Result<Response<Bytes>> {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(&ask.path)
            .header(header::HOST, &self.authority);
        if let Some(token) = &ask.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if ask.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(body)))?;
        self.sender.ready().await?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(
            parts,
            body.collect().await?.to_bytes(),
        ))
    }

    /// Sends a request that must be answered with 2xx.
    pub(crate) async fn succeed(&mut self, ask: &Ask) -> Result<Value> {
        let answer = self.send(ask).await?;
        let said = String::from_utf8_lossy(answer.body());
        ensure!(
            answer.status().is_success(),
            "{} {} was answered {}: {said}",
            ask.method,
            ask.path,
            answer.status()
        );
        serde_json::from_str(&said).context("an answer in JSON")
    }
}

/// One request to be.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    token: Option<String>,
    body: Option<Value>,
}

impl Ask {
    /// `GET path`
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            token: None,
            body: None,
        }
    }

    /// `POST path` with a JSON body.
    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self {
            method: "POST",
            body: Some(body),
            ..Self::get(path)
        }
    }

    /// On somebody's behalf.
    pub(crate) fn by(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }
}

/// What a load came to.
#[derive(Debug)]
pub(crate) struct Load {
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// How long each answer took.
    pub(crate) times: Times,
    /// Answers by status.
    pub(crate) statuses: BTreeMap<StatusCode, usize>,
}

impl Load {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// All answers.
    pub(crate) fn count(&self) -> usize {
        self.statuses.values().sum()
    }

    /// Answers other than 2xx.
    pub(crate) fn failed(&self) -> usize {
        let failed =
            |(status, count): (&StatusCode, &usize)| (!status.is_success()).then_some(*count);
        self.statuses.iter().filter_map(failed).sum()
    }
}

/// For `time`, each of `connections` sends one request after another; `ask` makes them from the connection's number and
/// the request's.
pub(crate) async fn run<F>(
    address: &str,
    connections: usize,
    time: Duration,
    ask: F,
) -> Result<Load>
where
    F: Fn(usize, usize) -> Ask + Send + Sync + 'static,
{
    let ask = Arc::new(ask);
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let begun = Instant::now();
    let tasks: Vec<_> = open
        .into_iter()
        .enumerate()
        .map(|(number, mut connection)| {
            let ask = Arc::clone(&ask);
            tokio::spawn(async move {
                let mut answers = Vec::new();
                while begun.elapsed() < time {
                    let ask = ask(number, answers.len());
                    let sent = Instant::now();
                    let status = connection.send(&ask).await?.status();
                    answers.push((sent.elapsed(), status));
                }
                anyhow::Ok(answers)
            })
        })
        .collect();
    let mut times = Vec::new();
    let mut statuses = BTreeMap::new();
    for task in tasks {
        for (time, status) in task.await?? {
            times.push(time);
            *statuses.entry(status).or_default() += 1;
        }
    }
    Ok(Load {
        elapsed: begun.elapsed(),
        times: Times::new(times),
        statuses,
    })
}
