//! One part: a process that is started, watched, started again when it dies, and stopped.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::family::Family;

/// How often a part is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The longest wait before a part that keeps dying is started again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long one look at a part may take.
const LOOK_LIMIT: Duration = Duration::from_secs(2);

/// How a part is run.
pub struct Spec {
    /// Its name, which is also that of its log.
    pub name: String,
    /// Makes the process.
    pub command: Box<dyn Fn() -> Command + Send>,
    /// When it is ready.
    pub ready: Ready,
    /// What asks it to stop.
    pub stop_signal: Signal,
    /// How long it may take to stop before it is killed.
    pub stop_limit: Duration,
}

/// When a part is ready.
pub enum Ready {
    /// When a port on loopback takes connections.
    Port(u16),
    /// When a path answers with 2xx.
    Path(u16, &'static str),
    /// When a program says so by its exit code.
    Program(Box<dyn Fn() -> Command + Send + Sync>),
}

/// A part that is kept alive by a thread of its own until it is stopped.
pub struct Part {
    /// Its name, which is also that of its log.
    pub name: String,
    ready: Ready,
    log: PathBuf,
    started: Instant,
    /// How long it took to become ready, the first time.
    ready_after: OnceLock<Duration>,
    state: Arc<Mutex<State>>,
    family: Family,
    stop_signal: Signal,
    stop_limit: Duration,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    /// Its process, which leads a process group.
    pid: Option<Pid>,
    stopping: bool,
}

impl Part {
    /// Starts a part, whose output goes to a file in `logs`.
    ///
    /// # Errors
    /// When it can't be started at all.
    pub fn start(spec: Spec, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{}.log", spec.name));
        let state = Arc::new(Mutex::new(State::default()));
        let family = Family::new()?;
        let first = spawn((spec.command)(), &spec.name, &log, &family)?;
        lock(&state).pid = Some(pid(&first));
        let Spec {
            name,
            command,
            ready,
            stop_signal,
            stop_limit,
        } = spec;
        let keeper = Keeper {
            name: name.clone(),
            command,
            log: log.clone(),
            state: Arc::clone(&state),
            family: family.clone(),
        };
        Ok(Self {
            name,
            ready,
            log,
            started: Instant::now(),
            ready_after: OnceLock::new(),
            state,
            family,
            stop_signal,
            stop_limit,
            keeper: Some(thread::spawn(move || keeper.keep(first))),
        })
    }

    /// Waits until the part is ready, and says so.
    ///
    /// # Errors
    /// When it is not ready in time, with the end of its log; or when `cancelled` says that nobody waits any more.
    pub fn wait_ready(&self, limit: Duration, cancelled: &dyn Fn() -> bool) -> Result<()> {
        self.wait_ready_since(self.started, limit, cancelled)?;
        let took = self.ready_after.get_or_init(|| self.started.elapsed());
        eprintln!(
            "  {:<28} ready after {:.1} s",
            self.name,
            took.as_secs_f32()
        );
        Ok(())
    }

    /// Waits until the part is ready again, after something happened to it.
    ///
    /// # Errors
    /// As of [`wait_ready`](Self::wait_ready).
    pub fn wait_again(&self, limit: Duration, cancelled: &dyn Fn() -> bool) -> Result<()> {
        self.wait_ready_since(Instant::now(), limit, cancelled)
    }

    fn wait_ready_since(
        &self,
        begun: Instant,
        limit: Duration,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<()> {
        while self.pid().is_none() || !self.is_ready() {
            if cancelled() {
                bail!("stopped while {} was starting", self.name);
            }
            if begun.elapsed() > limit {
                bail!(
                    "{} is not ready after {} s; its log ends with:\n{}",
                    self.name,
                    limit.as_secs(),
                    self.log_end()
                );
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Whether it is ready now.
    pub fn is_ready(&self) -> bool {
        match &self.ready {
            Ready::Port(port) => connect(*port).is_some(),
            Ready::Path(port, path) => answers(*port, path),
            Ready::Program(command) => command()
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
        }
    }

    /// How long it took to become ready, if it did.
    pub fn ready_after(&self) -> Option<Duration> {
        self.ready_after.get().copied()
    }

    /// The memory of all its processes, in MiB: their own, and their share of what they share.
    pub fn memory(&self) -> f64 {
        self.pid().map_or(0.0, |leader| self.family.memory(leader))
    }

    /// Its process, while there is one.
    pub fn pid(&self) -> Option<Pid> {
        lock(&self.state).pid
    }

    /// Sends a signal to the part and all that it started.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            self.family.signal(pid, signal);
        }
    }

    /// Asks the part to stop, and kills it when it does not.
    pub fn stop(&mut self) {
        let Some(keeper) = self.keeper.take() else {
            return;
        };
        let mut state = lock(&self.state);
        state.stopping = true;
        if let Some(pid) = state.pid {
            // The process itself: what it started is its own to stop.
            kill(pid, self.stop_signal).ok();
        }
        drop(state);
        let asked = Instant::now();
        while !keeper.is_finished() {
            if asked.elapsed() > self.stop_limit {
                eprintln!("  {} does not stop, and is killed", self.name);
                self.signal(Signal::SIGKILL);
                break;
            }
            thread::sleep(LOOK_EVERY);
        }
        keeper.join().ok();
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(8);
        lines[from..].join("\n")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The thread that keeps a part alive.
struct Keeper {
    name: String,
    command: Box<dyn Fn() -> Command + Send>,
    log: PathBuf,
    state: Arc<Mutex<State>>,
    family: Family,
}

impl Keeper {
    fn keep(&self, mut child: Child) {
        let mut pause = LOOK_EVERY;
        loop {
            let began = Instant::now();
            let ended = child.wait();
            self.family.end(pid(&child));
            let mut state = lock(&self.state);
            state.pid = None;
            if state.stopping {
                return;
            }
            drop(state);
            let how = ended.map_or_else(|error| error.to_string(), describe);
            pause = if began.elapsed() > LONGEST_PAUSE {
                LOOK_EVERY
            } else {
                (pause * 2).min(LONGEST_PAUSE)
            };
            eprintln!("  {} ended ({how}) and is started again", self.name);
            child = loop {
                thread::sleep(pause);
                let mut state = lock(&self.state);
                if state.stopping {
                    return;
                }
                match spawn((self.command)(), &self.name, &self.log, &self.family) {
                    Ok(child) => {
                        state.pid = Some(pid(&child));
                        break child;
                    }
                    Err(error) => eprintln!("  {error:#}"),
                }
            };
        }
    }
}

/// In a process group of its own: Ctrl-C on the terminal is for us, who know the order of stopping.
fn spawn(mut command: Command, name: &str, log: &Path, family: &Family) -> Result<Child> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("can't write {}", log.display()))?;
    family.adopt(&mut command);
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .process_group(0)
        .spawn()
        .with_context(|| {
            let program = command.get_program().to_string_lossy();
            format!("can't start {name} ({program})")
        })
}

fn describe(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("signal {signal}"),
        None => status.to_string(),
    }
}

fn pid(child: &Child) -> Pid {
    // A process id is never larger.
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), LOOK_LIMIT).ok()?;
    stream.set_read_timeout(Some(LOOK_LIMIT)).ok()?;
    Some(stream)
}

fn answers(port: u16, path: &str) -> bool {
    let Some(mut stream) = connect(port) else {
        return false;
    };
    let asked = write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    );
    let mut start = [0; 12];
    asked.is_ok() && stream.read_exact(&mut start).is_ok() && start.starts_with(b"HTTP/1.1 2")
}
