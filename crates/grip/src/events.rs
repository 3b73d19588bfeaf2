//! The body of a WebSocket-over-HTTP request or answer: events, each `TYPE`, or `TYPE` with a length in hex and content.

/// Most events of one body.
const MAX_EVENTS: usize = 1_024;

/// One event of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The socket was opened; in an answer: may be opened.
    Open,
    /// A text message, or a control message of GRIP.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// Ping, with what the pong has to repeat (RFC 6455 section 5.5.2).
    Ping(Vec<u8>),
    /// Pong, with what the ping said.
    Pong(Vec<u8>),
    /// Closed, with the code (RFC 6455 section 7.4) if there was one.
    Close(Option<u16>),
    /// The connection broke off.
    Disconnect,
}

/// A body that is no list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not WebSocket events: {0}")]
pub struct Malformed(&'static str);

/// Reads a body.
///
/// # Errors
/// [`Malformed`] with what is wrong.
pub fn decode(mut body: &[u8]) -> Result<Vec<Event>, Malformed> {
    let mut events = Vec::new();
    while !body.is_empty() {
        if events.len() == MAX_EVENTS {
            return Err(Malformed("too many"));
        }
        let (line, rest) = split_line(body)?;
        let line = std::str::from_utf8(line).map_err(|_| Malformed("a type is no text"))?;
        let (kind, content, rest) = match line.split_once(' ') {
            None => (line, None, rest),
            Some((kind, length)) => {
                let length = usize::from_str_radix(length, 16)
                    .map_err(|_| Malformed("a length is no hex number"))?;
                let content = rest.get(..length).ok_or(Malformed("content is missing"))?;
                let end = rest[length..]
                    .strip_prefix(b"\r\n")
                    .ok_or(Malformed("content does not end in time"))?;
                (kind, Some(content), end)
            }
        };
        events.push(event(kind, content)?);
        body = rest;
    }
    Ok(events)
}

fn split_line(body: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let end = body
        .windows(2)
        .take(64)
        .position(|pair| pair == b"\r\n")
        .ok_or(Malformed("a line does not end"))?;
    Ok((&body[..end], &body[end + 2..]))
}

fn event(kind: &str, content: Option<&[u8]>) -> Result<Event, Malformed> {
    let bytes = content.unwrap_or_default();
    Ok(match kind {
        "OPEN" => Event::Open,
        "TEXT" => Event::Text(
            String::from_utf8(bytes.to_vec()).map_err(|_| Malformed("a text is not UTF-8"))?,
        ),
        "BINARY" => Event::Binary(bytes.to_vec()),
        "PING" => Event::Ping(bytes.to_vec()),
        "PONG" => Event::Pong(bytes.to_vec()),
        "CLOSE" => Event::Close(
            bytes
                .get(..2)
                .map(|code| u16::from_be_bytes([code[0], code[1]])),
        ),
        "DISCONNECT" => Event::Disconnect,
        _ => return Err(Malformed("a type is not known")),
    })
}

/// Writes a body.
#[must_use]
pub fn encode(events: &[Event]) -> Vec<u8> {
    let mut body = Vec::new();
    for event in events {
        match event {
            Event::Open => body.extend_from_slice(b"OPEN\r\n"),
            Event::Text(text) => with_content(&mut body, "TEXT", text.as_bytes()),
            Event::Binary(bytes) => with_content(&mut body, "BINARY", bytes),
            Event::Ping(bytes) => with_content(&mut body, "PING", bytes),
            Event::Pong(bytes) => with_content(&mut body, "PONG", bytes),
            Event::Close(Some(code)) => with_content(&mut body, "CLOSE", &code.to_be_bytes()),
            Event::Close(None) => body.extend_from_slice(b"CLOSE\r\n"),
            Event::Disconnect => body.extend_from_slice(b"DISCONNECT\r\n"),
        }
    }
    body
}

fn with_content(body: &mut Vec<u8>, kind: &str, content: &[u8]) {
    body.extend_from_slice(format!("{kind} {:x}\r\n", content.len()).as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn as_in_the_protocol() {
        let body =
            b"OPEN\r\nTEXT 5\r\nhello\r\nTEXT 0\r\n\r\nCLOSE 2\r\n\x03\xe8\r\nDISCONNECT\r\n";
        let events = [
            Event::Open,
            Event::Text("hello".to_owned()),
            Event::Text(String::new()),
            Event::Close(Some(1000)),
            Event::Disconnect,
        ];
        assert_eq!(decode(body).as_deref(), Ok(&events[..]));
        assert_eq!(encode(&events), body);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for body in [
            "OPEN",
            "NOPE\r\n",
            "TEXT x\r\n",
            "TEXT 5\r\nhi\r\n",
            "TEXT 2\r\nhi",
            "TEXT 2\r\nhiOPEN\r\n",
        ] {
            assert!(decode(body.as_bytes()).is_err(), "{body:?}");
        }
        assert!(decode(&b"PING\r\n".repeat(MAX_EVENTS + 1)).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            decode(&bytes).ok();
        }

        #[test]
        fn texts_round_trip(texts in prop::collection::vec(".*", 0..8)) {
            let events: Vec<Event> = texts.into_iter().map(Event::Text).collect();
            prop_assert_eq!(decode(&encode(&events)), Ok(events));
        }
    }
}
