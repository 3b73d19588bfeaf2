//! How much the host takes from outside, in one place. `docs/services.md` says the same to people.
//!
//! Each bound answers one way to stop the host: by connections, by requests that don't end, by bodies and answers that are
//! held in memory, by sockets, by instances that wait for each other.

use std::time::Duration;

/// Most connections at once, WebSockets included. The process needs a file for each.
pub const MAX_CONNECTIONS: usize = 12_288;
/// Most connections of one client address: some twenty browsers behind one router, with a few screens each. Those of a
/// reverse proxy on this machine are not counted, since they are everybody's.
pub const MAX_CONNECTIONS_PER_CLIENT: usize = 512;
/// Files that the process keeps for itself: the database, the log, calls to outside.
pub const OWN_FILES: usize = 256;
/// Most connections that are being told that there are too many; further ones are closed without a word.
pub const MAX_REFUSALS: usize = 64;

/// Most requests of one client address in progress, until the answer has been taken. More wait for [`TURN_LIMIT`].
pub const MAX_REQUESTS_PER_CLIENT: usize = 64;
/// How long a request waits for those of its own client address before it is answered 429.
pub const TURN_LIMIT: Duration = Duration::from_secs(10);
/// How long a request waits for a free instance before it is answered 503.
pub const QUEUE_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may take to send its headers, and how long a connection may be idle.
pub const HEADER_LIMIT: Duration = Duration::from_secs(15);
/// Largest headers of a request, in bytes.
pub const MAX_HEADERS: usize = 32 * 1024;
/// How long a client may take to send a body: the largest one at 9 KB/s.
pub const BODY_LIMIT: Duration = Duration::from_secs(30);
/// How long nothing of a body may come.
pub const BODY_PAUSE_LIMIT: Duration = Duration::from_secs(10);
/// How much of a body that is too large is read and dropped. A client that still sends when the answer comes may take the
/// connection for broken, and never see the answer.
pub const MAX_DROPPED: usize = 4 * 1024 * 1024;
/// Largest body of a request to a function, in bytes: that of a delivery. The functions say less of their own to people.
pub const MAX_BODY: usize = 2 * 1024 * 1024;
/// Largest body of a request to the host's own sign-in, in bytes.
pub const MAX_FORM: usize = 16 * 1024;

/// Largest answer of a function, in bytes.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// How long any answer may take to be taken by its client …
pub const SEND_LIMIT: Duration = Duration::from_secs(20);
/// … and how many more bytes than that a second.
pub const SLOWEST_READER: usize = 16 * 1024;

/// Most bytes of bodies and answers in memory at once.
pub const MAX_MEMORY: usize = 128 * 1024 * 1024;
/// Most of them for one client address.
pub const MAX_MEMORY_PER_CLIENT: usize = 32 * 1024 * 1024;

/// Most WebSockets at once.
pub const MAX_SOCKETS: usize = 10_000;
/// Most WebSockets of one client address.
pub const MAX_SOCKETS_PER_CLIENT: usize = 100;
/// Most WebSockets of one person.
pub const MAX_SOCKETS_PER_PERSON: usize = 50;
/// Most WebSockets on which nobody has said yet who they are.
pub const MAX_SOCKETS_OF_STRANGERS: usize = 1_000;
/// Largest message of a WebSocket, in bytes.
pub const MAX_SOCKET_MESSAGE: usize = 64 * 1024;

/// How long open requests may take to end when the host stops …
pub const STOP_LIMIT: Duration = Duration::from_secs(10);
/// … and then the work that instances do after their answers.
pub const FINISH_LIMIT: Duration = Duration::from_secs(10);
