//! `allowed_outbound_hosts`, enforced: where a component may connect to.

use anyhow::{Result, bail};
use http::Uri;

/// The addresses that a component may call.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Vec<Allowed>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    scheme: String,
    /// Without brackets; `*.` in front allows subdomains.
    host: String,
    /// `None`: any port.
    port: Option<u16>,
}

impl AllowedHosts {
    /// Reads entries such as `http://127.0.0.1:3501` or `https://*.example:443`, after their templates were expanded.
    ///
    /// # Errors
    /// When an entry is of another form, or allows everything.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        entries
            .into_iter()
            .map(Allowed::parse)
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Whether a request to `uri` may leave.
    #[must_use]
    pub fn allows(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return false;
        };
        let port = uri.port_u16().or_else(|| default_port(scheme));
        self.0.iter().any(|allowed| {
            allowed.scheme == scheme
                && allowed.host_fits(host)
                && (allowed.port.is_none() || allowed.port == port)
        })
    }
}

impl Allowed {
    fn parse(entry: &str) -> Result<Self> {
        let Some((scheme, rest)) = entry.split_once("://") else {
            bail!(
                "allowed_outbound_hosts: {entry:?} needs a scheme, such as http://127.0.0.1:3500"
            );
        };
        let authority = rest.trim_end_matches('/');
        if authority.contains('/') || authority.is_empty() || authority == "*" || scheme == "*" {
            bail!("allowed_outbound_hosts: {entry:?} must name a host, and no path");
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, "*")) => (host, None),
            Some((host, port)) if !port.ends_with(']') => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => bail!("allowed_outbound_hosts: {entry:?} has a port that is no number"),
            },
            _ => (authority, default_port(scheme)),
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    fn host_fits(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match self.host.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => host == self.host,
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_allowed() {
        let hosts = AllowedHosts::parse([
            "http://127.0.0.1:3501",
            "https://*.example",
            "http://[::1]:80",
        ]);
        let hosts = hosts.expect("entries");
        let cases = [
            ("http://127.0.0.1:3501/v1.0/state", true),
            ("http://127.0.0.1:3502/", false),
            ("https://127.0.0.1:3501/", false),
            ("http://127.0.0.1.evil:3501/", false),
            ("https://mail.example/x", true),
            ("https://mail.example:8443/x", false),
            ("https://example/x", false),
            ("http://[::1]/x", true),
            ("/relative", false),
        ];
        for (uri, expected) in cases {
            assert_eq!(hosts.allows(&uri.parse().expect(uri)), expected, "{uri}");
        }
        for entry in ["*", "http://*", "https://a/b", "a.example", "http://a:b"] {
            assert!(AllowedHosts::parse([entry]).is_err(), "{entry}");
        }
    }
}
