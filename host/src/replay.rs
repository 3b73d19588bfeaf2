//! `nudge replay`: asks the audit service to tell a function what is on record, so that it can make lost state again.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{App, Runtime};

/// Who has everything on record.
const RECORDER: &str = "audit-service";
/// Its route for operators.
const PATH: &str = "/audit-service/replay";

/// Where the audit service is.
pub enum Recorder<'a> {
    /// In this process.
    Within(&'a App),
    /// At the address where Dapr finds the functions.
    At {
        /// Scheme and authority.
        url: &'a str,
        /// What Dapr proves itself with.
        app_api_token: &'a str,
    },
}

/// What became of one person's record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many tasks' stories were told.
    pub told: u64,
    /// How many of them made something again that was lost.
    pub restored: u64,
    /// What the function could not make sense of, and why.
    pub refused: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    told: u64,
    restored: u64,
    refused: Vec<Value>,
    next_from: Option<u64>,
}

/// Tells the function `to` all that is on record of the person `user_id`, a stretch at a time.
///
/// # Errors
/// When the audit service does not answer, or not with success: what was told until then stays, and telling it again does
/// no harm.
pub async fn replay(
    recorder: &Recorder<'_>,
    to: &str,
    user_id: &str,
    operator: &str,
) -> Result<Replayed> {
    let mut replayed = Replayed::default();
    let mut from = Some(1);
    while let Some(first) = from {
        let body = json!({ "user_id": user_id, "to": to, "operator": operator, "from": first });
        let (status, said) = recorder.ask(&body).await?;
        if !status.is_success() {
            bail!("the audit service answered {status}: {said}");
        }
        let answer: Answer = serde_json::from_str(&said).context("the audit service's answer")?;
        replayed.told += answer.told;
        replayed.restored += answer.restored;
        let refused = answer.refused.iter().map(ToString::to_string);
        replayed.refused.extend(refused);
        from = answer.next_from;
        if from.is_some_and(|next| next <= first) {
            bail!("the audit service does not come on: it goes from record {first} to {from:?}");
        }
    }
    Ok(replayed)
}

impl Recorder<'_> {
    async fn ask(&self, body: &Value) -> Result<(StatusCode, String)> {
        let body = Bytes::from(body.to_string());
        let (status, said) = match self {
            Self::Within(app) => {
                let request = request(PATH, app.app_api_token(), body)?;
                let Runtime::Here(functions) = &app.functions else {
                    bail!("the functions run elsewhere: name where with --inner-url");
                };
                let answered = functions.call(RECORDER, request).await;
                let response = answered.context("the audit service did not answer")?;
                let (parts, body) = response.into_parts();
                let body = body.collect().await.context("the answer broke off")?;
                (parts.status, body.to_bytes())
            }
            Self::At { url, app_api_token } => {
                let address = format!("{}{PATH}", url.trim_end_matches('/'));
                let request = request(&address, app_api_token, body)?;
                let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
                let asked = client.request(request).await;
                let response = asked.with_context(|| format!("nobody answers at {url}"))?;
                let (parts, body) = response.into_parts();
                let body = body.collect().await.context("the answer broke off")?;
                (parts.status, body.to_bytes())
            }
        };
        Ok((status, String::from_utf8_lossy(&said).into_owned()))
    }
}

fn request(uri: &str, app_api_token: &str, body: Bytes) -> Result<Request<Full<Bytes>>> {
    Ok(Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .header("dapr-api-token", app_api_token)
        .body(Full::new(body))?)
}
