//! The second Pushpin, which belongs to these tests: `cargo xtask test dapr` has written its settings, and the gateway
//! publishes to it from the beginning.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use scenarios::eventually;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;

/// How long one try to open a socket may take.
const TRY_LIMIT: Duration = Duration::from_secs(5);

/// There is one, and a test has it for itself.
static TURN: Mutex<()> = Mutex::const_new(());

/// A running Pushpin with its Zurl; killed when it is dropped.
pub(crate) struct Proxy {
    pushpin: Child,
    zurl: Child,
    _turn: MutexGuard<'static, ()>,
}

impl Proxy {
    /// Starts it, and waits until it takes sockets.
    pub(crate) async fn start() -> Self {
        let turn = TURN.lock().await;
        let input = run().join("zurl-in");
        // Of an earlier test's.
        fs::remove_file(&input).ok();
        let zurl = start("zurl", "SOCKETS_SECOND_ZURL");
        eventually("Zurl listens", async || input.exists().then_some(())).await;
        Self {
            pushpin: start_pushpin().await,
            zurl,
            _turn: turn,
        }
    }

    /// Starts Pushpin after it was killed.
    pub(crate) async fn start_again(&mut self) {
        self.pushpin = start_pushpin().await;
    }

    /// `kill -9` of Pushpin, which is several processes.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.pushpin.wait().expect("a killed process ends");
    }

    /// Lets Pushpin hang: it takes connections and bytes, and answers nothing.
    pub(crate) fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// To the process that starts the others first, so that it does not see them end.
    fn signal(&self, signal: Signal) {
        send(&self.pushpin.id().to_string(), signal);
        let files = fs::read_dir(run()).expect("where Pushpin runs").flatten();
        let files = files.map(|file| file.path());
        for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "pid")) {
            send(&fs::read_to_string(&file).unwrap_or_default(), signal);
            if signal == Signal::SIGKILL {
                fs::remove_file(&file).ok();
            }
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.go_on();
        self.signal(Signal::SIGKILL);
        self.zurl.kill().ok();
        self.pushpin.wait().ok();
        self.zurl.wait().ok();
    }
}

/// To a process, if it is there.
fn send(id: &str, signal: Signal) {
    if let Ok(id) = id.trim().parse() {
        kill(Pid::from_raw(id), signal).ok();
    }
}

async fn start_pushpin() -> Child {
    let pushpin = start("pushpin", "SOCKETS_SECOND_PUSHPIN");
    let url = format!("{}/ws", second().replacen("http", "ws", 1));
    // Its port takes connections before its processes have found each other.
    let opens = async || {
        let opened = timeout(TRY_LIMIT, connect_async(&url)).await;
        opened.ok()?.ok()
    };
    let (mut socket, _) = eventually("Pushpin opens sockets", opens).await;
    socket.close(None).await.ok();
    pushpin
}

/// Where its processes find each other.
fn run() -> PathBuf {
    setting("SOCKETS_SECOND_RUN").into()
}

/// Where the second one takes sockets.
pub(crate) fn second() -> String {
    setting("SOCKETS_SECOND_PROXY")
}

/// Where the one that is always there takes sockets.
pub(crate) fn first() -> String {
    setting("SOCKETS_FIRST_PROXY")
}

fn start(program: &str, settings: &str) -> Child {
    Command::new(program)
        .arg(format!("--config={}", setting(settings)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start: {error}"))
}

pub(crate) fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name}: run cargo xtask test dapr"))
}
