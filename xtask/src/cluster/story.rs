//! `helm test`'s script, told to the whole application in one process: what it asks for is what the functions answer.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::chart;
use super::tools::output;
use crate::commands;
use crate::steps;

/// A first start compiles every component; a busy machine has time.
const START: Duration = Duration::from_secs(180);

/// Runs `files/story.sh` against a host with data in `scratch`. The components must have been built.
pub(super) fn is_told(scratch: &Path) -> Result<()> {
    let host = steps::build_nudge(false)?;
    fs::create_dir_all(scratch)?;
    let data = scratch.join("data");
    let [port] = ports::free()?;
    let log = File::create(scratch.join("log"))?;
    let mut running = Command::new(&host);
    running
        .args(["run", "--port", &port.to_string(), "--data"])
        .arg(&data)
        .current_dir(commands::root())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let mut running = Running(running.spawn().context("can't start the host")?);
    running.wait_for(port)?;
    let token = output(Command::new(&host).arg("token").arg("--data").arg(&data))?;
    let issuer = issue(token.trim())?;
    let mut story = Command::new("sh");
    story
        .arg(chart::folder().join("files/story.sh"))
        .env("FRONT", format!("http://127.0.0.1:{port}"))
        .env("HOST", format!("localhost:{port}"))
        .env("TOKEN_URL", format!("http://127.0.0.1:{issuer}/token"))
        .envs([
            ("GRANT", "password"),
            ("CLIENT", "nudge"),
            ("SCOPE", "openid"),
        ])
        .envs([("USERNAME", "somebody"), ("PASSWORD", "something")]);
    output(&mut story).map(drop)
}

/// An OAuth token endpoint, as far as the script knows one: answers every request with `token`. Returns its port.
fn issue(token: &str) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let body = format!(r#"{{"access_token":"opaque","token_type":"bearer","id_token":"{token}"}}"#);
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away has asked for nothing.
            reply(stream, &answer).ok();
        }
    });
    Ok(port)
}

fn reply(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    // The script's whole request is smaller.
    let mut request = [0; 4096];
    let mut length = 0;
    while !is_whole(&request[..length]) {
        match stream.read(&mut request[length..])? {
            0 => return Ok(()),
            read => length += read,
        }
    }
    stream.write_all(answer.as_bytes())
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        body.len() >= length.unwrap_or(0)
    })
}

/// A process that ends with its owner.
struct Running(Child);

impl Running {
    fn wait_for(&mut self, port: u16) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if self.0.try_wait()?.is_some() || started.elapsed() > START {
                bail!("the host did not start");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_request_is_whole_with_its_body() {
        for (request, whole) in [
            ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", true),
            ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na", false),
            ("POST / HTTP/1.1\r\nContent-Le", false),
            ("GET / HTTP/1.1\r\n\r\n", true),
        ] {
            assert_eq!(is_whole(request.as_bytes()), whole, "{request}");
        }
    }
}
