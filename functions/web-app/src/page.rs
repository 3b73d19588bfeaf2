//! Pages that are written here, not built: small, with one style sheet inside that their policy names by its hash.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use function::Response;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

/// The style of all of them.
const STYLE: &str = include_str!("page.css");

/// A page with `title` and a body of HTML.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style>{body}",
        escape(title)
    );
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        STANDARD.encode(Sha256::digest(STYLE))
    );
    let mut response = Response::new(html.into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(
        HeaderValue::try_from(policy).map(|value| (header::CONTENT_SECURITY_POLICY, value)),
    );
    response
}

/// What a component that was built without the screen says.
pub(crate) fn not_built() -> Response {
    let body = "<main><h1>The screen is not built</h1>\
        <p>This component was compiled without <code>web/dist</code>. Build it with \
        <code>cargo xtask build</code>, which needs Node.js 20.19 or later, and start Nudge again.</p>\
        <p>The API works without it: see <a href=\"/api/docs\">its reference</a>.</p></main>";
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "The screen is not built",
        body,
    )
}

/// Text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
