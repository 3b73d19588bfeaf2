//! Admission: how much of the host one client address, and all of them together, may have at once.
//!
//! A connection has a [`Seat`], a request a [`Turn`] that lasts until its answer has been taken. What is read of a body and
//! what waits to be sent is counted against the turn's [memory](Turn::hold), so that whoever sends or reads slowly holds
//! no instance and a bounded number of bytes.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits::{
    MAX_CONNECTIONS, MAX_CONNECTIONS_PER_CLIENT, MAX_MEMORY, MAX_MEMORY_PER_CLIENT,
    MAX_REQUESTS_PER_CLIENT, OWN_FILES, TURN_LIMIT,
};

/// In what memory is counted, in bytes.
const UNIT: usize = 1024;

/// Whose share something is counted against: an IPv4 address, or the 64 bits of an IPv6 address that one network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    /// The client at `address`.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    /// The client that a reverse proxy names: the last address of `X-Forwarded-For`, which the proxy itself added; where
    /// there is no such header, of `Forwarded` (RFC 7239).
    #[must_use]
    pub fn forwarded(headers: &HeaderMap) -> Option<Self> {
        let last = |name: &str| {
            let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            value.rsplit(',').next().map(str::trim)
        };
        let address = match last("x-forwarded-for") {
            Some(address) => address,
            None => last("forwarded")?.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let is_for = name.trim().eq_ignore_ascii_case("for");
                is_for.then(|| value.trim().trim_matches('"'))
            })?,
        };
        parse(address).map(Self::at)
    }

    /// The address, or the network's first one.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.0
    }
}

/// An address as proxies write it: bare, in brackets, with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => match text.split_once(':') {
            Some((v4, port)) if !port.contains(':') => v4,
            _ => text,
        },
    };
    bare.parse().ok()
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The client address has its whole share: 429.
    #[error("Too much is in progress from your address. Try again in a moment.")]
    Client,
    /// All clients together have all there is: 503.
    #[error("Nudge has more to do than it can. Try again in a moment.")]
    All,
}

/// What is in use, and by whom.
#[derive(Debug)]
pub struct Admission {
    connections: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    by_address: HashMap<Client, Weak<Shares>>,
    /// At how many entries those of clients that are gone are dropped.
    tidy_at: usize,
}

/// What one client address may have.
#[derive(Debug)]
struct Shares {
    connections: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

/// A connection that was let in.
#[derive(Debug)]
pub struct Seat {
    _of_all: OwnedSemaphorePermit,
    _of_client: Option<(Arc<Shares>, OwnedSemaphorePermit)>,
}

/// A request in progress.
#[derive(Debug)]
pub struct Turn {
    memory: Arc<Semaphore>,
    shares: Arc<Shares>,
    _turn: OwnedSemaphorePermit,
}

/// Memory in use for a request, and its turn.
#[derive(Debug)]
pub struct Held {
    turn: Option<Arc<Turn>>,
    bytes: usize,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Admission {
    /// With the process's limit on files, where that is less than [`MAX_CONNECTIONS`].
    #[must_use]
    pub fn new(files: usize) -> Arc<Self> {
        let connections = files.saturating_sub(OWN_FILES).clamp(1, MAX_CONNECTIONS);
        Arc::new(Self {
            connections: Arc::new(Semaphore::new(connections)),
            memory: Arc::new(Semaphore::new(MAX_MEMORY / UNIT)),
            clients: Mutex::default(),
        })
    }

    /// Lets a connection in; of `client`, or of a proxy before many of them.
    ///
    /// # Errors
    /// When there are too many.
    pub fn seat(&self, client: Option<Client>) -> Result<Seat, Refused> {
        let of_client = client
            .map(|client| {
                let shares = self.shares(client);
                let free = Arc::clone(&shares.connections);
                let permit = free.try_acquire_owned().map_err(|_| Refused::Client)?;
                Ok((shares, permit))
            })
            .transpose()?;
        let free = Arc::clone(&self.connections);
        Ok(Seat {
            _of_all: free.try_acquire_owned().map_err(|_| Refused::All)?,
            _of_client: of_client,
        })
    }

    /// Lets a request in, when those of the same client leave room for it.
    ///
    /// # Errors
    /// When they do not in [`TURN_LIMIT`].
    pub async fn turn(&self, client: Client) -> Result<Arc<Turn>, Refused> {
        let shares = self.shares(client);
        let free = Arc::clone(&shares.requests).acquire_owned();
        let Ok(Ok(turn)) = timeout(TURN_LIMIT, free).await else {
            return Err(Refused::Client);
        };
        Ok(Arc::new(Turn {
            memory: Arc::clone(&self.memory),
            shares,
            _turn: turn,
        }))
    }

    fn shares(&self, client: Client) -> Arc<Shares> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shares) = clients.by_address.get(&client).and_then(Weak::upgrade) {
            return shares;
        }
        if clients.by_address.len() >= clients.tidy_at {
            let is_there = |shares: &Weak<Shares>| shares.strong_count() > 0;
            clients.by_address.retain(|_, shares| is_there(shares));
            clients.tidy_at = 2 * clients.by_address.len() + 64;
        }
        let shares = Arc::new(Shares {
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS_PER_CLIENT)),
            requests: Arc::new(Semaphore::new(MAX_REQUESTS_PER_CLIENT)),
            memory: Arc::new(Semaphore::new(MAX_MEMORY_PER_CLIENT / UNIT)),
        });
        clients.by_address.insert(client, Arc::downgrade(&shares));
        shares
    }
}

impl Turn {
    /// Holds the turn, and no memory yet.
    #[must_use]
    pub fn hold(self: &Arc<Self>) -> Held {
        Held {
            turn: Some(Arc::clone(self)),
            bytes: 0,
            permits: Vec::new(),
        }
    }
}

