//! What every answer tells browsers to refuse.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

/// Sets the headers that keep a page to itself. An answer that brought its own policy keeps it.
pub(crate) fn secure(headers: &mut HeaderMap, token_url: &str) {
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.extend(
            HeaderValue::try_from(policy(token_url))
                .map(|value| (header::CONTENT_SECURITY_POLICY, value)),
        );
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Everything from here and nothing inline; the only foreign address is the issuer's token endpoint.
fn policy(token_url: &str) -> String {
    let issuer = origin(token_url).map_or(String::new(), |origin| format!(" {origin}"));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
         manifest-src 'self'; connect-src 'self'{issuer}; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}

fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_endpoint_is_added() {
        let table = [
            ("/sign-in/token", "connect-src 'self';"),
            ("", "connect-src 'self';"),
            (
                "https://id.example/oauth/token?x=1",
                "connect-src 'self' https://id.example;",
            ),
        ];
        for (token_url, expected) in table {
            assert!(policy(token_url).contains(expected), "{token_url}");
        }
    }
}
