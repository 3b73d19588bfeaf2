use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

fn component(metadata: &[(&str, &str)]) -> Component {
    Component {
        name: "smtp-email".to_owned(),
        kind: "bindings.smtp".to_owned(),
        metadata: owned(metadata),
        schedule: None,
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

/// A mail server that offers no encryption; what it hears.
async fn plain_server() -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 mail.test\r\n").await.ok();
            let mut line = String::new();
            let mut is_message = false;
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                keep.lock().await.push_str(&line);
                let answer: &[u8] = match line.get(..4).unwrap_or_default() {
                    _ if is_message && line != ".\r\n" => b"",
                    "EHLO" => b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n",
                    "AUTH" => b"235 OK\r\n",
                    "DATA" => b"354 End with a dot\r\n",
                    _ => b"250 OK\r\n",
                };
                is_message = answer.starts_with(b"354") || is_message && answer.is_empty();
                stream.write_all(answer).await.ok();
                line.clear();
            }
        }
    });
    (port, heard)
}

/// A password goes to nobody in the clear, on whatever machine; who has none is sent the mail.
///
/// Seen to fail: with STARTTLS only where the server offers it (user, password and mail were sent).
#[tokio::test]
async fn a_password_is_never_sent_in_the_clear() {
    let (port, heard) = plain_server().await;
    let port = port.to_string();
    let server = [
        ("emailFrom", "nudge@example.test"),
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
    ];
    let request = request(&[("emailTo", "mia@example.test")], json!("Due today."));
    let with_password = [("user", "nudge-user"), ("password", "nudge-password")];
    let metadata = [&server[..], &with_password[..]].concat();
    let refused = Line::default().send(&component(&metadata), &request).await;
    let reason = refused.map(|_| ()).expect_err("refused");
    assert!(
        reason.contains("STARTTLS") && reason.contains("SMTP_PORT"),
        "{reason}"
    );
    let said = std::mem::take(&mut *heard.lock().await);
    for word in ["AUTH", "MAIL", "mia@", "Due today."] {
        assert!(!said.contains(word), "{said}");
    }
    let taken = Line::default().send(&component(&server), &request).await;
    assert!(taken.is_ok());
    assert!(heard.lock().await.contains("Due today."));
}

#[test]
fn a_component_without_a_host_sends_no_mail() {
    assert!(has_server(&component(&[("host", "mail.test")])));
    assert!(!has_server(&component(&[("host", ""), ("port", "587")])));
    assert!(!has_server(&component(&[])));
}
