//! GRIP and WebSocket-over-HTTP, as Pushpin speaks them: the proxy holds the socket and sends what it hears as HTTP
//! requests; the function behind it answers with events and control messages, and publishes to channels.
//!
//! Sources: the WebSocket-over-HTTP protocol and the GRIP protocol of pushpin.org.

mod control;
mod events;
mod publish;
mod signature;

pub use control::Control;
pub use events::{Event, Malformed, decode, encode};
pub use publish::{Format, Formats, Item, Items};
pub use signature::{sign, verify};

/// The media type of WebSocket events in HTTP bodies.
pub const MEDIA_TYPE: &str = "application/websocket-events";
/// The header by which a proxy proves who it is.
pub const SIGNATURE_HEADER: &str = "grip-sig";
/// The header that names a socket for as long as it lives.
pub const CONNECTION_HEADER: &str = "connection-id";
/// Asks the proxy to call with no events after so many seconds in which nothing was said. A function has no other way to
/// see a socket that only listens. A later answer changes it. Pushpin takes 20 for less.
pub const KEEP_ALIVE_HEADER: &str = "keep-alive-interval";
/// In front of the name of what the proxy is to remember of a connection; it comes back as `meta-{name}`.
pub const SET_META_PREFIX: &str = "set-meta-";
/// In front of the name of what a function asked to be remembered.
pub const META_PREFIX: &str = "meta-";
/// What a function answers to `OPEN`: it speaks GRIP, and its ordinary messages have no prefix.
pub const EXTENSION: &str = "grip; message-prefix=\"\"";
