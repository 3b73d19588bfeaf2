//! The sockets together: how many there are, who hears which channel, and what is published to them.

use std::any::Any;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::future::BoxFuture;
use grip::{Item, Items};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

/// How long a signature holds.
const SIGNATURE_SECONDS: u64 = 60;
/// How long sockets may take to close when the gateway stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// What the gateway goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Signs `Grip-Sig` (HS256).
    pub key: Vec<u8>,
    /// The `iss` of the signature.
    pub issuer: String,
    /// Most sockets at once.
    pub max_connections: usize,
    /// Most sockets of one client address.
    pub max_per_client: usize,
    /// Most sockets that hear one channel: those of one person.
    pub max_per_channel: usize,
    /// Most sockets that hear no channel yet: nobody has said who they are.
    pub max_strangers: usize,
    /// Largest message of a client, in bytes.
    pub max_message: usize,
}

/// The function behind the sockets.
pub trait Origin: Send + Sync + 'static {
    /// Its answer to a WebSocket-over-HTTP request; an error when there is none.
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, String>>;
}

/// Whose socket is to be opened.
pub struct Visitor {
    /// The client's address, or the first one of its network.
    pub address: IpAddr,
    /// Dropped when the socket has ended.
    pub seat: Box<dyn Any + Send + Sync>,
}

/// Why no socket is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request is no handshake of RFC 6455.
    #[error("That is no WebSocket handshake of version 13.")]
    Malformed,
    /// The client address has as many sockets as it may have.
    #[error("Too many live connections come from your address. Close some, or try again later.")]
    Client,
    /// There are as many sockets as there may be, or the gateway stops.
    #[error("There are too many live connections. Try again in a moment.")]
    Full,
    /// The function behind the sockets gave no answer that makes sense.
    #[error("Live updates are away for now. Try again in a moment.")]
    NoAnswer,
}

impl Refused {
    /// The status that says so.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Client => StatusCode::TOO_MANY_REQUESTS,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoAnswer => StatusCode::BAD_GATEWAY,
        }
    }
}

/// Who hears which channel: connections by number.
type Channels = HashMap<String, HashMap<u64, mpsc::Sender<Arc<Item>>>>;

/// All sockets, and who hears which channel.
pub struct Gateway {
    pub(crate) settings: Settings,
    pub(crate) origin: Arc<dyn Origin>,
    channels: Mutex<Channels>,
    next: AtomicU64,
    open: Mutex<Open>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: watch::Sender<bool>,
}

/// The sockets that are open or being opened.
#[derive(Debug, Default)]
struct Open {
    all: usize,
    strangers: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// One of the open sockets, counted until it is dropped.
pub(crate) struct Counted {
    gateway: Arc<Gateway>,
    client: IpAddr,
    is_stranger: bool,
    _seat: Box<dyn Any + Send + Sync>,
}

impl Counted {
    /// Somebody has said who they are.
    pub(crate) fn known(&mut self) {
        if std::mem::take(&mut self.is_stranger) {
            self.gateway.open().strangers -= 1;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.gateway.open();
        open.all -= 1;
        open.strangers -= usize::from(self.is_stranger);
        if let Some(count) = open.by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.by_client.remove(&self.client);
            }
        }
    }
}

impl Gateway {
    /// A gateway without sockets.
    pub fn new(settings: Settings, origin: Arc<dyn Origin>) -> Arc<Self> {
        Arc::new(Self {
            settings,
            origin,
            channels: Mutex::default(),
            next: AtomicU64::new(1),
            open: Mutex::default(),
            tasks: TaskTracker::new(),
            stopping: watch::Sender::new(false),
        })
    }

    /// Whether a request asks for a WebSocket (RFC 6455 section 4.1).
    #[must_use]
    pub fn is_upgrade<B>(request: &Request<B>) -> bool {
        let upgrade = request
            .headers()
            .get(header::UPGRADE)
            .and_then(|value| value.to_str().ok());
        request.method() == Method::GET
            && upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    }

