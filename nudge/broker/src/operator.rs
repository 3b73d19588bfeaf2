//! What an operator does with a dead letter: looks at it, gives it to its function again, or gives it up.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result, bail};
use domain::UserId;
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

/// Where the Dapr of each function is.
#[derive(Debug, Clone, Default)]
pub struct Daprs {
    /// `http://host:port`, by the environment variable that says so: `DAPR_AUDIT_SERVICE`.
    pub urls: BTreeMap<String, String>,
    /// What they demand of whoever calls them; empty where they demand nothing.
    pub api_token: String,
}

/// How functions are reached as Dapr reaches them.
#[derive(Debug, Clone)]
pub struct Functions {
    /// `http://host:port` behind the ingress.
    pub inner_url: String,
    /// What Dapr proves itself with.
    pub app_api_token: String,
}

/// One who looks after what functions could not process.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The broker.
    pub connection: Connection,
    /// By which reasons are read, and what was done is put on record.
    pub daprs: Daprs,
    /// Who it is; that goes on record.
    pub name: String,
}

impl Operator {
    /// Prints what functions could not process, and why: a line each, topic by topic, the oldest first.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub fn list(&self) -> Result<()> {
        let letters = DeadLetters::open(&self.connection)?.list()?;
        // A reader such as `head` may go before the end.
        let mut out = std::io::stdout().lock();
        for letter in &letters {
            writeln!(
                out,
                "{}  {}  {}  {}",
                letter.id,
                letter.attribute("type"),
                letter.attribute("id"),
                self.daprs.reason(letter)
            )?;
        }
        if letters.is_empty() {
            writeln!(out, "Nothing: every function processed what it got.")?;
        }
        Ok(())
    }

    /// Prints one of them, whole.
    ///
    /// # Errors
    /// When the broker does not answer, or has no such message, or it was dealt with.
    pub fn show(&self, id: &Id) -> Result<()> {
        let letter = DeadLetters::open(&self.connection)?.find(id)?;
        match serde_json::from_slice::<Value>(&letter.body) {
            Ok(event) => println!("{event:#}"),
            Err(_) => println!("{}", String::from_utf8_lossy(&letter.body)),
        }
        println!("Why: {}", self.daprs.reason(&letter));
        Ok(())
    }

    /// Gives one to the function that could not process it, and to no other; that is on the audit record.
    ///
    /// The function gets it first, then the record, then the broker the position: whatever is repeated after a crash is
    /// recognised by its id.
    ///
    /// # Errors
    /// Those of [`show`](Self::show); when the function does not take it, or that can't be put on record.
    pub fn replay(&self, id: &Id, functions: &Functions) -> Result<()> {
        let letters = DeadLetters::open(&self.connection)?;
        let letter = letters.find(id)?;
        let app_id = id.app_id()?;
        let url = format!("{}/{app_id}/events", functions.inner_url);
        let mut response = ureq::post(&url)
            .config()
            .http_status_as_error(false)
            .build()
            .header("content-type", "application/cloudevents+json")
            .header("dapr-api-token", &functions.app_api_token)
            .send(&letter.body)
            .with_context(|| format!("{app_id} can't be reached"))?;
        let body = response.body_mut().read_to_string().unwrap_or_default();
        let verdict = serde_json::from_str::<Value>(&body).unwrap_or_default();
        let verdict = verdict["status"].as_str().unwrap_or("SUCCESS");
        if !response.status().is_success() || verdict != "SUCCESS" {
            bail!(
                "{app_id} does not take it yet ({}): {}",
                response.status(),
                if body.is_empty() {
                    self.daprs.reason(&letter)
                } else {
                    body
                }
            );
        }
        let payload = EventReplayed {
            replayed_event_id: event_id(&letter),
            topic: letter.id.topic.clone(),
            operator: self.name.clone(),
            to: None,
        };
        self.daprs
            .record(&letter, app_id, "replay", &payload)
            .context("it was processed, but that could not be put on record; replay it again")?;
        letters.settle(id)?;
        println!("{app_id} has processed {id}.");
        Ok(())
    }

    /// Gives one up: it is not listed any more, and stays on its topic for as long as that keeps it. That is on the audit
    /// record, and goes there first: what is not listed any more can't be put on it.
    ///
    /// # Errors
    /// Those of [`show`](Self::show); when that can't be put on record.
    pub fn discard(&self, id: &Id) -> Result<()> {
        let letters = DeadLetters::open(&self.connection)?;
        let letter = letters.find(id)?;
        let payload = EventDiscarded {
            discarded_event_id: event_id(&letter),
            topic: letter.id.topic.clone(),
            operator: self.name.clone(),
        };
        self.daprs
            .record(&letter, id.app_id()?, "discard", &payload)
            .context("it is kept, because that could not be put on record")?;
        letters.settle(id)?;
        println!("{id} is given up.");
        Ok(())
    }
}

