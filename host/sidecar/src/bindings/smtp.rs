//! `bindings.smtp`: HTML mail, as Dapr's binding sends it.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::request::Request;
use crate::components::Component;
use crate::response::empty;

/// How long a mail server may take.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// What stands in the way where a password may not be sent in the clear.
const NO_TLS: &str = "the mail server offers no encryption (STARTTLS), so it was not given user and password, nor the mail: \
    set SMTP_PORT to a port that has it, such as 587 or 465, or leave SMTP_USER and SMTP_PASSWORD empty";
/// The port that speaks TLS from the first byte.
const TLS_PORT: u16 = 465;

/// One mail at a time, as with Dapr's binding, which mixes up recipients otherwise.
#[derive(Default)]
pub(crate) struct Line(Mutex<()>);

impl Line {
    pub(super) async fn send(
        &self,
        component: &Component,
        request: &Request,
    ) -> Result<Response<Bytes>, String> {
        let message = message(component, request)?;
        let transport = transport(component)?;
        let _turn = self.0.lock().await;
        transport.send(message).await.map_err(|error| {
            let needs_tls = credentials(component).is_some() && error.is_client();
            match needs_tls {
                true => format!("{NO_TLS} ({error})"),
                false => format!("the mail server did not take it: {error}"),
            }
        })?;
        Ok(empty(http::StatusCode::NO_CONTENT))
    }
}

/// A value of the request's metadata, else of the component's.
fn setting<'a>(component: &'a Component, request: &'a Request, name: &str) -> Option<&'a str> {
    let value = request
        .metadata
        .get(name)
        .or_else(|| component.metadata.get(name));
    value.map(String::as_str).filter(|value| !value.is_empty())
}

fn message(component: &Component, request: &Request) -> Result<Message, String> {
    let mut builder = Message::builder();
    for address in addresses(setting(component, request, "emailFrom"), "emailFrom")? {
        builder = builder.from(address);
    }
    for address in addresses(setting(component, request, "emailTo"), "emailTo")? {
        builder = builder.to(address);
    }
    if let Some(text) = setting(component, request, "emailCC") {
        for address in addresses(Some(text), "emailCC")? {
            builder = builder.cc(address);
        }
    }
    if let Some(text) = setting(component, request, "emailBCC") {
        for address in addresses(Some(text), "emailBCC")? {
            builder = builder.bcc(address);
        }
    }
    let body = match &request.data {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let subject = setting(component, request, "subject").unwrap_or_default();
    builder
        .message_id(Some(message_id(&[
            setting(component, request, "emailTo").unwrap_or_default(),
            subject,
            &body,
        ])))
        .subject(subject)
        .header(ContentType::TEXT_HTML)
        .body(body)
        .map_err(|error| error.to_string())
}

/// The same for the same mail: what is sent again after a crash is shown once by mail programs.
fn message_id(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let id: String = digest.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("<{id}@nudge.invalid>")
}

fn addresses(text: Option<&str>, name: &str) -> Result<Vec<Mailbox>, String> {
    let text = text.ok_or_else(|| format!("smtp binding error: {name} is missing"))?;
    let parse = |part: &str| {
        part.trim()
            .parse()
            .map_err(|_| format!("{name}: {part:?} is no mail address"))
    };
    text.split(';')
        .filter(|part| !part.trim().is_empty())
        .map(parse)
        .collect()
}

/// A value of the component.
fn value<'a>(component: &'a Component, name: &str) -> Option<&'a str> {
    let value = component.metadata.get(name).map(String::as_str);
    value.filter(|value| !value.is_empty())
}

/// Whether `component` can send mail: it has a server.
pub(crate) fn has_server(component: &Component) -> bool {
    component.kind == "bindings.smtp" && value(component, "host").is_some()
}

fn credentials(component: &Component) -> Option<Credentials> {
    let (user, password) = (value(component, "user")?, value(component, "password")?);
    Some(Credentials::new(user.to_owned(), password.to_owned()))
}

fn transport(component: &Component) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let value = |name| value(component, name);
    let host = value("host").ok_or("no mail server is set; set SMTP_HOST and SMTP_PORT")?;
    let port = value("port")
        .unwrap_or("25")
        .parse()
        .map_err(|_| "the mail server's port is no number".to_owned())?;
    let mut tls = TlsParameters::builder(host.to_owned());
    if value("skipTLSVerify") == Some("true") {
        tls = tls.dangerous_accept_invalid_certs(true);
    }
    let tls = tls.build().map_err(|error| error.to_string())?;
    let credentials = credentials(component);
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port)
        .tls(match &credentials {
            _ if port == TLS_PORT => Tls::Wrapper(tls),
            // Whoever sits between could take STARTTLS out of what the server says, and would be given the password.
            Some(_) => Tls::Required(tls),
            None => Tls::Opportunistic(tls),
        })
        .timeout(Some(TIME_LIMIT));
    if let Some(credentials) = credentials {
        builder = builder.credentials(credentials);
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests;
