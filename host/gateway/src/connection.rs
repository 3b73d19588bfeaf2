//! One socket: what the client says goes to the function, what the function and its channels say goes to the client.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt};
use grip::{Control, Event, Format, Item};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::gateway::{Counted, Gateway};

/// How many published messages wait for one slow reader before it is let go.
const QUEUE: usize = 256;
/// How long a socket may go without hearing any channel: whoever does not say who they are is let go.
const SILENT_LIMIT: Duration = Duration::from_secs(10);
/// How often a client is pinged.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a client may be silent, pings included.
const DEAD_AFTER: Duration = Duration::from_secs(60);
/// How long one message may take to be taken by the client.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Most messages of a client in one request to the function.
const BATCH: usize = 32;
/// The function is not asked more often than this without a reason, as by Pushpin.
const SHORTEST_LOOK: Duration = Duration::from_secs(20);

/// Close codes (RFC 6455 section 7.4; 4000 and up are the application's own).
const GOING_AWAY: End = End::Close(1001, "Nudge stops");
const NO_ANSWER: End = End::Close(1013, "try again later");
const TOO_SLOW: End = End::Close(1013, "messages were not read in time; try again later");
const TOO_MANY: End = End::Close(1013, "too many screens of one person; try again later");
const NOBODY: End = End::Close(4408, "nobody has said who they are");

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What is known of one socket.
pub(crate) struct Connection {
    gateway: Arc<Gateway>,
    counted: Counted,
    number: u64,
    id: String,
    uri: Uri,
    headers: HeaderMap,
    meta: HashMap<String, HeaderValue>,
    channels: HashSet<String>,
    keep_alive: Option<(String, Duration)>,
    /// After which silence the function is asked although nothing was heard.
    look: Option<Duration>,
    listener: mpsc::Sender<Arc<Item>>,
    published: mpsc::Receiver<Arc<Item>>,
}

/// Why a socket ends.
enum End {
    /// Tell the client this code and reason.
    Close(u16, &'static str),
    /// The client said goodbye.
    Closed(Option<u16>),
    /// It is gone.
    Gone,
}

/// What a socket is to be told of a published item.
enum Told {
    Text(String),
    Close(u16),
}

impl From<&Item> for Told {
    fn from(item: &Item) -> Self {
        match &item.formats.ws_message {
            Format::Message { content } => Self::Text(content.clone()),
            Format::Action { code, .. } => Self::Close(code.unwrap_or(1000)),
        }
    }
}

/// The events after `OPEN`, if the function opened the socket.
pub(crate) fn accepted(response: &Response<Bytes>) -> Option<Vec<Event>> {
    let content_type = response.headers().get(header::CONTENT_TYPE)?;
    let extension = response
        .headers()
        .get(header::SEC_WEBSOCKET_EXTENSIONS)?
        .to_str()
        .ok()?;
    if content_type != grip::MEDIA_TYPE || !extension.starts_with("grip") {
        return None;
    }
    let mut events = grip::decode(response.body()).ok()?;
    (events.first() == Some(&Event::Open)).then(|| events.split_off(1))
}

impl Connection {
    pub(crate) fn new(
        gateway: &Arc<Gateway>,
        counted: Counted,
        uri: Uri,
        headers: HeaderMap,
    ) -> Self {
        let (listener, published) = mpsc::channel(QUEUE);
        Self {
            gateway: Arc::clone(gateway),
            counted,
            number: gateway.number(),
            id: uuid::Uuid::new_v4().to_string(),
            uri,
            headers,
            meta: HashMap::new(),
            channels: HashSet::new(),
            keep_alive: None,
            look: None,
            listener,
            published,
        }
    }