impl Daprs {
    /// Publishes what was done with a dead letter, by the Dapr of the function whose it was.
    fn record<P: Payload>(
        &self,
        letter: &DeadLetter,
        app_id: &str,
        what: &str,
        payload: &P,
    ) -> Result<()> {
        let event = fact(letter, app_id, what, payload);
        let entries = json!([{
            "entryId": event.event_id,
            "event": events::cloud_event(&event, None),
            "contentType": "application/cloudevents+json",
            "metadata": { "partitionKey": event.user_id },
        }]);
        let url = format!(
            "{}/v1.0/publish/bulk/{PUBSUB}/{}",
            self.url(app_id)?,
            Topic::TaskAudit
        );
        ureq::post(&url)
            .header("content-type", "application/json")
            .header("dapr-api-token", &self.api_token)
            .send(entries.to_string())?;
        Ok(())
    }

    /// Why the function gave it up. Only one that answers `DROP` says why; a dead-letter topic carries no reason.
    fn reason(&self, letter: &DeadLetter) -> String {
        let reason = || -> Result<String> {
            let url = format!(
                "{}/v1.0/state/{STATE_STORE}/dropped%2F{}",
                self.url(letter.id.app_id()?)?,
                letter.attribute("id")
            );
            let request = ureq::get(&url).header("dapr-api-token", &self.api_token);
            let body = request.call()?.body_mut().read_to_string()?;
            let document: Value = serde_json::from_str(&body)?;
            let reason = document["reason"].as_str().context("no reason")?;
            Ok(reason.to_owned())
        };
        reason().unwrap_or_else(|_| "it failed; the function's log says how".to_owned())
    }

    fn url(&self, app_id: &str) -> Result<&str> {
        let variable = variable(app_id);
        let url = self.urls.get(&variable);
        url.map(String::as_str)
            .with_context(|| format!("set {variable} to where its Dapr is"))
    }
}

/// The environment variable that says where the Dapr of `app_id` is: `DAPR_AUDIT_SERVICE`.
fn variable(app_id: &str) -> String {
    format!("DAPR_{}", app_id.replace('-', "_").to_ascii_uppercase())
}

/// The event's id; one made of its text where that is none.
fn event_id(letter: &DeadLetter) -> Uuid {
    let id = letter.attribute("id");
    id.parse()
        .unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()))
}

/// What goes on record, under an id of its own: once, however often it is tried.
fn fact<P: Payload>(letter: &DeadLetter, app_id: &str, what: &str, payload: &P) -> Event {
    let cause = event_id(letter);
    // What can't be understood as one of ours still says whose it is, or it is nobody's.
    let cloud_event: Value = serde_json::from_slice(&letter.body).unwrap_or_default();
    let data = &cloud_event["data"];
    // It becomes part of keys.
    let user_id = data["user_id"]
        .as_str()
        .and_then(|id| UserId::parse(id).ok());
    let correlation_id = data["metadata"]["correlation_id"].as_str();
    Event {
        event_id: Uuid::new_v5(&cause, format!("{what} {}", letter.id).as_bytes()),
        event_type: P::TYPE,
        task_id: data["task_id"].as_str().unwrap_or_default().to_owned(),
        user_id: user_id.map_or_else(|| "anonymous".to_owned(), |id| id.to_string()),
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
