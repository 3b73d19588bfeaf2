//! Connections: taken, bounded, and ended when their other end neither sends nor reads.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tokio_util::task::TaskTracker;
use wasmtime_wasi_http::WasiBody;

use crate::admission::{Admission, Client, Held, Refused, Seat};
use crate::limits::{
    HEADER_LIMIT, MAX_HEADERS, MAX_REFUSALS, SEND_LIMIT, SLOWEST_READER, STOP_LIMIT,
};
use crate::refusal::refusal_to;

/// How long a client that is refused may take to read that.
const REFUSAL_LIMIT: Duration = Duration::from_secs(1);
/// How long to wait when no connection can be taken: too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The connection that a request came by; among the extensions of each request.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The other end: a client, or a reverse proxy.
    pub peer: SocketAddr,
    /// This end; `None` when the connection is gone already.
    pub near: Option<SocketAddr>,
    /// Its place among all connections; `None` where these are not counted. A WebSocket keeps it.
    pub seat: Option<Arc<Seat>>,
    sending: Arc<Sending>,
}

impl Connection {
    /// The body of an answer that holds on to its memory and its turn until the client has taken it, which must not take
    /// the client too long.
    #[must_use]
    pub fn send(&self, body: Bytes, held: Held) -> Bytes {
        if body.is_empty() {
            return body;
        }
        let slowest = body.len() / SLOWEST_READER;
        let allowed = SEND_LIMIT + Duration::from_secs(slowest as u64);
        let deadline = Instant::now() + allowed;
        self.sending.set(Some(deadline));
        Bytes::from_owner(Sent {
            body,
            deadline,
            sending: Arc::clone(&self.sending),
            _held: held,
        })
    }
}

/// By when the answer that is being sent must have been taken.
#[derive(Debug, Default)]
struct Sending {
    deadline: Mutex<Option<Instant>>,
    changed: Notify,
}

impl Sending {
    fn deadline(&self) -> MutexGuard<'_, Option<Instant>> {
        self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, deadline: Option<Instant>) {
        *self.deadline() = deadline;
        self.changed.notify_one();
    }

    /// Resolves when an answer was not taken in time.
    async fn overdue(&self) {
        loop {
            let changed = self.changed.notified();
            let deadline = *self.deadline();
            match deadline {
                None => changed.await,
                Some(at) => tokio::select! {
                    biased;
                    () = changed => {}
                    () = sleep_until(at) => return,
                },
            }
        }
    }
}

/// A body that is dropped when all of it has been handed to the operating system.
struct Sent {
    body: Bytes,
    deadline: Instant,
    sending: Arc<Sending>,
    _held: Held,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        // The next answer may have been begun already.
        if *self.sending.deadline() == Some(self.deadline) {
            self.sending.set(None);
        }
    }
}

/// Answers requests by `answer` until `stop` resolves. What is open then goes on until it is told to [end](Open::end).
///
/// # Errors
/// When the listener breaks.
pub async fn accept<A, F>(
    listener: TcpListener,
    answer: A,
    stop: impl Future<Output = ()>,
) -> Result<Open>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<WasiBody>> + Send + 'static,
{
    accept_some(listener, |_| Ok(None), answer, stop).await
}

/// As [`accept`], for connections of strangers: no more than `admission` has room for. With `proxied`, those of this machine
/// are a reverse proxy's and are not counted by client address.
///
/// # Errors
/// When the listener breaks.
pub async fn accept_admitted<A, F>(
    listener: TcpListener,
    admission: Arc<Admission>,
    proxied: bool,
    answer: A,
    stop: impl Future<Output = ()>,
) -> Result<Open>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<WasiBody>> + Send + 'static,
{
    let seat = move |peer: SocketAddr| {
        let is_proxy = proxied && peer.ip().to_canonical().is_loopback();
        let client = (!is_proxy).then(|| Client::at(peer.ip()));
        admission.seat(client).map(Some)
    };
    accept_some(listener, seat, answer, stop).await
}

