//! The routes of the chatbot, in one table.

use dapr::Dapr;
use events::Timestamp;
use http::{HeaderValue, Method, StatusCode, header};
use http_api::identity::Person;
use http_api::{
    Answer, Function, Problem, Request, Response, erase_answer, idempotency_key, json_response,
    parse_json, segments,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::command::Command;
use crate::plan;
use crate::quick_add::{Body, check_length, context, preview, zone_of};
use crate::remembered;
use crate::tasks::Tasks;
use crate::turn::Turn;

/// Longest id of a conversation, in bytes.
const MAX_CONVERSATION_ID: usize = 64;

/// Answers a request.
pub async fn route<D: Dapr>(function: &Function<D>, request: Request) -> Answer {
    let chatbot = Chatbot(function);
    match (request.method(), segments(request.uri().path()).as_slice()) {
        (&Method::POST, ["api", "chat"]) => chatbot.chat(&request).await.into(),
        (&Method::POST, ["api", "quick-add"]) => chatbot.quick_add(&request).await.into(),
        (&Method::POST, ["api", "quick-add", "preview"]) => chatbot.preview(&request).await.into(),
        (_, ["api", "chat"] | ["api", "quick-add"] | ["api", "quick-add", "preview"]) => {
            Problem::method_not_allowed("POST").into()
        }
        (&Method::POST, ["chatbot", "erase"]) => chatbot.erase(&request).await.into(),
        (&Method::GET, ["chatbot", "health"]) => function.health("chatbot").await.into(),
        _ => Problem::not_found("There is no such route.").into(),
    }
}

/// The routes, over the function's means.
struct Chatbot<'a, D>(&'a Function<D>);

/// Body of `POST /api/chat`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    message: String,
    conversation_id: Option<String>,
    time_zone: Option<String>,
}

impl<D: Dapr> Chatbot<'_, D> {
    async fn chat(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let body: Message = parse_json(request)?;
        check_length("/message", &body.message)?;
        if body.message.trim().is_empty() {
            return Err(Problem::invalid_field("/message", "must not be empty"));
        }
        let conversation_id = match body.conversation_id {
            Some(id) => check_conversation_id(id)?,
            None => self.0.fresh().to_string(),
        };
        let zone = zone_of(body.time_zone.as_deref())?;
        let answer_key = self.answer_key(&person, request)?;
        if let Some(key) = &answer_key
            && let Some(kept) = self.0.dapr.get(key).await?
        {
            return Ok(in_form(request, &kept.value.value()));
        }
        let tasks = self.tasks(&person, request)?;
        let zone = match zone {
            Some(zone) => zone,
            None => tasks.zone().await?,
        };
        let turn = Turn {
            tasks,
            context: context(Timestamp::clamped(self.0.now()), zone),
            message: &body.message,
            conversation_id: &conversation_id,
        };
        Ok(in_form(request, &turn.run(answer_key).await?))
    }

    /// Makes the task and passes on what the task service answers.
    async fn quick_add(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let body: Body = parse_json(request)?;
        let tasks = self.tasks(&person, request)?;
        let zone = match body.zone()? {
            Some(zone) => zone,
            None => tasks.zone().await?,
        };
        let quick = body.read(Timestamp::clamped(self.0.now()), zone)?;
        if quick.title.is_empty() {
            let detail = "says when, but not what. Write what is to be done as well.";
            return Err(Problem::invalid_field("/text", detail));
        }
        let command = Command::Create {
            fields: plan::fields(&quick),
        };
        let mut response = tasks.command(&command, 0).await?;
        let kept = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
        let headers = response.headers_mut();
        *headers = kept
            .into_iter()
            .filter_map(|name| Some((name.clone(), headers.get(&name)?.clone())))
            .collect();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    async fn preview(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let body: Body = parse_json(request)?;
        let zone = match body.zone()? {
            Some(zone) => zone,
            None => self.tasks(&person, request)?.zone().await?,
        };
        let quick = body.read(Timestamp::clamped(self.0.now()), zone)?;
        Ok(json_response(StatusCode::OK, &preview(&quick, zone)))
    }

    /// What is kept of a person who is erased.
    async fn erase(&self, request: &Request) -> Result<Response, Problem> {
        let (user, tombstone, what) = self.0.to_erase(request)?;
        erase_answer(remembered::erase(&self.0.dapr, user.as_str(), tombstone, &what).await)
    }

    /// The same idempotency key of the same person makes the same keys for the task service.
    fn tasks<'a>(&'a self, person: &'a Person, request: &Request) -> Result<Tasks<'a, D>, Problem> {
        let key = match idempotency_key(request.headers())? {
            Some(key) => Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes()),
            None => self.0.fresh(),
        };
        Ok(Tasks {
            dapr: &self.0.dapr,
            person,
            key,
        })
    }

    fn answer_key(&self, person: &Person, request: &Request) -> Result<Option<String>, Problem> {
        let key = idempotency_key(request.headers())?;
        Ok(key.map(|key| format!("request/{}/{key}", person.id)))
    }
}

fn check_conversation_id(id: String) -> Result<String, Problem> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=MAX_CONVERSATION_ID).contains(&id.len()) && id.chars().all(is_plain) {
        return Ok(id);
    }
    Err(Problem::invalid_field(
        "/conversation_id",
        "takes the conversation_id of an earlier answer",
    ))
}

/// JSON, or server-sent events when the client asks for them: what was done, then the reply, then the whole answer.
fn in_form(request: &Request, answer: &Value) -> Response {
    let accept = request.headers().get(header::ACCEPT);
    let wants_events = accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    if !wants_events {
        return json_response(StatusCode::OK, answer);
    }
    let actions = answer["actions"].as_array().into_iter().flatten();
    let reply = serde_json::json!({ "text": answer["reply"] });
    let events = actions
        .map(|action| ("action", action))
        .chain([("reply", &reply), ("done", answer)]);
    // JSON has no line breaks of its own, so that each is one `data:` line.
    let body: String = events
        .map(|(name, data)| format!("event: {name}\ndata: {data}\n\n"))
        .collect();
    let mut response = Response::new(body.into_bytes());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
