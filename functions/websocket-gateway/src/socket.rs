//! One socket, as the proxy tells of it: who may listen, and for how long.

use std::time::Duration;

use api::live::ClientMessage;
use api::task;
use dapr::{Dapr, Invocation, Target};
use domain::UserId;
use function::{Answer, Problem, Request, Response, identity};
use grip::Control;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde::de::IgnoredAny;

use crate::service::Gateway;
use crate::talk::{self, Message};

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
/// How soon a screen knows of an update that was lost on its way to the proxy.
const LOOK_AT_FRIENDS_SECONDS: u32 = 300;
/// By when the proxy has done as it was told with a greeting.
const SUBSCRIBED_AFTER: Duration = Duration::from_secs(1);
/// Remembers, at the proxy, since when the socket is open (seconds since 1970).
const OPENED: &str = "opened";
/// Remembers, at the proxy, until when the token holds (seconds since 1970).
const UNTIL: &str = "until";
/// Remembers, at the proxy, the token itself.
const TOKEN: &str = "token";
/// Remembers, at the proxy, whose socket it is.
const USER: &str = "user";

/// What the proxy remembers of a socket.
#[derive(Debug, Clone, Default)]
struct Memory {
    /// Absent on a socket that an older version opened.
    opened: Option<i64>,
    until: Option<i64>,
    token: Option<String>,
    /// The id of whose screen it is.
    user: Option<String>,
}

impl Memory {
    /// Whether the socket is a screen of somebody else than `person`. One that an older version greeted does not say whose
    /// it is, and counts as somebody else's.
    fn is_not_of(&self, person: &UserId) -> bool {
        match &self.user {
            Some(user) => user != person.as_str(),
            None => self.until.is_some(),
        }
    }
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
    fn say(&mut self, message: &Message) {
        self.events.push(grip::Event::Text(talk::text(message)));
    }

    fn close(&mut self, code: u16) {
        self.events.push(grip::Event::Close(Some(code)));
    }

    fn closes(&self) -> bool {
        let closes = |event: &grip::Event| matches!(event, grip::Event::Close(_));
        self.events.iter().any(closes)
    }
}

