use std::collections::HashMap;

use serde_json::json;

use super::*;

fn component(metadata: &[(&str, &str)]) -> Component {
    Component {
        name: "smtp-email".to_owned(),
        kind: "bindings.smtp".to_owned(),
        metadata: owned(metadata),
        scopes: Vec::new(),
    }
}

fn request(metadata: &[(&str, &str)], data: Value) -> Request {
    Request {
        operation: "create".to_owned(),
        data,
        metadata: owned(metadata),
    }
}

fn owned(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn text(message: &Message) -> String {
    String::from_utf8(message.formatted()).expect("a message is text")
}

/// What stands in the request goes before what stands in the component; an empty value takes the component's away.
#[test]
fn headers() {
    let component = component(&[
        ("emailFrom", "nudge@example.test"),
        ("emailCC", "boss@example.test"),
        ("subject", "From the component"),
    ]);
    let request = request(
        &[
            ("emailTo", "mia@example.test; tom@example.test"),
            ("emailCC", ""),
            ("emailBCC", ""),
            ("subject", "Pay rent – now"),
        ],
        json!("<p>Due today.</p>"),
    );
    let message = message(&component, &request).expect("a mail");
    let envelope = message.envelope();
    let to: Vec<String> = envelope.to().iter().map(ToString::to_string).collect();
    assert_eq!(to, ["mia@example.test", "tom@example.test"]);
    let text = text(&message);
    assert!(text.contains("From: nudge@example.test"), "{text}");
    assert!(text.contains("Content-Type: text/html"), "{text}");
    assert!(!text.contains("boss"), "{text}");
    assert!(!text.contains("From the component"), "{text}");
}

/// A mail that is sent again has the Message-ID that it had; another one has another.
#[test]
fn the_same_mail_has_the_same_id() {
    let component = component(&[("emailFrom", "nudge@example.test")]);
    let id = |to: &str, subject: &str, body: &str| {
        let request = request(&[("emailTo", to), ("subject", subject)], json!(body));
        let text = text(&message(&component, &request).expect("a mail"));
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "));
        line.expect("a Message-ID").to_owned()
    };
    let first = id("mia@example.test", "Pay rent", "1");
    assert_eq!(first, id("mia@example.test", "Pay rent", "1"));
    for other in [
        id("mia@example.test", "Pay rent", "2"),
        id("mia@example.test", "Pay", "rent1"),
        id("tom@example.test", "Pay rent", "1"),
    ] {
        assert_ne!(first, other);
    }
    assert!(
        first.starts_with('<') && first.ends_with("@nudge.invalid>"),
        "{first}"
    );
}

/// What can't be sent says why.
#[test]
fn what_is_missing_is_said() {
    let from = ("emailFrom", "nudge@example.test");
    for (metadata, to, words) in [
        (vec![from], "", "emailTo is missing"),
        (vec![], "mia@example.test", "emailFrom is missing"),
        (vec![from], "nobody", "is no mail address"),
        (
            vec![from],
            "a@b.test\r\nBcc: c@d.test",
            "is no mail address",
        ),
    ] {
        let request = request(&[("emailTo", to)], json!("x"));
        let error = message(&component(&metadata), &request).expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    for (metadata, words) in [
        (vec![from], "SMTP_HOST"),
        (vec![from, ("host", "mail.test"), ("port", "x")], "port"),
    ] {
        let error = transport(&component(&metadata))
            .map(|_| ())
            .expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    assert!(transport(&component(&[from, ("host", "mail.test"), ("port", "465")])).is_ok());
}
