//! The routes of the chatbot, in one table.

use api::chat::{ChatMessage, QuickAdd};
use dapr::{Dapr, DaprError};
use events::Timestamp;
use http::{HeaderValue, Method, StatusCode, header};
use http_api::identity::Person;
use http_api::{
    Answer, Fingerprint, Function, Problem, Request, Response, erase_answer, idempotency_key,
    json_response, parse_json, segments,
};
use serde_json::Value;
use uuid::Uuid;

use crate::command::Command;
use crate::kept::{Before, Begun, Keeping, Once, TRIES, Work};
use crate::plan::{self, Step};
use crate::quick_add::{self, check_length, context, preview, zone_of};
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

impl<D: Dapr> Chatbot<'_, D> {
    async fn chat(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let body: ChatMessage = parse_json(request)?;
        check_length("/message", &body.message)?;
        if body.message.trim().is_empty() {
            return Err(Problem::invalid_field("/message", "must not be empty"));
        }
        let conversation_id = match body.conversation_id {
            Some(id) => check_conversation_id(id)?,
            None => self.0.fresh().to_string(),
        };
        let zone = zone_of(body.time_zone.as_deref())?;
        let keeping = self.keeping(&person, request)?;
        let begun = match keeping.before().await? {
            Before::Answer(answer) => return Ok(in_form(request, &answer)),
            Before::Work(work) => Some(*work),
            Before::Nothing => None,
        };
        let tasks = self.tasks(&person, request)?;
        let zone = match (zone, &begun) {
            (Some(zone), _) => zone,
            (None, Some(begun)) => begun.context().zone,
            (None, None) => tasks.zone().await?,
        };
        let turn = Turn {
            tasks,
            keeping,
            context: context(Timestamp::clamped(self.0.now()), zone),
            message: &body.message,
            conversation_id: &conversation_id,
        };
        Ok(in_form(request, &turn.run(begun).await?))
    }

    /// Makes the task and passes on what the task service answers.
    async fn quick_add(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let body: QuickAdd = parse_json(request)?;
        let tasks = self.tasks(&person, request)?;
        let keeping = self.keeping(&person, request)?;
        let work = match keeping.before().await? {
            Before::Work(work) => *work,
            Before::Answer(_) | Before::Nothing => {
                let work = self.understand(&body, &tasks).await?;
                begin(&keeping, work).await?
            }
        };
        let Some(step) = work.steps.first() else {
            return Err(Problem::internal("What was understood asks for nothing."));
        };
        let mut response = tasks.command(&step.command, 0).await?;
        let kept = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
        let headers = response.headers_mut();
        *headers = kept
            .into_iter()
            .filter_map(|name| Some((name.clone(), headers.get(&name)?.clone())))
            .collect();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    /// What a text asks for: one new task.
    async fn understand(&self, body: &QuickAdd, tasks: &Tasks<'_, D>) -> Result<Work, Problem> {
        let zone = match zone_of(body.time_zone.as_deref())? {
            Some(zone) => zone,
            None => tasks.zone().await?,
        };
        let now = Timestamp::clamped(self.0.now());
        let quick = quick_add::read(body, now, zone)?;
        if quick.title.is_empty() {
            let detail = "says when, but not what. Write what is to be done as well.";
            return Err(Problem::invalid_field("/text", detail));
        }
        if quick_add::asks_for_nothing(body, now, zone) {
            let detail = "takes back what it says, so there is nothing to be added.";
            return Err(Problem::invalid_field("/text", detail));
        }
        let step = Step {
            command: Command::Create {
                fields: plan::fields(&quick),
            },
            before: None,
            notes: Vec::new(),
        };
        Ok(Work::new(vec![step], false, &context(now, zone)))
    }

    async fn preview(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let body: QuickAdd = parse_json(request)?;
        let zone = match zone_of(body.time_zone.as_deref())? {
            Some(zone) => zone,
            None => self.tasks(&person, request)?.zone().await?,
        };
        let quick = quick_add::read(&body, Timestamp::clamped(self.0.now()), zone)?;
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

    fn keeping<'a>(
        &'a self,
        person: &'a Person,
        request: &Request,
    ) -> Result<Keeping<'a, D>, Problem> {
        let key = idempotency_key(request.headers())?;
        Ok(Keeping {
            dapr: &self.0.dapr,
            user: &person.id,
            once: key.map(|key| Once {
                key,
                fingerprint: Fingerprint::of(request),
            }),
            now: self.0.now(),
        })
    }
}

/// Keeps what a text comes to; what the same request came to, where that was first.
async fn begin<D: Dapr>(keeping: &Keeping<'_, D>, work: Work) -> Result<Work, Problem> {
    for _ in 0..TRIES {
        let memory = keeping.remembered().await?;
        match keeping.begin(work.clone(), &memory, None).await? {
            Begun::Now(work) => return Ok(*work),
            // A text is kept under a key of its own path, and so has no answer here.
            Begun::Answered(_) | Begun::Changed => {}
        }
    }
    Err(DaprError::Conflict.into())
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
