//! Why a mail was not taken, as it may stand in a log and on record: a sentence of a few, with the numbers that the server
//! said (RFC 5321 section 4.2, RFC 3463). Its words are left out: they name addresses.

use dapr::DaprError;

/// The sentence for why Dapr did not hand a mail over.
pub(crate) fn of(error: &DaprError) -> String {
    match error {
        DaprError::Unavailable { detail, .. }
        | DaprError::Refused { detail, .. }
        | DaprError::Corrupt { detail, .. } => sentence(detail),
        DaprError::Conflict => sentence(""),
    }
}

/// The sentence for what was heard of a mail that was not taken.
fn sentence(heard: &str) -> String {
    let no_server = ["no mail server is set", "find output binding"];
    if no_server.iter().any(|words| heard.contains(words)) {
        return "there is no mail server".to_owned();
    }
    if heard.contains("STARTTLS") {
        return "the mail server offers no encryption, without which it is given no password"
            .to_owned();
    }
    let Some((code, rest)) = reply_code(heard) else {
        return "the mail server can't be reached, or did not answer".to_owned();
    };
    let numbers = match enhanced_code(rest, code) {
        Some(enhanced) => format!("{code} {enhanced}"),
        None => code.to_owned(),
    };
    match code.starts_with('5') {
        true => format!("the mail server refused it ({numbers})"),
        false => format!("the mail server did not take it now ({numbers})"),
    }
}

/// The first number that stands where a reply's does, and what comes behind it. The words begin with the status of Dapr's
/// own answer, which is none.
fn reply_code(heard: &str) -> Option<(&str, &str)> {
    let (_, words) = heard.split_once(": ")?;
    let is_reply = |at: usize| {
        let code = words.get(at..at + 3)?;
        let is_number = code.starts_with(['4', '5']) && code.bytes().all(|b| b.is_ascii_digit());
        let before = words[..at].chars().next_back();
        let stands_alone = before.is_none_or(|c| c == '(' || c == '"' || c.is_whitespace());
        let rest = &words[at + 3..];
        let ends = rest.starts_with([' ', '-', ')']);
        (is_number && stands_alone && ends).then_some((code, rest))
    };
    words.char_indices().find_map(|(at, _)| is_reply(at))
}

/// The enhanced code of the same class, if it comes next.
fn enhanced_code<'a>(rest: &'a str, code: &str) -> Option<&'a str> {
    let rest = rest.trim_start_matches([')', ':', ' ', '-']);
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    let enhanced = &rest[..end.unwrap_or(rest.len())];
    let mut parts = enhanced.split('.');
    let is_of_class = parts.next() == code.get(..1);
    let short = |part: &str| (1..=3).contains(&part.len());
    (is_of_class && parts.clone().count() == 2 && parts.all(short)).then_some(enhanced)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen to fail: every one that names an address, as long as the server's words were passed on.
    #[test]
    fn the_servers_words_are_left_out() {
        const NOT_REACHED: &str = "the mail server can't be reached, or did not answer";
        let table = [
            (
                r#"500 Internal Server Error: {"message":"the mail server did not take it: permanent error (550): 5.1.1 <mia@b.test>: no such user"}"#,
                "the mail server refused it (550 5.1.1)",
            ),
            (
                r#"500 Internal Server Error: {"message":"error from smtp binding, sending email failed: gomail: could not send email 1: 550 5.1.1 <mia@b.test> unknown"}"#,
                "the mail server refused it (550 5.1.1)",
            ),
            (
                "500 Internal Server Error: permanent error (554): mia@b.test is listed",
                "the mail server refused it (554)",
            ),
            (
                "500 Internal Server Error: transient error (451): 4.7.1 mia550@b.test: later",
                "the mail server did not take it now (451 4.7.1)",
            ),
            (
                "500 Internal Server Error: 421-mia@b.test: try later",
                "the mail server did not take it now (421)",
            ),
            // Codes of another class, and what only looks like one.
            (
                "500 Internal Server Error: permanent error (550): 4.1.1 mia@b.test",
                "the mail server refused it (550)",
            ),
            (
                "500 Internal Server Error: permanent error (550): 5.1.1.1 mia@b.test",
                "the mail server refused it (550)",
            ),
            (
                "500 Internal Server Error: dial tcp 10.0.0.5:587: refused",
                NOT_REACHED,
            ),
            (
                "500 Internal Server Error: mia500@b.test, 5500 and 55",
                NOT_REACHED,
            ),
            ("500 Internal Server Error", NOT_REACHED),
            ("ü500: ü550ü 5", NOT_REACHED),
            ("", NOT_REACHED),
            (
                "500 Internal Server Error: couldn't find output binding smtp-email",
                "there is no mail server",
            ),
            (
                "500 Internal Server Error: no mail server is set; set SMTP_HOST",
                "there is no mail server",
            ),
            (
                "500 Internal Server Error: the mail server offers no encryption (STARTTLS)",
                "the mail server offers no encryption, without which it is given no password",
            ),
        ];
        for (heard, expected) in table {
            assert_eq!(sentence(heard), expected, "{heard}");
        }
    }
}