impl<D: Dapr + Clone + 'static> Gateway<D> {
    /// `POST /ws`, WebSocket-over-HTTP: events of one socket in, events and control messages out.
    pub(crate) async fn socket(&self, request: &Request) -> Result<Answer, Problem> {
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
        let number = |name| remembered(name).and_then(|text| text.parse().ok());
        let memory = Memory {
            opened: number(OPENED),
            until: number(UNTIL),
            token: remembered(TOKEN).map(str::to_owned),
            user: remembered(USER).map(str::to_owned),
        };
        let heard = grip::decode(request.body())
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        let opens = heard.contains(&grip::Event::Open);
        let mut reply = Reply::default();
        if heard.is_empty() {
            self.look(&memory, &mut reply).await;
        }
        for event in heard {
            if reply.closes() {
                break;
            }
            match event {
                grip::Event::Open => {
                    reply.events.push(grip::Event::Open);
                    reply.look = Some(LOOK_AT_STRANGERS_SECONDS);
                    reply.remember.opened = Some(self.function.now().timestamp());
                }
                grip::Event::Text(text) => self.hear(&text, &memory, &mut reply).await?,
                grip::Event::Binary(_) => reply.say(&talk::error("Send text.")),
                grip::Event::Close(code) => reply.events.push(grip::Event::Close(code)),
                grip::Event::Ping(content) => reply.events.push(grip::Event::Pong(content)),
                grip::Event::Pong(_) | grip::Event::Disconnect => {}
            }
        }
        self.let_go(&memory, &mut reply);
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
                let hello = Message::Hello {
                    revision: Some(revision),
                };
                proxies
                    .tell(talk::channel(person.as_str()), &id.to_string(), &hello)
                    .await;
            }
        }
    }

    async fn hear(&self, text: &str, memory: &Memory, reply: &mut Reply) -> Result<(), Problem> {
        if text.len() > MAX_MESSAGE {
            reply.close(TOO_BIG);
            return Ok(());
        }
        match serde_json::from_str(text) {
            Ok(ClientMessage::Auth { token }) => self.authenticate(&token, memory, reply).await,
            Ok(ClientMessage::Ping) => {
                // Whose token is over by now is let go for that.
                match reply.remember.until.or(memory.until) {
                    Some(_) => reply.say(&Message::Pong),
                    None => reply.close(UNAUTHORIZED),
                }
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

    async fn authenticate(
        &self,
        token: &str,
        memory: &Memory,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
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
        // What a proxy is subscribed to stays so: a socket that heard one person never hears another.
        if memory.is_not_of(&person.id) || reply.remember.is_not_of(&person.id) {
            reply.say(&talk::error(
                "This socket is somebody else's. Open another one.",
            ));
            reply.close(UNAUTHORIZED);
            return Ok(());
        }
        reply.remember = Memory {
            until: Some(person.expires_at.timestamp()),
            token: Some(token.to_owned()),
            user: Some(person.id.as_str().to_owned()),
            ..reply.remember.clone()
        };
        reply.events.push(
            Control::Subscribe {
                channel: talk::channel(person.id.as_str()),
            }
            .event(),
        );
        let content = talk::text(&Message::KeepAlive);
        reply.events.push(
            Control::KeepAlive {
                content,
                timeout: KEEP_ALIVE_SECONDS,
            }
            .event(),
        );
        reply.say(&Message::Hello {
            revision: revision(&self.function.dapr, token).await,
        });
        reply.greeted = Some(person.id);
        Ok(())
    }

    /// Lets go who may not listen any more, whatever they said, and has everybody else looked at when that may be so: the
    /// proxy calls by itself only where nothing was said, so whoever went on talking would be looked at by nobody.
    fn let_go(&self, memory: &Memory, reply: &mut Reply) {
        if reply.closes() {
            return;
        }
        let now = self.function.now().timestamp();
        let opened = reply.remember.opened.or(memory.opened);
        match reply.remember.until.or(memory.until) {
            Some(until) if until <= now => reply.close(UNAUTHORIZED),
            Some(until) => reply.look = Some(self.look_at_friend(until)),
            None if opened.is_some_and(|at| at + i64::from(LOOK_AT_STRANGERS_SECONDS) <= now) => {
                reply.close(NOBODY);
            }
            _ => {}
        }
    }

    /// After how many silent seconds a screen is looked at whose token holds until then.
    fn look_at_friend(&self, until: i64) -> u32 {
        let left = until.saturating_sub(self.function.now().timestamp());
        u32::try_from(left.max(0))
            .unwrap_or(u32::MAX)
            .clamp(LOOK_AT_STRANGERS_SECONDS, LOOK_AT_FRIENDS_SECONDS)
    }

    /// The proxy calls by itself: lets go whom nobody knows, and says to who is known how far the list is by now.
    async fn look(&self, memory: &Memory, reply: &mut Reply) {
        match (memory.until, &memory.token) {
            // It is let go for that.
            (Some(until), _) if until <= self.function.now().timestamp() => {}
            (Some(_), Some(token)) => {
                if let Some(revision) = revision(&self.function.dapr, token).await {
                    reply.say(&Message::Hello {
                        revision: Some(revision),
                    });
                }
            }
            _ => reply.close(NOBODY),
        }
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
    let page: task::Page<IgnoredAny> = serde_json::from_slice(response.body()).ok()?;
    Some(page.revision)
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
    let Memory {
        opened,
        until,
        token,
        user,
    } = reply.remember.clone();
    for (name, value) in [
        (OPENED, opened.map(|opened| opened.to_string())),
        (UNTIL, until.map(|until| until.to_string())),
        (TOKEN, token),
        (USER, user),
    ] {
        let name = HeaderName::try_from(format!("{}{name}", grip::SET_META_PREFIX));
        let value = value.and_then(|value| HeaderValue::try_from(value).ok());
        headers.extend(name.ok().zip(value));
    }
    response
}
