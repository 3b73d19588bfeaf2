//! The routes of the gateway.

use std::time::Duration;

use dapr::consumer::Outcome;
use dapr::{Dapr, Invocation, Target};
use domain::UserId;
use events::parse_delivery;
use grip::Control;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_api::identity::{self, dapr_caller};
use http_api::{
    Answer, Function, Problem, Request, Response, delivery_answer, json_response, segments,
};
use serde_json::{Value, json};

use crate::proxies::Proxies;
use crate::talk::{self, Said};

/// Close codes of the application: the token is missing, wrong or over.
const UNAUTHORIZED: u16 = 4401;
/// Close code of the application: nobody has said who they are.
const NOBODY: u16 = 4408;
/// RFC 6455 section 7.4.1: too big.
const TOO_BIG: u16 = 1009;
/// Longest message of a client, in bytes.
const MAX_MESSAGE: usize = 16 * 1024;
/// After how many silent seconds a screen hears that the connection lives.
const KEEP_ALIVE_SECONDS: u64 = 25;
/// How long somebody may take to say who they are. Pushpin does not call more often than that by itself.
const LOOK_AT_STRANGERS_SECONDS: u32 = 20;
/// How soon after its end a token counts no more on a socket that says nothing, and how soon a screen knows of an
/// update that was lost on its way to the proxy.
const LOOK_AT_FRIENDS_SECONDS: u32 = 300;
/// By when the proxy has done as it was told with a greeting.
const SUBSCRIBED_AFTER: Duration = Duration::from_secs(1);
/// Remembers, at the proxy, until when the token holds (seconds since 1970).
const UNTIL: &str = "until";
/// Remembers, at the proxy, the token itself.
const TOKEN: &str = "token";

/// What the gateway works with.
#[derive(Debug)]
pub struct Gateway<'a, D> {
    /// A function's means.
    pub function: &'a Function<D>,
    /// What the proxy proves itself with.
    pub grip_key: &'a str,
    /// Base addresses of the proxies' publish endpoints, with commas between.
    pub proxies: &'a str,
}

/// Answers a request.
pub async fn route<D: Dapr + Clone + 'static>(
    service: &Gateway<'_, D>,
    request: Request,
) -> Answer {
    let path = request.uri().path().to_owned();
    let answer = match (request.method(), segments(&path).as_slice()) {
        (&Method::POST, ["ws"]) => service.socket(&request).await,
        (&Method::POST, ["websocket-gateway", "events"]) => {
            service.deliver(&request).await.map(Answer::from)
        }
        (&Method::GET, ["websocket-gateway", "health"]) => Ok(json_response(
            StatusCode::OK,
            &json!({ "status": "ok", "function": "websocket-gateway" }),
        )
        .into()),
        (_, ["ws"]) => Err(Problem::method_not_allowed("POST")),
        _ => Err(Problem::not_found("There is no such route.")),
    };
    answer.unwrap_or_else(|problem| Response::from(problem).into())
}

/// What the proxy remembers of a socket.
#[derive(Debug, Clone, Default)]
struct Memory {
    until: Option<i64>,
    token: Option<String>,
}

/// What a socket is answered.
#[derive(Debug, Default)]
struct Reply {
    events: Vec<grip::Event>,
    /// After how many silent seconds the proxy is to call again.
    look: Option<u32>,
    /// What the proxy is to remember anew.
    remember: Memory,
    /// Who has been greeted.
    greeted: Option<UserId>,
}

impl Reply {
    fn say(&mut self, message: &Value) {
        self.events.push(grip::Event::Text(message.to_string()));
    }

    fn close(&mut self, code: u16) {
        self.events.push(grip::Event::Close(Some(code)));
    }
}

impl<D: Dapr + Clone + 'static> Gateway<'_, D> {
    /// WebSocket-over-HTTP: events of one socket in, events and control messages out.
    async fn socket(&self, request: &Request) -> Result<Answer, Problem> {
        let text = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let now = self.function.now().timestamp();
        let signature = text(grip::SIGNATURE_HEADER).unwrap_or_default();
        if !grip::verify(self.grip_key.as_bytes(), signature, now.unsigned_abs()) {
            return Err(Problem::unauthorized(
                "This route is for the WebSocket proxy.",
            ));
        }
        if text(header::CONTENT_TYPE.as_str()) != Some(grip::MEDIA_TYPE) {
            return Err(Problem::unsupported_media_type(grip::MEDIA_TYPE));
        }
        let remembered = |name: &str| text(&format!("{}{name}", grip::META_PREFIX));
        let memory = Memory {
            until: remembered(UNTIL).and_then(|text| text.parse().ok()),
            token: remembered(TOKEN).map(str::to_owned),
        };
        let heard = grip::decode(request.body())
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        let opens = heard.contains(&grip::Event::Open);
        let mut reply = Reply::default();
        if heard.is_empty() {
            self.look(&memory, &mut reply).await;
        }
        for event in heard {
            match event {
                grip::Event::Open => {
                    reply.events.push(grip::Event::Open);
                    reply.look = Some(LOOK_AT_STRANGERS_SECONDS);
                }
                grip::Event::Text(text) => self.hear(&text, &memory, &mut reply).await?,
                grip::Event::Binary(_) => reply.say(&talk::error("Send text.")),
                grip::Event::Close(code) => reply.events.push(grip::Event::Close(code)),
                grip::Event::Ping(content) => reply.events.push(grip::Event::Pong(content)),
                grip::Event::Pong(_) | grip::Event::Disconnect => {}
            }
        }
        let response = socket_response(&reply, opens);
        Ok(match (reply.greeted, reply.remember.token) {
            (Some(person), Some(token)) => Answer::then(response, self.greet_again(person, token)),
            _ => response.into(),
        })
    }

