//! Telling a function what is on record, so that it can make state again that was lost: one task's story at a time, to
//! that function only. Nothing is published but that it was done.

use std::collections::BTreeSet;

use dapr::{Dapr, DaprError, Invocation, Target};
use domain::{EventId, UserId};
use events::{DERIVATIONS, Derivation, Event, EventReplayed, Story, Timestamp, Topic};
use http::{Method, StatusCode};
use http_api::identity::dapr_caller;
use http_api::{
    Function, MAX_DELIVERY_BODY, Problem, Request, Response, json_response, parse_json,
};
use serde::Deserialize;
use serde_json::json;

use crate::log::{self, Head, STORY_CHUNK};

/// The function's app-id.
const SOURCE: &str = "audit-service";

/// Most records that one request looks at.
const MOST_RECORDS: u64 = 500;

/// How many documents are read at a time.
const BATCH: usize = 100;

/// Body of `POST /audit-service/replay`, which an operator sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    user_id: String,
    /// Which function's state was lost.
    to: String,
    /// Who asks.
    operator: String,
    /// From which record on; what an earlier answer called `next_from`.
    #[serde(default = "first")]
    from: u64,
}

fn first() -> u64 {
    1
}

/// Tells the stories that begin in one stretch of a person's record. The answer says where the next stretch begins.
pub(crate) async fn replay<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    dapr_caller(request.headers(), &function.app_api_token)?;
    let asked: Replay = parse_json(request)?;
    let user =
        UserId::parse(&asked.user_id).map_err(|error| Problem::invalid_field("/user_id", error))?;
    let to = DERIVATIONS.iter().find(|one| one.app_id == asked.to);
    let to = to.ok_or_else(|| {
        let detail = "is no function whose state is made of events";
        Problem::invalid_field("/to", detail)
    })?;
    let dapr = &function.dapr;
    let key = log::head_key(user.as_str());
    let head: Head = log::read(&key, dapr.get(&key).await?.as_ref())?;
    let from = asked.from.max(1);
    let last = head.number.min(from.saturating_add(MOST_RECORDS - 1));
    let recorded = events(dapr, user.as_str(), from..=last).await?;

    let (mut told, mut restored, mut refused) = (0_u32, 0_u32, Vec::new());
    if let Some(latest) = recorded.last() {
        let payload = EventReplayed {
            replayed_event_id: latest.event_id,
            topic: "audit".to_owned(),
            operator: asked.operator,
            to: Some(asked.to),
        };
        let (id, chain) = (EventId(function.fresh()), function.chain(request));
        let now = Timestamp::clamped(function.now());
        let event = Event::new(id, SOURCE, &user, None, &payload, chain, now);
        // First, so that none is replayed without that being on record.
        dapr.publish(Topic::TaskAudit, &[event]).await?;
    }
    for task in tasks(&recorded) {
        let Some(story) = story(dapr, &user, task, from, to).await? else {
            continue;
        };
        told += 1;
        match tell(dapr, to, &story).await? {
            Told::Restored => restored += 1,
            Told::Unchanged => {}
            Told::Refused(reason) => refused.push(json!({ "task_id": task, "reason": reason })),
        }
    }
    let next_from = (last < head.number).then_some(last + 1);
    Ok(json_response(
        StatusCode::OK,
        &json!({ "told": told, "restored": restored, "refused": refused, "next_from": next_from }),
    ))
}

fn tasks(recorded: &[Event]) -> BTreeSet<&str> {
    let tasks = recorded.iter().map(|event| event.task_id.as_str());
    tasks.filter(|task| !task.is_empty()).collect()
}

/// What the record says of `task` that `to` is made of; `None` when its story begins before record `from`, which an
/// earlier stretch has told, or says nothing to `to`.
async fn story<D: Dapr>(
    dapr: &D,
    user: &UserId,
    task: &str,
    from: u64,
    to: &Derivation,
) -> Result<Option<Story>, DaprError> {
    let key = log::story_key(user.as_str(), task);
    let index: log::Story = log::read(&key, dapr.get(&key).await?.as_ref())?;
    let mut numbers: Vec<u64> = Vec::new();
    for chunk in 0..index.records.div_ceil(STORY_CHUNK) {
        let key = log::story_chunk_key(user.as_str(), task, chunk);
        let chunk: Vec<u64> = log::read(&key, dapr.get(&key).await?.as_ref())?;
        if numbers.is_empty() && chunk.first().is_none_or(|&number| number < from) {
            return Ok(None);
        }
        numbers.extend(chunk);
    }
    let mut events = events(dapr, user.as_str(), numbers).await?;
    events.retain(|event| to.made_of.contains(&event.event_type));
    Ok((!events.is_empty()).then(|| Story {
        user_id: user.to_string(),
        task_id: task.to_owned(),
        events,
    }))
}

/// The events of records, without those that were erased.
async fn events<D: Dapr>(
    dapr: &D,
    user: &str,
    numbers: impl IntoIterator<Item = u64>,
) -> Result<Vec<Event>, DaprError> {
    let keys: Vec<String> = numbers
        .into_iter()
        .map(|number| log::body_key(user, number))
        .collect();
    let mut events = Vec::new();
    for keys in keys.chunks(BATCH) {
        for (key, body) in keys.iter().zip(dapr.get_many(keys).await?) {
            events.extend(body.map(|body| body.read(key)).transpose()?);
        }
    }
    Ok(events)
}

/// What became of a story that was told.
enum Told {
    Restored,
    /// Everything was there.
    Unchanged,
    Refused(String),
}

async fn tell<D: Dapr>(dapr: &D, to: &Derivation, story: &Story) -> Result<Told, DaprError> {
    let body = serde_json::to_vec(story).unwrap_or_default();
    if body.len() > MAX_DELIVERY_BODY {
        return Ok(Told::Refused("the story is too long".to_owned()));
    }
    let call = Invocation {
        target: Target::App(to.app_id.to_owned()),
        method: Method::POST,
        path: format!("/{}/restore", to.app_id),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body,
    };
    let response = dapr.invoke(call).await?;
    let said = String::from_utf8_lossy(response.body()).into_owned();
    let status = response.status();
    if dapr::may_pass(status) {
        return Err(DaprError::Unavailable {
            what: "invoke",
            detail: format!("{} answered {status}: {said}", to.app_id),
        });
    }
    if !status.is_success() {
        return Ok(Told::Refused(said));
    }
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
    Ok(match answer["restored"] == true {
        true => Told::Restored,
        false => Told::Unchanged,
    })
}
