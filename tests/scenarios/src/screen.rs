//! A screen: a WebSocket that hears of every change.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::{PATIENCE, contract};

/// How long the real screen waits for a greeting before it opens another socket.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const TRIES: u32 = 6;

/// An open screen that keeps up with the list by revisions.
pub struct Screen {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The revision that the screen is at.
    revision: u64,
    /// Whether the screen has been greeted.
    greeted: bool,
    /// Whether the screen has heard, after its greeting, how far the list is: from then on it misses nothing.
    settled: bool,
}

impl Screen {
    /// Connects, says who is there, and waits until the screen keeps up with the list: until it has been told a second
    /// time how far that is. What changed between the greeting and the subscription is told to nobody. Tries again where
    /// nobody answers, as the real screen does.
    ///
    /// # Panics
    /// When the socket is refused, or never greeted.
    pub(crate) async fn open(address: &str, token: &str) -> Self {
        for _ in 0..TRIES {
            if let Ok(screen) = timeout(ANSWER_LIMIT, Self::open_once(address, token)).await {
                return screen;
            }
        }
        panic!("no greeting from {address} in {TRIES} tries");
    }

    async fn open_once(address: &str, token: &str) -> Self {
        let mut screen = Self::connect(address).await;
        screen.authenticates(token).await;
        while !screen.settled {
            screen.hears("hello").await;
        }
        screen
    }

    /// Connects, and says nothing.
    ///
    /// # Panics
    /// When the socket is refused.
    pub async fn connect(address: &str) -> Self {
        let url = format!("{}/ws", address.replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(&url)
            .await
            .unwrap_or_else(|error| panic!("no WebSocket at {url}: {error}"));
        Self {
            socket,
            revision: 0,
            greeted: false,
            settled: false,
        }
    }

    /// Says who is there.
    pub async fn authenticates(&mut self, token: &str) {
        self.sends(&json!({ "type": "auth", "token": token }).to_string())
            .await;
    }

    /// Sends a text.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn sends(&mut self, text: &str) {
        let sent = self.socket.send(Message::text(text)).await;
        sent.expect("the socket takes a message");
    }

    /// The revision that the screen is at.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The next message of this type; what comes before it must be in step too.
    ///
    /// # Panics
    /// When it does not come, or a change before it was missed.
    pub async fn hears(&mut self, kind: &str) -> Value {
        // Over all messages: those that keep the socket in use come for ever.
        let told = timeout(PATIENCE, async {
            loop {
                let message = self.next().await.unwrap_or_else(|code| {
                    panic!("the socket closed ({code:?}) instead of telling {kind}")
                });
                if self.follow(&message) && message["type"] == kind {
                    return message;
                }
            }
        });
        let told = told.await;
        told.unwrap_or_else(|_| panic!("the socket does not tell {kind}"))
    }

    /// The change of the task `id` that the screen hears next.
    pub async fn sees(&mut self, id: &str) -> Value {
        loop {
            let message = self.hears("task_changed").await;
            if message["task"]["id"] == id {
                return message["task"].clone();
            }
        }
    }

    /// The code that the socket is closed with; `None` when it broke off without one.
    ///
    /// # Panics
    /// When it stays open.
    pub async fn is_closed(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// Whether nothing comes for a while.
    pub async fn is_silent_for(&mut self, time: Duration) -> bool {
        timeout(time, self.socket.next()).await.is_err()
    }

    async fn next(&mut self) -> Result<Value, Option<u16>> {
        loop {
            let message = timeout(PATIENCE, self.socket.next())
                .await
                .expect("the socket says something in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let message = serde_json::from_str(&text).expect("a message is JSON");
                    contract::check_message(&message);
                    return Ok(message);
                }
                Some(Ok(Message::Close(frame))) => {
                    // Lets the closing handshake end.
                    while self.socket.next().await.is_some_and(|rest| rest.is_ok()) {}
                    return Err(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(
                    Error::ConnectionClosed
                    | Error::Io(_)
                    | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                ))
                | None => return Err(None),
                Some(Err(error)) => panic!("the socket broke: {error}"),
            }
        }
    }

    /// Changes build on each other: `previous_revision` is the one that the screen has. False for a repeat of an older
    /// one, which a screen leaves out.
    fn follow(&mut self, message: &Value) -> bool {
        if message["type"] == "hello" {
            let revision = message["revision"].as_u64();
            let revision = revision.expect("hello with a revision");
            // Later ones may speak of a change that is still on its way here.
            if !self.settled {
                self.revision = self.revision.max(revision);
            }
            self.settled = self.greeted;
            self.greeted = true;
            return true;
        }
        let (Some(revision), Some(previous)) = (
            message["revision"].as_u64(),
            message["previous_revision"].as_u64(),
        ) else {
            return true;
        };
        if revision <= self.revision {
            return false;
        }
        assert!(
            previous == self.revision || !self.settled,
            "the screen missed a change before {message}"
        );
        self.revision = revision;
        true
    }
}
