//! What an operator does with a dead letter: looks at it, gives it to its function again, or gives it up.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use events::{
    Chain, Event, EventDiscarded, EventReplayed, Metadata, Payload, Timestamp, Topic, UnknownFields,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connection::Connection;
use crate::dead_letters::{DeadLetter, DeadLetters, Id};

/// The names of Dapr's components.
const STATE_STORE: &str = "statestore";
const PUBSUB: &str = "kafka-pubsub";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What functions could not process, and why.
    List(Connection),
    /// One of them, whole.
    Show(One),
    /// Gives it to the function that could not process it, and to no other. That is on the audit record.
    Replay(One),
    /// Gives it up: it is not listed any more, and stays on its topic for as long as that keeps it. That is on the audit
    /// record.
    Discard(One),
}

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    connection: Connection,
    /// Where the functions are reached behind the ingress.
    #[arg(long, env = "INNER_URL", value_name = "URL")]
    functions: String,
    /// What Dapr proves itself with towards them.
    #[arg(long, env = "APP_API_TOKEN", hide_env_values = true)]
    app_api_token: String,
    /// Which, as `list` calls it.
    id: Id,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::List(connection) => list(connection),
        Command::Show(one) => show(one),
        Command::Replay(one) => replay(one),
        Command::Discard(one) => discard(one),
    }
}

fn list(connection: &Connection) -> Result<()> {
    let letters = DeadLetters::open(connection)?.list()?;
    // A reader such as `head` may go before the end.
    let mut out = std::io::stdout().lock();
    for letter in &letters {
        writeln!(
            out,
            "{}  {}  {}  {}",
            letter.id,
            letter.attribute("type"),
            letter.attribute("id"),
            reason(letter)
        )?;
    }
    if letters.is_empty() {
        writeln!(out, "Nothing: every function processed what it got.")?;
    }
    Ok(())
}

fn show(one: &One) -> Result<()> {
    let letter = DeadLetters::open(&one.connection)?.find(&one.id)?;
    match serde_json::from_slice::<Value>(&letter.body) {
        Ok(event) => println!("{event:#}"),
        Err(_) => println!("{}", String::from_utf8_lossy(&letter.body)),
    }
    println!("Why: {}", reason(&letter));
    Ok(())
}

/// The function first, then the record, then the position: whatever is repeated after a crash is recognised by its id.
fn replay(one: &One) -> Result<()> {
    let letters = DeadLetters::open(&one.connection)?;
    let letter = letters.find(&one.id)?;
    let app_id = one.id.app_id()?;
    let url = format!("{}/{app_id}/events", one.functions);
    let mut answer = ureq::post(&url)
        .config()
        .http_status_as_error(false)
        .build()
        .header("content-type", "application/cloudevents+json")
        .header("dapr-api-token", &one.app_api_token)
        .send(&letter.body)
        .with_context(|| format!("{app_id} can't be reached"))?;
    let said = answer.body_mut().read_to_string().unwrap_or_default();
    let verdict = serde_json::from_str::<Value>(&said).unwrap_or_default();
    let verdict = verdict["status"].as_str().unwrap_or("SUCCESS");
    if !answer.status().is_success() || verdict != "SUCCESS" {
        bail!(
            "{app_id} does not take it yet ({}): {}",
            answer.status(),
            if said.is_empty() {
                reason(&letter)
            } else {
                said
            }
        );
    }
    let payload = EventReplayed {
        replayed_event_id: event_id(&letter),
        topic: letter.id.topic.clone(),
        operator: operator(),
        to: None,
    };
    record(&letter, app_id, "replay", &payload)
        .context("it was processed, but that could not be put on record; replay it again")?;
    letters.settle(&one.id)?;
    println!("{app_id} has processed {}.", one.id);
    Ok(())
}

/// The record first: what is not listed any more can't be put on it.
fn discard(one: &One) -> Result<()> {
    let letters = DeadLetters::open(&one.connection)?;
    let letter = letters.find(&one.id)?;
    let payload = EventDiscarded {
        discarded_event_id: event_id(&letter),
        topic: letter.id.topic.clone(),
        operator: operator(),
    };
    record(&letter, one.id.app_id()?, "discard", &payload)
        .context("it is kept, because that could not be put on record")?;
    letters.settle(&one.id)?;
    println!("{} is given up.", one.id);
    Ok(())
}

