//! E-mail: a notification as an HTML mail for the binding `smtp-email`.

/// Longest subject, in characters; RFC 5322 section 2.1.1 allows 998 bytes a line.
const MAX_SUBJECT: usize = 200;

/// A mail, before it is given to the binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Subject line.
    pub subject: String,
    /// HTML.
    pub html: String,
}

/// Why a mail comes, at its end; whoever gets a code may never have heard of Nudge.
fn reason(kind: &str) -> &'static str {
    match kind {
        "confirmation" => "You get this mail because somebody entered this address in Nudge.",
        _ => "You get this mail because e-mail is on in your Nudge preferences.",
    }
}

/// Writes the mail. `id` is the notification's: two mails with the same words are told apart by it, and one that is sent
/// twice is known by it.
#[must_use]
pub fn write(id: &str, kind: &str, title: &str, body: &str, link: &str) -> Mail {
    let one_line: String = title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_SUBJECT)
        .collect();
    // Mail programs know tables and inline styles only.
    let html = format!(
        include_str!("mail.html"),
        id = escape(id),
        title = escape(title),
        body = escape(body),
        link = escape(link),
        reason = reason(kind),
    );
    Mail {
        subject: one_line,
        html,
    }
}

/// Whether mail can be sent to `address`: one `@` with something on both sides, and nothing that a header could be
/// broken with.
#[must_use]
pub fn is_address(address: &str) -> bool {
    let plain = address.len() <= 254
        && address
            .chars()
            .all(|c| !c.is_control() && !c.is_whitespace() && !",;<>\"".contains(c));
    plain
        && address.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.contains('@')
        })
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(c),
        }
        escaped
    })
}

#[cfg(target_arch = "wasm32")]
mod component {
    use exports::nudge::channels::email::{BindingRequest, Guest, Notification};

    wit_bindgen::generate!({ path: "../../../wit", world: "email-channel" });

    struct Email;

    impl Guest for Email {
        fn prepare(notification: Notification, address: String) -> Result<BindingRequest, String> {
            if !super::is_address(&address) {
                return Err("this is no e-mail address".to_owned());
            }
            let mail = super::write(
                &notification.id,
                &notification.kind,
                &notification.title,
                &notification.body,
                &notification.link,
            );
            Ok(BindingRequest {
                name: "smtp-email".to_owned(),
                operation: "create".to_owned(),
                data: serde_json::Value::String(mail.html).to_string(),
                metadata: vec![
                    ("emailTo".to_owned(), address),
                    // Dapr's binding keeps those of the mail before when they are not set.
                    ("emailCC".to_owned(), String::new()),
                    ("emailBCC".to_owned(), String::new()),
                    ("subject".to_owned(), mail.subject),
                ],
            })
        }
    }

    export!(Email);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_is_text_and_not_markup() {
        let mail = write(
            "0193",
            "reminder",
            "{body} <b>Tea & \"biscuits\"</b>\nfor two",
            "Due today.",
            "http://localhost:3000/?task=1",
        );
        assert_eq!(mail.subject, "{body} <b>Tea & \"biscuits\"</b> for two");
        assert!(
            mail.html
                .contains("{body} &lt;b&gt;Tea &amp; &quot;biscuits&quot;&lt;/b&gt;")
        );
        assert!(mail.html.contains("href=\"http://localhost:3000/?task=1\""));
        assert_eq!(mail.html.matches("Due today.").count(), 1);
        assert_eq!(mail.html.matches("notification-0193").count(), 1);
        assert!(mail.html.contains("e-mail is on in your Nudge preferences"));
    }

    #[test]
    fn a_code_says_to_a_stranger_why_it_comes() {
        let mail = write(
            "0193",
            "confirmation",
            "000000",
            "",
            "http://localhost:3000",
        );
        assert!(mail.html.contains("somebody entered this address"));
        assert!(!mail.html.contains("your Nudge preferences"));
    }

    #[test]
    fn addresses() {
        for good in ["a@b", "mia.o+x@example.org", "ü@bücher.example"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b,c@d",
            "a@b\r\nBcc: c@d",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
