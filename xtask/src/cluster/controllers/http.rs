//! As much of HTTP as the checks speak.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result};

use super::END;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

/// Asks somebody at a port on loopback, by the name of `host`, and waits for the answer as long as a story may take.
pub(super) fn ask(method: &str, port: u16, host: &str, path: &str, body: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(END))?;
    let length = body.len();
    // HTTP/1.0: the answer ends with the connection, and comes in one piece.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, text) = answer.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split_whitespace().nth(1);
    Ok(Answer {
        status: status.context("an answer without a status")?.parse()?,
        text: text.to_owned(),
    })
}
