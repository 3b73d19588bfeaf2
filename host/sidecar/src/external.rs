//! Invocation of addresses outside. Private addresses are refused after the name was resolved, unless allowed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::Internal;
use crate::api::{Answer, Failure};

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

    pub(crate) async fn call(&self, request: Request<Bytes>) -> Answer {
        if let Some(answer) = self.internal.call(&request) {
            return Ok(answer.await);
        }
        let host = request
            .uri()
            .host()
            .unwrap_or_default()
            .trim_matches(['[', ']']);
        if host
            .parse::<IpAddr>()
            .is_ok_and(|address| !self.allow_private && !is_public(address))
        {
            return Err(failed(format!(
                "{host} is a private address; calls there are not allowed"
            )));
        }
        let request = reqwest::Request::try_from(request).map_err(failed)?;
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
                // 64:ff9b::/96 leads to IPv4 addresses, private ones among them.
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || local
                    || first == 0x64)
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
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
        for public in ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }
}