impl Held {
    /// For a request that is not counted: Dapr's own.
    #[must_use]
    pub fn uncounted() -> Self {
        Self {
            turn: None,
            bytes: 0,
            permits: Vec::new(),
        }
    }

    /// Takes memory for `more` bytes.
    ///
    /// # Errors
    /// When there is none left.
    pub fn grow(&mut self, more: usize) -> Result<(), Refused> {
        let Some(turn) = &self.turn else {
            return Ok(());
        };
        let units = |bytes: usize| bytes.div_ceil(UNIT);
        let new = units(self.bytes + more) - units(self.bytes);
        self.bytes += more;
        let new = u32::try_from(new).map_err(|_| Refused::Client)?;
        for (memory, refused) in [
            (&turn.shares.memory, Refused::Client),
            (&turn.memory, Refused::All),
        ] {
            let taken = Arc::clone(memory).try_acquire_many_owned(new);
            self.permits.push(taken.map_err(|_| refused)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::at(address.parse().expect(address))
    }

    #[test]
    fn addresses_of_one_network_are_one_client() {
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:1"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }

    /// What a client itself says stands before what the proxy adds, so only the last counts.
    #[test]
    fn the_last_forwarded_address_counts() {
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
        let table: [Row<'_>; 11] = [
            (&[("x-forwarded-for", "192.0.2.1")], Some("192.0.2.1")),
            (
                &[("x-forwarded-for", "198.51.100.9, 192.0.2.1")],
                Some("192.0.2.1"),
            ),
            (
                &[
                    ("x-forwarded-for", "198.51.100.9"),
                    ("x-forwarded-for", "192.0.2.1"),
                ],
                Some("192.0.2.1"),
            ),
            (&[("x-forwarded-for", "192.0.2.1:4711")], Some("192.0.2.1")),
            (&[("x-forwarded-for", "2001:db8::7")], Some("2001:db8::7")),
            (
                &[("x-forwarded-for", "[2001:db8::7]:4711")],
                Some("2001:db8::7"),
            ),
            (
                &[(
                    "forwarded",
                    "for=198.51.100.9, proto=https;For=\"[2001:db8::7]:1\";by=x",
                )],
                Some("2001:db8::7"),
            ),
            (
                &[
                    ("forwarded", "for=198.51.100.9"),
                    ("x-forwarded-for", "192.0.2.1"),
                ],
                Some("192.0.2.1"),
            ),
            (&[("x-forwarded-for", "unknown")], None),
            (&[("forwarded", "proto=https")], None),
            (&[], None),
        ];
        for (said, expected) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in said {
                headers.append(*name, value.parse().expect(value));
            }
            let found = Client::forwarded(&headers);
            assert_eq!(found, expected.map(client), "{said:?}");
        }
    }

    /// One client's connections leave all others theirs, and what it had is free again when it is gone.
    #[test]
    fn seats() {
        let admission = Admission::new(MAX_CONNECTIONS + OWN_FILES);
        let greedy = client("192.0.2.1");
        let mut seats: Vec<Seat> = (0..MAX_CONNECTIONS_PER_CLIENT)
            .map(|_| admission.seat(Some(greedy)).expect("a seat"))
            .collect();
        assert_eq!(admission.seat(Some(greedy)).err(), Some(Refused::Client));
        assert!(admission.seat(Some(client("192.0.2.2"))).is_ok());
        seats.pop();
        assert!(admission.seat(Some(greedy)).is_ok());

        let few = Admission::new(OWN_FILES + 2);
        let seats = [few.seat(None).expect("one"), few.seat(None).expect("two")];
        assert_eq!(few.seat(Some(greedy)).err(), Some(Refused::All));
        drop(seats);
        assert!(few.seat(Some(greedy)).is_ok());
    }

    /// Requests of one client wait for each other, then are refused; what clients held of the memory comes back.
    #[tokio::test(start_paused = true)]
    async fn turns_and_memory() {
        let admission = Admission::new(MAX_CONNECTIONS);
        let greedy = client("192.0.2.1");
        let mut turns = Vec::new();
        for _ in 0..MAX_REQUESTS_PER_CLIENT {
            turns.push(admission.turn(greedy).await.expect("a turn"));
        }
        assert_eq!(admission.turn(greedy).await.err(), Some(Refused::Client));
        let other = admission.turn(client("192.0.2.2")).await.expect("a turn");

        let mut held: Vec<Held> = turns.iter().map(Turn::hold).collect();
        let each = MAX_MEMORY_PER_CLIENT / held.len();
        for one in &mut held {
            assert_eq!(one.grow(each / 2), Ok(()));
            assert_eq!(one.grow(each - each / 2), Ok(()));
        }
        assert_eq!(turns[0].hold().grow(1), Err(Refused::Client));
        assert_eq!(other.hold().grow(each), Ok(()));
        drop(held);
        assert_eq!(turns[0].hold().grow(MAX_MEMORY_PER_CLIENT), Ok(()));

        let mut others = Vec::new();
        for n in 0..MAX_MEMORY / MAX_MEMORY_PER_CLIENT {
            let turn = admission.turn(client(&format!("198.51.100.{n}"))).await;
            let mut held = turn.expect("a turn").hold();
            assert_eq!(held.grow(MAX_MEMORY_PER_CLIENT), Ok(()));
            others.push(held);
        }
        assert_eq!(other.hold().grow(1), Err(Refused::All));
        // A turn that waits gets the next that is free.
        drop(turns.pop());
        assert!(admission.turn(greedy).await.is_ok());
    }
}