    /// Counts one socket more, if there may be one more.
    pub(crate) fn count(self: &Arc<Self>, from: Visitor) -> Result<Counted, Refused> {
        let settings = &self.settings;
        let mut open = self.open();
        if *self.stopping.borrow()
            || open.all >= settings.max_connections
            || open.strangers >= settings.max_strangers
        {
            return Err(Refused::Full);
        }
        let of_client = open.by_client.entry(from.address).or_default();
        if *of_client >= settings.max_per_client {
            return Err(Refused::Client);
        }
        *of_client += 1;
        open.all += 1;
        open.strangers += 1;
        Ok(Counted {
            gateway: Arc::clone(self),
            client: from.address,
            is_stranger: true,
            _seat: from.seat,
        })
    }

    /// Answers `POST /publish/`, as Pushpin's control port does.
    #[must_use]
    pub fn publish(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if request.method() != Method::POST
            || request.uri().path().trim_end_matches('/') != "/publish"
        {
            return answer(StatusCode::NOT_FOUND);
        }
        // Pushpin's control port takes no body in chunks.
        if request.headers().contains_key(header::TRANSFER_ENCODING) {
            return answer(StatusCode::LENGTH_REQUIRED);
        }
        let Ok(Items { items }) = serde_json::from_slice(request.body()) else {
            return answer(StatusCode::BAD_REQUEST);
        };
        for item in items {
            let item = Arc::new(item);
            let mut channels = self.channels();
            let Some(listeners) = channels.get_mut(&item.channel) else {
                continue;
            };
            // A reader that is so slow is let go; it connects again and reads the list.
            listeners.retain(|_, listener| listener.try_send(Arc::clone(&item)).is_ok());
        }
        let mut response = Response::new(Bytes::from_static(b"Published\n"));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        response
    }

    /// Closes all sockets (1001, going away) and waits for them a little.
    pub async fn stop(&self) {
        self.stopping.send_replace(true);
        self.tasks.close();
        tokio::time::timeout(STOP_LIMIT, self.tasks.wait())
            .await
            .ok();
    }

    /// A number that no other connection of this gateway has.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// False when as many hear the channel as may.
    pub(crate) fn subscribe(
        &self,
        id: u64,
        channel: &str,
        listener: &mpsc::Sender<Arc<Item>>,
    ) -> bool {
        let mut channels = self.channels();
        let listeners = channels.entry(channel.to_owned()).or_default();
        if !listeners.contains_key(&id) && listeners.len() >= self.settings.max_per_channel {
            return false;
        }
        listeners.insert(id, listener.clone());
        true
    }

    pub(crate) fn unsubscribe(&self, id: u64, channel: &str) {
        let mut channels = self.channels();
        if let Some(listeners) = channels.get_mut(channel) {
            listeners.remove(&id);
            if listeners.is_empty() {
                channels.remove(channel);
            }
        }
    }

    /// Whether the connection is still on its channel: it is taken off when its queue was full.
    pub(crate) fn hears(&self, id: u64, channel: &str) -> bool {
        self.channels()
            .get(channel)
            .is_some_and(|listeners| listeners.contains_key(&id))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn channels(&self) -> MutexGuard<'_, Channels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn signature(&self) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        grip::sign(
            &self.settings.key,
            &self.settings.issuer,
            now + SIGNATURE_SECONDS,
        )
    }
}

/// An answer with nothing in it.
pub(crate) fn answer(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing asks the function behind the sockets here.
    struct Silent;

    impl Origin for Silent {
        fn call(&self, _: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
            Box::pin(async { Err("not asked".to_owned()) })
        }
    }

    /// Like Pushpin (`sockets::what_is_published_needs_a_length` of the scenarios).
    ///
    /// Seen to fail: with bodies in chunks taken.
    #[test]
    fn what_is_published_needs_a_length() {
        let settings = Settings {
            key: Vec::new(),
            issuer: String::new(),
            max_connections: 1,
            max_per_client: 1,
            max_per_channel: 1,
            max_strangers: 1,
            max_message: 1,
        };
        let gateway = Gateway::new(settings, Arc::new(Silent));
        let request = || Request::post("/publish/");
        let items = Bytes::from_static(br#"{"items":[]}"#);
        let sized = request().body(items.clone()).expect("a request");
        assert_eq!(gateway.publish(&sized).status(), 200);
        let chunked = request().header(header::TRANSFER_ENCODING, "chunked");
        let chunked = chunked.body(items).expect("a request");
        assert_eq!(gateway.publish(&chunked).status(), 411);
    }
}
