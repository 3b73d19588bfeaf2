//! Whether a request comes from whoever runs the host, or is passed on for somebody who may be anywhere.

use std::net::SocketAddr;

use http::{Request, Version};

/// What reverse proxies and tunnels add to requests.
const HEADERS: [&str; 9] = [
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-real-ip",
];
/// How more of them begin: `X-Forwarded-For`, `CF-Connecting-IP`, `Tailscale-User-Login`.
const PREFIXES: [&str; 4] = ["cf-", "tailscale-", "x-forwarded", "x-original-"];

/// Both ends of a connection: the host's own, and the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// The host's own.
    pub near: SocketAddr,
    /// That of a browser, or of a proxy.
    pub far: SocketAddr,
}

/// Whether a request says that it was passed on, or the other end is another account of this machine: that of a proxy which
/// says nothing, or of another person. No browser speaks HTTP/1.0 any more, and some proxies do.
pub(super) fn is_passed_on<B>(request: &Request<B>, ends: Option<Ends>) -> bool {
    let of_proxies = |name: &str| {
        HEADERS.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    request.version() < Version::HTTP_11
        || request
            .headers()
            .keys()
            .any(|name| of_proxies(name.as_str()))
        || ends.is_some_and(is_another_account)
}

/// Where the system does not say whose connection it is, it counts as one's own. Root may read everything anyhow.
#[cfg(target_os = "linux")]
fn is_another_account(ends: Ends) -> bool {
    let table = match ends.far {
        SocketAddr::V4(_) => "/proc/net/tcp",
        SocketAddr::V6(_) => "/proc/net/tcp6",
    };
    let owner = std::fs::read_to_string(table)
        .ok()
        .and_then(|table| owner(&table, ends));
    owner.is_some_and(|owner| owner != 0 && owner != rustix::process::geteuid().as_raw())
}

#[cfg(not(target_os = "linux"))]
fn is_another_account(_: Ends) -> bool {
    false
}

/// The account that has the far end, by the kernel's table of connections.
#[cfg(target_os = "linux")]
fn owner(table: &str, ends: Ends) -> Option<u32> {
    let (far, near) = (in_table(ends.far), in_table(ends.near));
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let is_it = fields.next() == Some(&far) && fields.next() == Some(&near);
        // Behind them: state, queues, timer, retransmits.
        is_it.then(|| fields.nth(4)?.parse().ok()).flatten()
    })
}

/// An address as the kernel writes it: words of 32 bits in the machine's own order.
#[cfg(target_os = "linux")]
fn in_table(address: SocketAddr) -> String {
    let octets = match address {
        SocketAddr::V4(v4) => v4.ip().octets().to_vec(),
        SocketAddr::V6(v6) => v6.ip().octets().to_vec(),
    };
    let words = octets.chunks_exact(4).map(|word| {
        let word = word.try_into().unwrap_or_default();
        format!("{:08X}", u32::from_ne_bytes(word))
    });
    format!("{}:{:04X}", words.collect::<String>(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_told_by_what_they_say() {
        for name in [
            "Via",
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Forwarded-Port",
            "X-Real-IP",
            "CF-Connecting-IP",
            "Tailscale-User-Login",
            "X-Original-Host",
            "X-Client-IP",
        ] {
            let request = Request::get("/").header(name, "x").body(());
            let request = request.expect("a request");
            assert!(is_passed_on(&request, None), "{name}");
        }
        for (version, expected) in [(Version::HTTP_10, true), (Version::HTTP_11, false)] {
            let request = Request::get("/").version(version).header("accept", "x");
            let request = request.body(()).expect("a request");
            assert_eq!(is_passed_on(&request, None), expected, "{version:?}");
        }
    }

    /// The kernel's own table, with a connection of this process in it.
    #[cfg(target_os = "linux")]
    #[test]
    fn whose_connection_it_is() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let near = listener.local_addr().expect("an address");
        let client = std::net::TcpStream::connect(near).expect("a connection");
        let far = client.local_addr().expect("an address");
        let ends = Ends { near, far };
        let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's table");
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(owner(&table, ends), Some(own));
        assert!(!is_another_account(ends));
        let other = Ends {
            near: far,
            far: "192.0.2.1:1".parse().expect("one"),
        };
        assert_eq!(owner(&table, other), None);

        let line = "  12: 00000000000000000000000001000000:C350 00000000000000000000000001000000:0BB8 01 \
                    00000000:00000000 00:00000000 00000000    33        0 1 1 0 20 4 30 10 -1";
        if cfg!(target_endian = "little") {
            let six = Ends {
                near: "[::1]:3000".parse().expect("one"),
                far: "[::1]:50000".parse().expect("one"),
            };
            assert_eq!(owner(line, six), Some(33));
        }
    }
}
