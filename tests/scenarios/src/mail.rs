//! A mail server on loopback that keeps what it takes (RFC 5321, as much as a client needs).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use mailparse::MailHeaderMap;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::eventually;

/// A mail as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// `MAIL FROM`
    pub from: String,
    /// `RCPT TO`
    pub to: Vec<String>,
    /// The message, headers and body.
    pub message: String,
}

impl Mail {
    /// A header's value, decoded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let mail = mailparse::parse_mail(self.message.as_bytes()).ok()?;
        mail.headers.get_first_value(name)
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> String {
        self.header("Subject").unwrap_or_default()
    }

    /// The code that confirms an address, if that is what the mail is for.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let subject = self.subject();
        subject
            .strip_prefix("Your code for Nudge: ")
            .map(str::to_owned)
    }

    /// The body, decoded.
    #[must_use]
    pub fn body(&self) -> String {
        let mail = mailparse::parse_mail(self.message.as_bytes());
        mail.and_then(|mail| mail.get_body()).unwrap_or_default()
    }
}

/// The server; it ends when it is dropped.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Mail>>>,
    task: JoinHandle<()>,
}

impl MailServer {
    /// Listens on `address`, or on a free port of loopback.
    ///
    /// # Panics
    /// When it can't.
    pub async fn start(address: Option<&str>) -> Self {
        let address = address.unwrap_or("127.0.0.1:0");
        let listener = TcpListener::bind(address)
            .await
            .unwrap_or_else(|error| panic!("no mail server at {address}: {error}"));
        let address = listener.local_addr().expect("an address");
        let taken: Arc<Mutex<Vec<Mail>>> = Arc::default();
        let keep = Arc::clone(&taken);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that breaks off has not sent a mail.
                tokio::spawn(serve(stream, Arc::clone(&keep)));
            }
        });
        Self {
            address,
            taken,
            task,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that it has taken for a recipient, the oldest first.
    #[must_use]
    pub fn taken_for(&self, recipient: &str) -> Vec<Mail> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken
            .iter()
            .filter(|mail| mail.to.iter().any(|to| to == recipient))
            .cloned()
            .collect()
    }

    /// The code of the last mail with one for a recipient, which must come.
    pub async fn receives_code(&self, recipient: &str) -> String {
        eventually(&format!("a code for {recipient}"), async || {
            let mails = self.taken_for(recipient).into_iter();
            mails.rev().find_map(|mail| mail.code())
        })
        .await
    }

    /// The first mail for a recipient with this subject, which must come.
    pub async fn receives(&self, recipient: &str, subject: &str) -> Mail {
        let what = format!("a mail for {recipient} with the subject {subject:?}");
        eventually(&what, async || {
            self.taken_for(recipient)
                .into_iter()
                .find(|mail| mail.subject() == subject)
        })
        .await
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, taken: Arc<Mutex<Vec<Mail>>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "HELO" | "NOOP" => "250 mail.test",
            "MAIL" => {
                from = path(line);
                "250 OK"
            }
            "RCPT" => {
                to.push(path(line));
                "250 OK"
            }
            "RSET" => {
                to.clear();
                "250 OK"
            }
            "DATA" => {
                stream.write_all(b"354 End with a dot\r\n").await?;
                let message = data(&mut stream).await?;
                let mail = Mail {
                    from: std::mem::take(&mut from),
                    to: std::mem::take(&mut to),
                    message,
                };
                taken
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(mail);
                "250 Taken"
            }
            "QUIT" => {
                stream.write_all(b"221 Bye\r\n").await?;
                return Ok(());
            }
            _ => "502 Not known here",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// The message up to the line with only a dot, its dots unstuffed (RFC 5321 section 4.5.2).
async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim_end() == "." {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// What stands between the angle brackets.
fn path(line: &str) -> String {
    let inner = line
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or("", |(path, _)| path).to_owned()
}
