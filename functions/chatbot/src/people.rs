//! What people say to the chatbot.

use api::chat::{ChatMessage, QuickAdd};
use dapr::{Dapr, DaprError};
use events::Timestamp;
use function::identity::Person;
use function::{
    Fingerprint, Function, Problem, Request, Response, idempotency_key, json_response, parse_json,
};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;
use uuid::Uuid;

use crate::command::Command;
use crate::kept::{Before, Begun, Keeping, Once, TRIES, Work};
use crate::plan::{self, Step};
use crate::quick_add::{self, check_length, context, zone_of};
use crate::tasks::Tasks;
use crate::turn::Turn;

/// Longest id of a conversation, in bytes.
const MAX_CONVERSATION_ID: usize = 64;

/// `POST /api/chat`
pub(crate) async fn chat<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let body: ChatMessage = parse_json(request)?;
    check_length("/message", &body.message)?;
    if body.message.trim().is_empty() {
        return Err(Problem::invalid_field("/message", "must not be empty"));
    }
    let conversation_id = match body.conversation_id {
        Some(id) => check_conversation_id(id)?,
        None => function.fresh().to_string(),
    };
    let zone = zone_of(body.time_zone.as_deref())?;
    let keeping = keeping(function, &person, request)?;
    let begun = match keeping.before().await? {
        Before::Answer(answer) => return Ok(in_form(request, &answer)),
        Before::Work(work) => Some(*work),
        Before::Nothing => None,
    };
    let tasks = tasks(function, &person, request)?;
    let zone = match (zone, &begun) {
        (Some(zone), _) => zone,
        (None, Some(begun)) => begun.context().zone,
        (None, None) => tasks.zone().await?,
    };
    let turn = Turn {
        tasks,
        keeping,
        context: context(Timestamp::clamped(function.now()), zone),
        message: &body.message,
        conversation_id: &conversation_id,
    };
    Ok(in_form(request, &turn.run(begun).await?))
}

/// `POST /api/quick-add`: makes the task and passes on what the task service answers.
pub(crate) async fn quick_add<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let body: QuickAdd = parse_json(request)?;
    let tasks = tasks(function, &person, request)?;
    let keeping = keeping(function, &person, request)?;
    let work = match keeping.before().await? {
        Before::Work(work) => *work,
        Before::Answer(_) | Before::Nothing => {
            let work = understand(function, &body, &tasks).await?;
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
async fn understand<D: Dapr>(
    function: &Function<D>,
    body: &QuickAdd,
    tasks: &Tasks<'_, D>,
) -> Result<Work, Problem> {
    let zone = match zone_of(body.time_zone.as_deref())? {
        Some(zone) => zone,
        None => tasks.zone().await?,
    };
    let now = Timestamp::clamped(function.now());
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

/// `POST /api/quick-add/preview`
pub(crate) async fn preview<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let body: QuickAdd = parse_json(request)?;
    let zone = match zone_of(body.time_zone.as_deref())? {
        Some(zone) => zone,
        None => tasks(function, &person, request)?.zone().await?,
    };
    let quick = quick_add::read(&body, Timestamp::clamped(function.now()), zone)?;
    Ok(json_response(
        StatusCode::OK,
        &quick_add::preview(&quick, zone),
    ))
}

/// The same idempotency key of the same person makes the same keys for the task service.
fn tasks<'a, D: Dapr>(
    function: &'a Function<D>,
    person: &'a Person,
    request: &Request,
) -> Result<Tasks<'a, D>, Problem> {
    let key = match idempotency_key(request.headers())? {
        Some(key) => Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes()),
        None => function.fresh(),
    };
    Ok(Tasks {
        dapr: &function.dapr,
        person,
        key,
    })
}

fn keeping<'a, D: Dapr>(
    function: &'a Function<D>,
    person: &'a Person,
    request: &Request,
) -> Result<Keeping<'a, D>, Problem> {
    let key = idempotency_key(request.headers())?;
    Ok(Keeping {
        dapr: &function.dapr,
        user: &person.id,
        once: key.map(|key| Once {
            key,
            fingerprint: Fingerprint::of(request),
        }),
        now: function.now(),
    })
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
