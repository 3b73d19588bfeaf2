//! Invocation of addresses outside. Private addresses are refused after the name was resolved, unless allowed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::apps::Internal;
use crate::response::{ApiResult, Failure};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Largest answer, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Calls out of the process.
pub(crate) struct External {
    internal: Arc<dyn Internal>,
    client: reqwest::Client,
    allow_private: bool,
}

impl External {
    pub(crate) fn new(internal: Arc<dyn Internal>, allow_private: bool) -> Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(TIME_LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly { allow_private }))
            .build()?;
        Ok(Self {
            internal,
            client,
            allow_private,
        })
    }

    pub(crate) async fn call(&self, request: Request<Bytes>) -> ApiResult {
        if let Some(answer) = self.internal.call(&request) {
            return Ok(answer.await);
        }
        let request = reqwest::Request::try_from(request).map_err(failed)?;
        if !self.allow_private
            && let Some(address) = literal_address(request.url())
            && !is_public(address)
        {
            return Err(failed(format!(
                "{address} is a private address; calls there are not allowed"
            )));
        }
        let mut response = self
            .client
            .execute(request)
            .await
            .map_err(|error| failed(sentence(&error)))?;
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failed(sentence(&error)))?
        {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(failed("the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(Bytes::from(body));
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        answer.headers_mut().remove(http::header::TRANSFER_ENCODING);
        Ok(answer)
    }
}

/// The address that stands in a URL instead of a name, which no resolver gets to see. The parsed URL is asked, because
/// an address can be written in many ways (`http://2130706433/`, `http://0x7f.1/`).
fn literal_address(url: &reqwest::Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_matches(['[', ']']).parse().ok()
}

/// The error with its causes, without the URL, which may hold a secret.
fn sentence(error: &reqwest::Error) -> String {
    let mut text = String::from("no answer");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn failed(reason: impl ToString) -> Failure {
    Failure::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "ERR_DIRECT_INVOKE",
        reason,
    )
}

/// Resolves names, and leaves out private addresses.
struct PublicOnly {
    allow_private: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found
                .filter(|address| allow_private || is_public(address.ip()))
                .collect();
            if addresses.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
                || shared
                || a == 0
                || a >= 240)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                let first = v6.segments()[0];
                let local = (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80;
                // 64:ff9b::/96, 2002::/16 and ::/96 lead to IPv4 addresses, private ones among them.
                let leads_to_v4 = first == 0x64 || first == 0x2002 || v6.segments()[..6] == [0; 6];
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || local
                    || leads_to_v4)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
        for public in ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }

    #[test]
    fn addresses_in_any_spelling() {
        for (url, address) in [
            ("http://127.0.0.1/", Some("127.0.0.1")),
            ("http://2130706433/", Some("127.0.0.1")),
            ("http://0x7f.1/", Some("127.0.0.1")),
            ("http://0177.0.0.1/", Some("127.0.0.1")),
            ("http://127.1:8080/", Some("127.0.0.1")),
            ("http://[::1]/", Some("::1")),
            ("http://[::ffff:7f00:1]/", Some("::ffff:127.0.0.1")),
            ("http://localhost/", None),
            ("https://mail.example/", None),
        ] {
            let found = literal_address(&url.parse().expect(url));
            assert_eq!(
                found,
                address.map(|text| text.parse().expect(text)),
                "{url}"
            );
        }
    }

    /// What a name leads to is looked at, too.
    #[tokio::test]
    async fn names_of_private_addresses() {
        let resolver = PublicOnly {
            allow_private: false,
        };
        let found = resolver.resolve("localhost".parse().expect("a name")).await;
        assert!(found.is_err_and(|error| error.to_string().contains("no public address")));
        let resolver = PublicOnly {
            allow_private: true,
        };
        assert!(
            resolver
                .resolve("localhost".parse().expect("a name"))
                .await
                .is_ok()
        );
    }
}