    /// Sends events to the function.
    pub(crate) async fn ask(&self, events: Vec<Event>) -> Result<Response<Bytes>, String> {
        let mut request = Request::post(self.uri.clone());
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.headers);
            let own = [
                (header::CONTENT_TYPE, grip::MEDIA_TYPE.to_owned()),
                (header::ACCEPT, grip::MEDIA_TYPE.to_owned()),
                (header::SEC_WEBSOCKET_EXTENSIONS, "grip".to_owned()),
                (
                    HeaderName::from_static(grip::CONNECTION_HEADER),
                    self.id.clone(),
                ),
                (
                    HeaderName::from_static(grip::SIGNATURE_HEADER),
                    self.gateway.signature(),
                ),
            ];
            for (name, value) in own {
                headers.extend(HeaderValue::from_str(&value).map(|value| (name, value)));
            }
            for (name, value) in &self.meta {
                let name = format!("{}{name}", grip::META_PREFIX);
                headers.extend(HeaderName::try_from(name).map(|name| (name, value.clone())));
            }
        }
        let request = request
            .body(Bytes::from(grip::encode(&events)))
            .map_err(|error| error.to_string())?;
        self.gateway.origin.call(request).await
    }

    /// Keeps what the function asked to be remembered, and when it wants to be asked again.
    pub(crate) fn remember(&mut self, headers: &HeaderMap) {
        let seconds = headers
            .get(grip::KEEP_ALIVE_HEADER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(seconds) = seconds {
            self.look = Some(Duration::from_secs(seconds).max(SHORTEST_LOOK));
        }
        for (name, value) in headers {
            if let Some(name) = name.as_str().strip_prefix(grip::SET_META_PREFIX) {
                self.meta.insert(name.to_owned(), value.clone());
            }
        }
    }

    /// Serves the socket to its end, and tells the function of it.
    pub(crate) async fn run(mut self, upgraded: Upgraded, first: Vec<Event>) {
        let config = WebSocketConfig::default()
            .max_message_size(Some(self.gateway.settings.max_message))
            .max_frame_size(Some(self.gateway.settings.max_message));
        let mut socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config))
                .await;
        let end = match self.obey(&mut socket, first).await {
            Ok(()) => self.serve(&mut socket).await,
            Err(end) => end,
        };
        let last = match end {
            End::Close(code, reason) => {
                let frame = CloseFrame {
                    code: CloseCode::from(code),
                    reason: reason.into(),
                };
                timeout(SEND_LIMIT, socket.close(Some(frame))).await.ok();
                Event::Disconnect
            }
            End::Closed(code) => {
                // Finishes the closing handshake.
                timeout(SEND_LIMIT, socket.flush()).await.ok();
                Event::Close(code)
            }
            End::Gone => Event::Disconnect,
        };
        for channel in &self.channels {
            self.gateway.unsubscribe(self.number, channel);
        }
        self.ask(vec![last]).await.ok();
    }

    async fn serve(&mut self, socket: &mut Socket) -> End {
        let opened = Instant::now();
        let (mut heard, mut said, mut pinged, mut asked) = (opened, opened, opened, opened);
        let mut stopping = self.gateway.stopping.subscribe();
        loop {
            let silent = if self.channels.is_empty() {
                opened + SILENT_LIMIT
            } else {
                heard + DEAD_AFTER
            };
            let keep_alive = self
                .keep_alive
                .clone()
                .map(|(content, after)| (content, said + after));
            let look = self.look.map(|after| asked + after);
            let wake = [
                Some(silent),
                Some(pinged + PING_EVERY),
                keep_alive.as_ref().map(|(_, at)| *at),
                look,
            ];
            let wake = wake.into_iter().flatten().min().unwrap_or(silent);
            tokio::select! {
                message = socket.next() => {
                    heard = Instant::now();
                    let result = match message {
                        Some(Ok(message)) => self.forward(socket, message).await,
                        Some(Err(Error::Capacity(_))) => Err(End::Close(CloseCode::Size.into(), "the message is too long")),
                        Some(Err(_)) | None => Err(End::Gone),
                    };
                    match result {
                        Ok(true) => (said, asked) = (Instant::now(), Instant::now()),
                        Ok(false) => {}
                        Err(end) => return end,
                    }
                }
                Some(item) = self.published.recv() => {
                    if let Err(end) = tell(socket, Told::from(&*item)).await {
                        return end;
                    }
                    said = Instant::now();
                    if self.published.is_empty() && !self.channels.iter().all(|channel| self.gateway.hears(self.number, channel)) {
                        return TOO_SLOW;
                    }
                }
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    if now >= silent {
                        return if self.channels.is_empty() { NOBODY } else { End::Gone };
                    }
                    if now >= pinged + PING_EVERY {
                        pinged = now;
                        if send(socket, Message::Ping(Bytes::new())).await.is_err() {
                            return End::Gone;
                        }
                    }
                    if let Some((content, _)) = keep_alive.filter(|(_, at)| now >= *at) {
                        said = now;
                        if tell(socket, Told::Text(content)).await.is_err() {
                            return End::Gone;
                        }
                    }
                    if look.is_some_and(|at| now >= at) {
                        if let Err(end) = self.tell_function(socket, Vec::new()).await {
                            return end;
                        }
                        asked = Instant::now();
                    }
                }
                () = told_to_stop(&mut stopping) => return GOING_AWAY,
            }
        }
    }

    /// Takes a message and those right behind it to the function. True when it was one that the function gets.
    async fn forward(&mut self, socket: &mut Socket, first: Message) -> Result<bool, End> {
        let mut events = Vec::new();
        let mut end = take(first, &mut events);
        while end.is_none() && events.len() < BATCH {
            match socket.next().now_or_never() {
                Some(Some(Ok(message))) => end = take(message, &mut events),
                Some(Some(Err(_)) | None) => end = Some(End::Gone),
                None => break,
            }
        }
        let any = !events.is_empty();
        if any {
            self.tell_function(socket, events).await?;
        }
        end.map_or(Ok(any), Err)
    }

    /// Sends events to the function and does what it says to them.
    async fn tell_function(&mut self, socket: &mut Socket, events: Vec<Event>) -> Result<(), End> {
        match self.ask(events).await {
            Ok(response) => self.take_answer(socket, &response).await,
            Err(reason) => {
                tracing::warn!("the function behind the sockets did not answer: {reason}");
                Err(NO_ANSWER)
            }
        }
    }

    async fn take_answer(
        &mut self,
        socket: &mut Socket,
        response: &Response<Bytes>,
    ) -> Result<(), End> {
        if response.status() != StatusCode::OK {
            tracing::warn!(
                "the function behind the sockets answered {}",
                response.status()
            );
            return Err(NO_ANSWER);
        }
        self.remember(response.headers());
        let events = grip::decode(response.body()).map_err(|error| {
            tracing::warn!("{error}");
            End::Close(CloseCode::Error.into(), "")
        })?;
        self.obey(socket, events).await
    }

    /// Does what the function says.
    async fn obey(&mut self, socket: &mut Socket, events: Vec<Event>) -> Result<(), End> {
        for event in events {
            match event {
                Event::Text(text) => match Control::parse(&text) {
                    Some(Some(control)) => self.control(control)?,
                    Some(None) => {}
                    None => tell(socket, Told::Text(text)).await?,
                },
                Event::Binary(bytes) => send(socket, Message::Binary(bytes.into())).await?,
                Event::Close(code) => {
                    return Err(End::Close(code.unwrap_or(CloseCode::Normal.into()), ""));
                }
                Event::Disconnect => return Err(End::Gone),
                Event::Open | Event::Ping(_) | Event::Pong(_) => {}
            }
        }
        Ok(())
    }

    fn control(&mut self, control: Control) -> Result<(), End> {
        match control {
            Control::Subscribe { channel } => {
                let gateway = &self.gateway;
                if !gateway.subscribe(self.number, &channel, &self.listener) {
                    return Err(TOO_MANY);
                }
                self.counted.known();
                self.channels.insert(channel);
            }
            Control::Unsubscribe { channel } => {
                self.gateway.unsubscribe(self.number, &channel);
                self.channels.remove(&channel);
            }
            Control::KeepAlive { content, timeout } => {
                self.keep_alive = Some((content, Duration::from_secs(timeout.max(1))));
            }
        }
        Ok(())
    }
}

async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    // The gateway, which has the other end, lives as long as its connections.
    stopping.wait_for(|stop| *stop).await.ok();
}

/// Adds what the function is to hear of a message. `Some`: the client has said goodbye.
fn take(message: Message, events: &mut Vec<Event>) -> Option<End> {
    match message {
        Message::Text(text) => events.push(Event::Text(text.to_string())),
        Message::Binary(bytes) => events.push(Event::Binary(bytes.to_vec())),
        Message::Close(frame) => return Some(End::Closed(frame.map(|frame| frame.code.into()))),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
    }
    None
}

async fn tell(socket: &mut Socket, told: Told) -> Result<(), End> {
    match told {
        Told::Text(text) => send(socket, Message::Text(text.into())).await,
        Told::Close(code) => Err(End::Close(code, "")),
    }
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), End> {
    match timeout(SEND_LIMIT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