    /// Tells the screens of `person` once more how far the list is, as soon as the one that was greeted is subscribed:
    /// what changed between the reading of the revision for its greeting and that went past it.
    fn greet_again(&self, person: UserId, token: String) -> impl Future<Output = ()> + 'static {
        let (proxies, id) = (self.proxies(), (self.function.new_id)());
        async move {
            proxies.dapr.pause(SUBSCRIBED_AFTER).await;
            if let Some(revision) = revision(&proxies.dapr, &token).await {
                let hello = talk::hello(Some(revision));
                proxies
                    .tell(talk::channel(person.as_str()), &id.to_string(), &hello)
                    .await;
            }
        }
    }

    fn proxies(&self) -> Proxies<D> {
        Proxies {
            dapr: self.function.dapr.clone(),
            addresses: self.proxies.to_owned(),
        }
    }

    async fn hear(&self, text: &str, memory: &Memory, reply: &mut Reply) -> Result<(), Problem> {
        if text.len() > MAX_MESSAGE {
            reply.close(TOO_BIG);
            return Ok(());
        }
        match serde_json::from_str(text) {
            Ok(Said::Auth { token }) => self.authenticate(&token, reply).await,
            Ok(Said::Ping)
                if reply
                    .remember
                    .until
                    .or(memory.until)
                    .is_some_and(|until| until > self.function.now().timestamp()) =>
            {
                reply.say(&talk::pong());
                Ok(())
            }
            Ok(Said::Ping) => {
                reply.close(UNAUTHORIZED);
                Ok(())
            }
            Err(_) => {
                reply.say(&talk::error(
                    r#"Say {"type": "auth", "token": "…"} or {"type": "ping"}."#,
                ));
                Ok(())
            }
        }
    }

    async fn authenticate(&self, token: &str, reply: &mut Reply) -> Result<(), Problem> {
        let person = match identity::verify(
            &self.function.dapr,
            &self.function.issuer,
            token,
            self.function.now(),
        )
        .await
        {
            Ok(person) => person,
            Err(problem) if problem.status == StatusCode::UNAUTHORIZED.as_u16() => {
                reply.say(&talk::error(&problem.detail));
                reply.close(UNAUTHORIZED);
                return Ok(());
            }
            Err(problem) => return Err(problem),
        };
        reply.remember = Memory {
            until: Some(person.expires_at.timestamp()),
            token: Some(token.to_owned()),
        };
        reply.look = Some(LOOK_AT_FRIENDS_SECONDS);
        reply.events.push(
            Control::Subscribe {
                channel: talk::channel(person.id.as_str()),
            }
            .event(),
        );
        let content = json!({ "type": "keep_alive" }).to_string();
        reply.events.push(
            Control::KeepAlive {
                content,
                timeout: KEEP_ALIVE_SECONDS,
            }
            .event(),
        );
        reply.say(&talk::hello(revision(&self.function.dapr, token).await));
        reply.greeted = Some(person.id);
        Ok(())
    }

    /// The proxy calls by itself: lets go who may not listen, and says to who does how far the list is by now.
    async fn look(&self, memory: &Memory, reply: &mut Reply) {
        match (memory.until, &memory.token) {
            (Some(until), _) if until <= self.function.now().timestamp() => {
                reply.close(UNAUTHORIZED);
            }
            (Some(_), Some(token)) => {
                if let Some(revision) = revision(&self.function.dapr, token).await {
                    reply.say(&talk::hello(Some(revision)));
                }
            }
            _ => reply.close(NOBODY),
        }
    }

    /// A delivery of `task-updates`: told to every proxy. Nothing is kept, so a repeat is told again, which screens
    /// see by the revision.
    async fn deliver(&self, request: &Request) -> Result<Response, Problem> {
        dapr_caller(request.headers(), &self.function.app_api_token)?;
        let told = parse_delivery(request.body()).ok().and_then(|event| {
            let told = talk::told(&event).ok()?;
            Some((event, told))
        });
        let Some((event, told)) = told else {
            return delivery_answer(Outcome::Drop);
        };
        if let Some(message) = told {
            let channel = talk::channel(&event.user_id);
            let id = event.event_id.to_string();
            self.proxies().tell(channel, &id, &message).await;
        }
        delivery_answer(Outcome::Success)
    }
}

/// The revision of the person whose `token` it is, which the task service knows. A screen does without when it can't be
/// had.
async fn revision<D: Dapr>(dapr: &D, token: &str) -> Option<u64> {
    let call = Invocation {
        target: Target::App("task-service".to_owned()),
        method: Method::GET,
        path: "/api/tasks?limit=1".to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
        body: Vec::new(),
    };
    let response = dapr.invoke(call).await.ok()?;
    serde_json::from_slice::<Value>(response.body()).ok()?["revision"].as_u64()
}

fn socket_response(reply: &Reply, opens: bool) -> Response {
    let mut response = Response::new(grip::encode(&reply.events));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(grip::MEDIA_TYPE),
    );
    if opens {
        headers.insert(
            header::SEC_WEBSOCKET_EXTENSIONS,
            HeaderValue::from_static(grip::EXTENSION),
        );
    }
    if let Some(seconds) = reply.look {
        headers.insert(grip::KEEP_ALIVE_HEADER, HeaderValue::from(seconds));
    }
    let Memory { until, token } = reply.remember.clone();
    for (name, value) in [
        (UNTIL, until.map(|until| until.to_string())),
        (TOKEN, token),
    ] {
        let name = HeaderName::try_from(format!("{}{name}", grip::SET_META_PREFIX));
        let value = value.and_then(|value| HeaderValue::try_from(value).ok());
        headers.extend(name.ok().zip(value));
    }
    response
}
