//! What every answer tells browsers to refuse.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use crate::SignIn;

/// Sets the headers that keep a page to itself. An answer that brought its own policy keeps it.
pub(crate) fn secure(headers: &mut HeaderMap, sign_in: &SignIn, is_https: bool) {
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.extend(
            HeaderValue::try_from(policy(sign_in))
                .map(|value| (header::CONTENT_SECURITY_POLICY, value)),
        );
    }
    if is_https {
        // A year in which the browser takes no other way (RFC 6797).
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
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

/// Everything from here and nothing inline; the only foreign addresses are those of the issuer that the screen calls.
fn policy(sign_in: &SignIn) -> String {
    let mut issuer = String::new();
    for origin in [&sign_in.token_url, &sign_in.revocation_url]
        .into_iter()
        .filter_map(|url| origin(url))
    {
        if !issuer.ends_with(&origin) {
            issuer = format!("{issuer} {origin}");
        }
    }
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
    fn only_what_the_screen_calls_is_added() {
        let table = [
            ("/sign-in/token", "/sign-in/revoke", "connect-src 'self';"),
            ("", "", "connect-src 'self';"),
            (
                "https://id.example/oauth/token?x=1",
                "https://id.example/oauth/revoke",
                "connect-src 'self' https://id.example;",
            ),
            (
                "https://id.example/token",
                "https://end.example/revoke",
                "connect-src 'self' https://id.example https://end.example;",
            ),
        ];
        for (token_url, revocation_url, expected) in table {
            let sign_in = SignIn {
                token_url: token_url.to_owned(),
                revocation_url: revocation_url.to_owned(),
                ..SignIn::default()
            };
            assert!(policy(&sign_in).contains(expected), "{token_url}");
        }
    }
}
