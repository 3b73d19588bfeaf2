//! As much of HTTP as the checks speak.

use std::io::{BufRead, BufReader, Read, Write};
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

/// A request.
pub(in crate::cluster) struct Request {
    pub(in crate::cluster) method: String,
    pub(in crate::cluster) path: String,
    pub(in crate::cluster) body: String,
}

impl Request {
    /// Reads one, which must be all that the connection holds.
    pub(in crate::cluster) fn read(stream: &TcpStream) -> Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let method = words.next().context("no method")?;
        let path = words.next().context("no path")?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Self {
            method,
            path,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}
