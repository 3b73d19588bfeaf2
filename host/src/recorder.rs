//! The functions' routes for operators, in this process or beside it.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::app::{App, Runtime};

/// Where the functions are.
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

impl Recorder<'_> {
    /// Sends `body` to the route `path`, which begins with its function's id; returns the status and what was said.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn ask(&self, path: &str, body: &Value) -> Result<(StatusCode, String)> {
        let body = Bytes::from(body.to_string());
        let (status, said) = match self {
            Self::Within(app) => {
                let request = request(path, app.app_api_token(), body)?;
                let Runtime::Here(functions) = &app.functions else {
                    bail!("the functions run elsewhere: name where with --inner-url");
                };
                let id = path.split('/').nth(1).unwrap_or_default();
                let answered = functions.call(id, request).await;
                let response = answered.with_context(|| format!("{id} did not answer"))?;
                let (parts, body) = response.into_parts();
                let body = body.collect().await.context("the answer broke off")?;
                (parts.status, body.to_bytes())
            }
            Self::At { url, app_api_token } => {
                let address = format!("{}{path}", url.trim_end_matches('/'));
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
