//! The routes of the gateway.

use std::time::Duration;

use dapr::consumer::Outcome;
use dapr::{Dapr, Invocation, Target};
use events::{Event, parse_delivery};
use futures::future::join_all;
use grip::{Control, Item, Items};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_api::identity::{self, dapr_caller};
use http_api::{Function, Problem, Request, Response, delivery_answer, json_response, segments};
use serde_json::{Value, json};

use crate::talk::{self, Said};

/// How often an update is offered to a proxy: it may be lost, so the others don't wait for one that does not answer.
const TRIES: u32 = 2;
/// How long a proxy may take for an update. The next update of the same people waits for that.
const PROXY_LIMIT: Duration = Duration::from_secs(2);
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
/// How long somebody may take to say who they are.
const LOOK_AT_STRANGERS_SECONDS: u32 = 20;
/// How soon after a greeting the screen is told again how far the list is: what changed between the reading of that
/// and the proxy's acting on the subscription went past it.
const LOOK_AT_NEWCOMERS_SECONDS: u32 = 1;
/// How soon after its end a token counts no more on a socket that says nothing, and how soon a screen knows of an
/// update that was lost on its way to the proxy.
const LOOK_AT_FRIENDS_SECONDS: u32 = 300;
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
pub async fn route<D: Dapr>(service: &Gateway<'_, D>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let answer = match (request.method(), segments(&path).as_slice()) {
        (&Method::POST, ["ws"]) => service.socket(&request).await,
        (&Method::POST, ["websocket-gateway", "events"]) => service.deliver(&request).await,
        (&Method::GET, ["websocket-gateway", "health"]) => Ok(json_response(
            StatusCode::OK,
            &json!({ "status": "ok", "function": "websocket-gateway" }),
        )),
        (_, ["ws"]) => Err(Problem::method_not_allowed("POST")),
        _ => Err(Problem::not_found("There is no such route.")),
    };
    answer.unwrap_or_else(Response::from)
}

/// What a socket is answered.
#[derive(Default)]
struct Reply {
    events: Vec<grip::Event>,
    /// After how many silent seconds the proxy is to call again.
    look: Option<u32>,
    /// Who has just said who they are.
    authenticated: Option<Authenticated>,
}

/// Whose socket it is, as far as the proxy remembers it.
struct Authenticated {
    token: String,
    until: i64,
}

impl Reply {
    fn say(&mut self, message: &Value) {
        self.events.push(grip::Event::Text(message.to_string()));
    }

    fn close(&mut self, code: u16) {
        self.events.push(grip::Event::Close(Some(code)));
    }
}

impl<D: Dapr> Gateway<'_, D> {
    /// WebSocket-over-HTTP: events of one socket in, events and control messages out.
    async fn socket(&self, request: &Request) -> Result<Response, Problem> {
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
        let until = remembered(UNTIL).and_then(|text| text.parse().ok());
        let heard = grip::decode(request.body())
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        let opens = heard.contains(&grip::Event::Open);
        let mut reply = Reply::default();
        if heard.is_empty() {
            match until.zip(remembered(TOKEN)) {
                None => reply.close(NOBODY),
                Some((until, _)) if until <= now => reply.close(UNAUTHORIZED),
                Some((_, token)) => self.say_how_far(token, &mut reply).await,
            }
        }
        for event in heard {
            match event {
                grip::Event::Open => {
                    reply.events.push(grip::Event::Open);
                    reply.look = Some(LOOK_AT_STRANGERS_SECONDS);
                }
                grip::Event::Text(text) => self.hear(&text, until, &mut reply).await?,
                grip::Event::Binary(_) => reply.say(&talk::error("Send text.")),
                grip::Event::Close(code) => reply.events.push(grip::Event::Close(code)),
                grip::Event::Ping | grip::Event::Pong | grip::Event::Disconnect => {}
            }
        }
        Ok(socket_response(&reply, opens))
    }

    async fn hear(&self, text: &str, until: Option<i64>, reply: &mut Reply) -> Result<(), Problem> {
        if text.len() > MAX_MESSAGE {
            reply.close(TOO_BIG);
            return Ok(());
        }
        match serde_json::from_str(text) {
            Ok(Said::Auth { token }) => self.authenticate(&token, reply).await,
            Ok(Said::Ping)
                if reply
                    .authenticated
                    .as_ref()
                    .map(|authenticated| authenticated.until)
                    .or(until)
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
        reply.authenticated = Some(Authenticated {
            token: token.to_owned(),
            until: person.expires_at.timestamp(),
        });
        reply.look = Some(LOOK_AT_NEWCOMERS_SECONDS);
        reply.events.push(
            Control::Subscribe {
                channel: talk::channel(&person.id),
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
        reply.say(&talk::hello(self.revision(token).await));
        Ok(())
    }

    /// Says to a screen that listens how far the list is by now, so that it finds what went past it.
    async fn say_how_far(&self, token: &str, reply: &mut Reply) {
        reply.look = Some(LOOK_AT_FRIENDS_SECONDS);
        if let Some(revision) = self.revision(token).await {
            reply.say(&talk::hello(Some(revision)));
        }
    }

    /// The person's revision, which the task service knows. A screen does without when it can't be had.
    async fn revision(&self, token: &str) -> Option<u64> {
        let call = Invocation {
            target: Target::App("task-service".to_owned()),
            method: Method::GET,
            path: "/api/tasks?limit=1".to_owned(),
            headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
            body: Vec::new(),
        };
        let response = self.function.dapr.invoke(call).await.ok()?;
        serde_json::from_slice::<Value>(response.body()).ok()?["revision"].as_u64()
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
            self.publish(&event, &message).await;
        }
        delivery_answer(Outcome::Success)
    }

    /// To every proxy at once. One that does not take it loses it: its sockets are gone too, or see by the revision that
    /// they missed something, and must not keep everybody else's updates waiting.
    async fn publish(&self, event: &Event, message: &Value) {
        let channel = format!("user-{}", event.user_id);
        let items = Items {
            items: vec![Item::text(
                channel,
                event.event_id.to_string(),
                message.to_string(),
            )],
        };
        let body = serde_json::to_vec(&items).unwrap_or_default();
        let proxies = self.proxies.split(',').map(str::trim);
        let tell = |proxy| {
            let body = body.clone();
            async move {
                let told = self.push(proxy, body);
                let told = self.function.dapr.within(PROXY_LIMIT, told).await;
                let told = told.unwrap_or_else(|| Err("no answer in time".to_owned()));
                if let Err(reason) = told {
                    eprintln!("{proxy} did not take event {}: {reason}", event.event_id);
                }
            }
        };
        join_all(proxies.filter(|proxy| !proxy.is_empty()).map(tell)).await;
    }

    /// One proxy, tried a few times.
    async fn push(&self, proxy: &str, body: Vec<u8>) -> Result<(), String> {
        let call = Invocation {
            target: Target::Url(proxy.to_owned()),
            method: Method::POST,
            path: "/publish/".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
        };
        let mut last = String::new();
        for _ in 0..TRIES {
            match self.function.dapr.invoke(call.clone()).await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => last = format!("it answered {}", response.status()),
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    }
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
    if let Some(Authenticated { token, until }) = &reply.authenticated {
        let values = [
            (UNTIL, Ok(HeaderValue::from(*until))),
            (TOKEN, HeaderValue::try_from(token)),
        ];
        for (name, value) in values {
            let name = HeaderName::try_from(format!("{}{name}", grip::SET_META_PREFIX));
            headers.extend(name.ok().zip(value.ok()));
        }
    }
    response
}