/// Publishes what was done with a dead letter, by the Dapr of the function whose it was.
fn record<P: Payload>(letter: &DeadLetter, app_id: &str, what: &str, payload: &P) -> Result<()> {
    let event = fact(letter, app_id, what, payload);
    let entries = json!([{
        "entryId": event.event_id,
        "event": events::cloud_event(&event, None),
        "contentType": "application/cloudevents+json",
        "metadata": { "partitionKey": event.user_id },
    }]);
    let url = format!(
        "{}/v1.0/publish/bulk/{PUBSUB}/{}",
        dapr(app_id)?,
        Topic::TaskAudit
    );
    ureq::post(&url)
        .header("content-type", "application/json")
        .header("dapr-api-token", dapr_api_token())
        .send(entries.to_string())?;
    Ok(())
}

/// The event's id; one made of its text where that is none.
fn event_id(letter: &DeadLetter) -> Uuid {
    let id = letter.attribute("id");
    id.parse()
        .unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()))
}

fn operator() -> String {
    std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned())
}

/// Whether a text is what user ids are: a SHA-256 in base64url. It becomes part of keys.
fn is_user_id(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == 43 && text.bytes().all(is_letter)
}

/// What goes on record, under an id of its own: once, however often it is tried.
fn fact<P: Payload>(letter: &DeadLetter, app_id: &str, what: &str, payload: &P) -> Event {
    let cause = event_id(letter);
    // What can't be understood as one of ours still says whose it is, or it is nobody's.
    let cloud_event: Value = serde_json::from_slice(&letter.body).unwrap_or_default();
    let data = &cloud_event["data"];
    let user_id = data["user_id"].as_str().filter(|id| is_user_id(id));
    let correlation_id = data["metadata"]["correlation_id"].as_str();
    Event {
        event_id: Uuid::new_v5(&cause, format!("{what} {}", letter.id).as_bytes()),
        event_type: P::TYPE,
        task_id: data["task_id"].as_str().unwrap_or_default().to_owned(),
        user_id: user_id.unwrap_or("anonymous").to_owned(),
        payload: serde_json::to_value(payload).unwrap_or_default(),
        metadata: Metadata::new(
            app_id,
            Chain {
                correlation_id: correlation_id
                    .and_then(|id| id.parse().ok())
                    .unwrap_or(cause),
                causation_id: Some(cause),
            },
        ),
        timestamp: Timestamp::clamped(chrono::Utc::now()),
        unknown: UnknownFields::default(),
    }
}

/// Why the function gave it up. Only one that answers `DROP` says why; a dead-letter topic carries no reason.
fn reason(letter: &DeadLetter) -> String {
    let said = || -> Result<String> {
        let url = format!(
            "{}/v1.0/state/{STATE_STORE}/dropped%2F{}",
            dapr(letter.id.app_id()?)?,
            letter.attribute("id")
        );
        let request = ureq::get(&url).header("dapr-api-token", dapr_api_token());
        let body = request.call()?.body_mut().read_to_string()?;
        let document: Value = serde_json::from_str(&body)?;
        let reason = document["reason"].as_str().context("no reason")?;
        Ok(reason.to_owned())
    };
    said().unwrap_or_else(|_| "it failed; the function's log says how".to_owned())
}

/// Where the Dapr of `app_id` is: `DAPR_AUDIT_SERVICE` of the environment.
fn dapr(app_id: &str) -> Result<String> {
    let name = format!("DAPR_{}", app_id.replace('-', "_").to_ascii_uppercase());
    std::env::var(&name).with_context(|| format!("set {name} to where its Dapr is"))
}

/// What Dapr demands of whoever calls it; empty where it demands nothing.
fn dapr_api_token() -> String {
    std::env::var("DAPR_API_TOKEN").unwrap_or_default()
}
