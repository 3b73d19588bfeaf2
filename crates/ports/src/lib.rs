//! Ports on loopback for servers that are started a while after their port was chosen.
//!
//! A port that the system chooses (port 0) may be given to an outgoing connection before the server comes to take it: on a
//! machine full of servers that connect to each other, one that lasts. These ports are ones that no connection goes out from.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::TcpListener;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// From here on, and below what systems let connections go out from (by default Linux from 32768, others from
/// 49152). Below Kubernetes' node ports (30000 to 32767) too, which a node lets every pod reach.
const FIRST: u16 = 13_000;
const COUNT: u16 = 17_000;

/// `N` ports that nobody listens on, on loopback. None is given twice by one process.
///
/// # Errors
/// When all are taken.
pub fn free<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    for port in &mut ports {
        *port = next()?;
    }
    Ok(ports)
}

fn next() -> io::Result<u16> {
    static AT: OnceLock<AtomicU16> = OnceLock::new();
    // Processes that do the same at once begin somewhere else.
    let at = AT.get_or_init(|| {
        let random = RandomState::new().hash_one(std::process::id()) % u64::from(COUNT);
        AtomicU16::new(u16::try_from(random).unwrap_or_default())
    });
    for _ in 0..COUNT {
        let port = FIRST + at.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        "no free port on loopback",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_and_free() {
        let mut ports: Vec<u16> = (0..10).flat_map(|_| free::<10>().expect("ports")).collect();
        for port in &ports {
            assert!((FIRST..FIRST + COUNT).contains(port), "{port}");
            assert!(TcpListener::bind(("127.0.0.1", *port)).is_ok(), "{port}");
        }
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 100);
    }
}
