//! The sign-in's own small pages: no script, no asset.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::people::People;

const STYLE: &str = "body{font:17px/1.5 system-ui;max-width:22rem;margin:18vh auto;padding:0 1rem;color:#2b2622;\
background:#faf7f2}input,select,button{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.4rem 0 1rem;\
padding:.6rem;border:1px solid #b9aea2;border-radius:.5rem;background:#fff;color:inherit}button{background:#b4472b;\
color:#fff;border:0}p.wrong{color:#a3301b}";

/// The form that asks who somebody is. Where strangers may see it, it names nobody.
pub(super) fn form(
    query: &str,
    people: &People,
    demanding: bool,
    wrong: Option<&str>,
) -> Response<Bytes> {
    let who = match people.only_one() {
        Some(_) => String::new(),
        None if demanding => "<label>Who are you?<input name=name autocomplete=username \
            autocapitalize=none required></label>"
            .to_owned(),
        None => {
            let options: String = people
                .names()
                .map(|name| format!("<option>{}</option>", escape(name)))
                .collect();
            format!("<label>Who are you?<select name=name>{options}</select></label>")
        }
    };
    let wrong = wrong
        .map(|text| format!("<p class=wrong role=alert>{text}</p>"))
        .unwrap_or_default();
    let required = if demanding { " required" } else { "" };
    let body = format!(
        "<h1>Nudge</h1>{wrong}<form method=post action=\"/sign-in/authorize?{}\">{who}\
        <label>Passphrase<input name=passphrase type=password autocomplete=current-password{required}></label>\
        <button>Sign in</button></form>",
        escape(query)
    );
    page(StatusCode::OK, &body)
}

/// There were too many wrong passphrases; `wait` says after how long the next one is looked at.
pub(super) fn too_many(wait: Duration) -> Response<Bytes> {
    let seconds = wait.as_secs() + 1;
    let mut response = page(
        StatusCode::TOO_MANY_REQUESTS,
        &format!(
            "<h1>Nudge</h1><p class=wrong role=alert>There were too many wrong tries. Go back, and try again in {seconds} \
            seconds. A browser in which you have signed in before is not held up.</p>"
        ),
    );
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Why a request to sign in is refused.
pub(super) fn refusal(reason: &str) -> Response<Bytes> {
    page(
        StatusCode::BAD_REQUEST,
        &format!(
            "<h1>Nudge</h1><p class=wrong role=alert>{}</p><p><a href=\"/\">Back</a></p>",
            escape(reason)
        ),
    )
}

pub(super) fn redirect(location: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn page(status: StatusCode, body: &str) -> Response<Bytes> {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
        <title>Sign in to Nudge</title><style>{STYLE}</style>{body}"
    );
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        // With no-referrer, browsers send the form with the origin "null".
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