async fn accept_some<A, F>(
    listener: TcpListener,
    seat: impl Fn(SocketAddr) -> Result<Option<Seat>, Refused>,
    answer: A,
    stop: impl Future<Output = ()>,
) -> Result<Open>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<WasiBody>> + Send + 'static,
{
    let tasks = TaskTracker::new();
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let (stopping, stopped) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Too many open files, or a client that was gone already.
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let seat = match seat(peer) {
            Ok(seat) => seat,
            Err(refused) => {
                if let Ok(turn) = Arc::clone(&refusals).try_acquire_owned() {
                    tokio::spawn(async move {
                        refuse(stream, refused).await;
                        drop(turn);
                    });
                }
                continue;
            }
        };
        // Some systems say so of a connection that was reset meanwhile, which ends by itself. Others are only slower.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("a connection without TCP_NODELAY: {error}");
        }
        let connection = Connection {
            peer,
            near: stream.local_addr().ok(),
            seat: seat.map(Arc::new),
            sending: Arc::default(),
        };
        tasks.spawn(serve(stream, connection, answer.clone(), stopped.clone()));
    }
    Ok(Open { tasks, stopping })
}

/// Serves one connection to its end.
async fn serve<A, F>(
    stream: TcpStream,
    connection: Connection,
    answer: A,
    mut stopped: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<WasiBody>> + Send + 'static,
{
    let sending = Arc::clone(&connection.sending);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        let answered = answer(request);
        async move { Ok::<_, std::convert::Infallible>(answered.await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_LIMIT)
        .max_buf_size(MAX_HEADERS)
        .serve_connection(TokioIo::new(Moving::new(stream)), service)
        .with_upgrades();
    let mut served = std::pin::pin!(served);
    let stop = async { stopped.wait_for(|stop| *stop).await.map(|_| ()).ok() };
    // A client that breaks off is no news.
    tokio::select! {
        _ = served.as_mut() => {}
        () = sending.overdue() => {}
        _ = stop => {
            served.as_mut().graceful_shutdown();
            tokio::select! {
                _ = served => {}
                () = sending.overdue() => {}
            }
        }
    }
}

/// Says why, without having read anything, and lets go.
async fn refuse(mut stream: TcpStream, refused: Refused) {
    let response = refusal_to(refused);
    let mut text = format!("HTTP/1.1 {}\r\nconnection: close\r\n", response.status());
    for (name, value) in response.headers() {
        // Those of a refusal are texts.
        text += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    let body = response.into_body();
    text += &format!("content-length: {}\r\n\r\n", body.len());
    let told = async {
        stream.write_all(text.as_bytes()).await?;
        stream.write_all(&body).await?;
        stream.shutdown().await?;
        // What was sent meanwhile is read: closing over it would take the answer back.
        let mut dropped = [0; 4096];
        while stream.read(&mut dropped).await? > 0 {}
        io::Result::Ok(())
    };
    timeout(REFUSAL_LIMIT, told).await.ok();
}

/// Connections whose listener is closed.
pub struct Open {
    tasks: TaskTracker,
    stopping: watch::Sender<bool>,
}

impl Open {
    /// Lets open requests end, for as long as they may take, and nothing begin.
    pub async fn end(self) {
        self.stopping.send_replace(true);
        self.tasks.close();
        timeout(STOP_LIMIT, self.tasks.wait()).await.ok();
    }
}

/// A stream whose writes fail when nothing was taken for [`SEND_LIMIT`].
struct Moving {
    stream: TcpStream,
    /// Runs while a write waits.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Moving {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            stuck: None,
        }
    }

    /// Passes on what became of a write, or that it waited too long.
    fn moved<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self
            .stuck
            .get_or_insert_with(|| Box::pin(sleep(SEND_LIMIT)));
        ready!(stuck.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Moving {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Moving {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.moved(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.moved(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
