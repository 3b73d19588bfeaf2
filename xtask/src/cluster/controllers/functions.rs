//! Stands in for the functions' pods and for the cluster's network before them: where a function has a replica, it answers;
//! where it sleeps, nobody does.
//!
//! daprd asks it as its app: a route begins with its function's name. The http add-on takes it for its way to everybody, and
//! so reaches Services by names that nobody resolves here.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};

use super::http::{self, Request};
use super::socks;
use crate::cluster::chart::RELEASE;

/// An address of documentation's, which nobody has: the API server takes none of loopback as a pod's.
pub(super) const INTERCEPTOR: &str = "192.0.2.1";

/// All functions, at one port.
pub(super) struct Functions {
    pub(super) port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    awake: BTreeSet<String>,
    /// What was taken in: by whom, and what it was told.
    taken: Vec<(String, String)>,
}

impl Functions {
    /// Listens, with all functions asleep. `admin` is where the interceptor says on loopback how many requests wait.
    pub(super) fn listen(admin: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?;
        let port = listener.local_addr()?.port();
        let state = Arc::default();
        let shared = Arc::clone(&state);
        // It has nothing to finish when the checks end.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Who hangs up has asked for nothing.
                thread::spawn(move || answer(stream, &state, admin).ok());
            }
        });
        Ok(Self { port, state })
    }

    /// These have a replica, and no other has. Says whether that is new.
    pub(super) fn wake(&self, awake: &BTreeSet<String>) -> bool {
        let mut state = lock(&self.state);
        let new = state.awake != *awake;
        state.awake.clone_from(awake);
        new
    }

    /// The functions that have taken in something with this text.
    pub(super) fn took(&self, text: &str) -> BTreeSet<String> {
        let state = lock(&self.state);
        let with_text = state.taken.iter().filter(|(_, told)| told.contains(text));
        with_text.map(|(function, _)| function.clone()).collect()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(mut stream: TcpStream, state: &Mutex<State>, admin: u16) -> Result<()> {
    let host = socks::host(&mut stream)?;
    let request = Request::read(&stream)?;
    let (status, text) = match host.as_deref() {
        Some(INTERCEPTOR) => {
            let asked = http::ask("GET", admin, INTERCEPTOR, &request.path, "")?;
            ("200 OK", asked.text)
        }
        Some(service) => {
            let function = service.strip_suffix(&format!(".{RELEASE}"));
            take(function.unwrap_or_default(), &request, state)
        }
        // daprd asks for subscriptions and settings, which it has from the chart.
        None if request.method != "POST" => ("404 Not Found", String::new()),
        None => {
            let mut parts = request.path.trim_start_matches('/').split('/');
            take(parts.next().unwrap_or_default(), &request, state)
        }
    };
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )?;
    Ok(())
}

fn take(function: &str, request: &Request, state: &Mutex<State>) -> (&'static str, String) {
    let mut state = lock(state);
    if !state.awake.contains(function) {
        return ("503 Service Unavailable", String::new());
    }
    let told = format!("{} {}", request.path, request.body);
    state.taken.push((function.to_owned(), told));
    ("200 OK", r#"{"status":"SUCCESS"}"#.to_owned())
}
