//! The real host as a process of its own.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::PATIENCE;

/// What a host prints before its address.
const ANNOUNCEMENT: &str = "Nudge is at ";
/// How many lines of the log a test that fails shows.
const LAST_LINES: usize = 60;
/// How long a graceful stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(40);
/// How long a first start may take, which compiles all components on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(240);

/// With what a host starts.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// What is to be kept.
    pub data: PathBuf,
    /// Where mail goes.
    pub mail: Option<SocketAddr>,
    /// The Spin manifest.
    pub manifest: PathBuf,
    /// Dapr's YAML files.
    pub components: PathBuf,
    /// Whether compiled components are shared with other hosts of the tests, which saves each from compiling them.
    pub shared_cache: bool,
    /// More arguments of `nudge run`.
    pub arguments: Vec<String>,
    /// Spin variables, by their names in capitals.
    pub variables: Vec<(String, String)>,
}

impl HostSettings {
    /// The repository's manifest and components over the folder `data`.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            mail: None,
            manifest: root().join("spin.toml"),
            components: root().join("dapr-components"),
            shared_cache: true,
            arguments: Vec::new(),
            variables: Vec::new(),
        }
    }
}

impl HostSettings {
    /// The same, for people who give more commands than one person may.
    #[must_use]
    pub fn without_limits_for_people(mut self) -> Self {
        self.variables
            .push(("COMMANDS_PER_MINUTE".to_owned(), "0".to_owned()));
        self.variables
            .push(("MAILS_PER_HOUR".to_owned(), "0".to_owned()));
        self
    }

    /// Whether `nudge check` finds everything as it should be, and what it says, over the data of a host that does not
    /// run. Mends what is not when `repair`.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn checks(&self, repair: bool) -> (bool, String) {
        let mut command = Command::new(binary());
        command
            .args(["check", "--manifest"])
            .arg(&self.manifest)
            .arg("--components")
            .arg(&self.components)
            .arg("--data")
            .arg(&self.data);
        if repair {
            command.arg("--repair");
        }
        let output = timeout(PATIENCE, command.output()).await;
        let output = output.expect("it ends in time").expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (output.status.success(), said)
    }

    /// What `nudge erase` says, over the data of a host that does not run.
    ///
    /// # Panics
    /// When it fails.
    pub async fn erases(&self, user_id: &str) -> String {
        let (manifest, components) = (self.manifest.display(), self.components.display());
        let arguments = [
            "erase",
            "--user-id",
            user_id,
            "--asked-by",
            "ticket 12",
            "--manifest",
            &manifest.to_string(),
            "--components",
            &components.to_string(),
        ];
        run_command(&self.data, &arguments).await
    }

    /// What `nudge replay` says, over the data of a host that does not run.
    ///
    /// # Panics
    /// When it fails.
    pub async fn replays_to(&self, function: &str) -> String {
        let (manifest, components) = (self.manifest.display(), self.components.display());
        let arguments = [
            "replay",
            "--to",
            function,
            "--manifest",
            &manifest.to_string(),
            "--components",
            &components.to_string(),
        ];
        run_command(&self.data, &arguments).await
    }
}

/// A running host; killed when it is dropped.
#[derive(Debug)]
pub struct Host {
    child: Child,
    address: String,
    settings: HostSettings,
}

impl Host {
    /// Starts a host and waits until it listens.
    ///
    /// # Panics
    /// When it does not start; the message has what it said.
    pub async fn start(settings: HostSettings) -> Self {
        match Self::try_start(settings).await {
            Ok(host) => host,
            Err(said) => panic!("the host did not start: {said}"),
        }
    }

    /// Starts a host.
    ///
    /// # Errors
    /// What it said when it ended instead.
    ///
    /// # Panics
    /// When there is no host to be started.
    pub async fn try_start(settings: HostSettings) -> Result<Self, String> {
        fs::create_dir_all(&settings.data).expect("a data folder");
        if settings.shared_cache {
            share_cache(&settings.data);
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(log_path(&settings.data))
            .expect("a log file");
        let said_before = fs::read_to_string(log_path(&settings.data)).unwrap_or_default();
        let mut command = Command::new(binary());
        command
            .arg("run")
            .args(["--port", "0"])
            .arg("--data")
            .arg(&settings.data)
            .arg("--manifest")
            .arg(&settings.manifest)
            .arg("--components")
            .arg(&settings.components)
            .args(&settings.arguments)
            .current_dir(root())
            .env("SMTP_FROM", "nudge@example.test")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        for (name, value) in &settings.variables {
            command.env(format!("SPIN_VARIABLE_{name}"), value);
        }
        if let Some(mail) = settings.mail {
            command
                .env("SMTP_HOST", mail.ip().to_string())
                .env("SMTP_PORT", mail.port().to_string());
        }
        let mut child = command.spawn().expect("a host process");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let announced = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(address) = line.strip_prefix(ANNOUNCEMENT) {
                    return Some(address.replace("localhost", "127.0.0.1"));
                }
            }
            None
        };
        let Some(address) = timeout(START_LIMIT, announced).await.ok().flatten() else {
            child.kill().await.ok();
            let said = fs::read_to_string(log_path(&settings.data)).unwrap_or_default();
            return Err(said[said_before.len().min(said.len())..].to_owned());
        };
        // What it prints later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            child,
            address,
            settings,
        })
    }

    /// Where it is, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// With what it was started.
    #[must_use]
    pub fn settings(&self) -> &HostSettings {
        &self.settings
    }

    /// What it wrote to its log, earlier runs on the same data included.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(log_path(&self.settings.data)).unwrap_or_default()
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id().expect("a running host")
    }

    /// `kill -9`
    pub async fn kill(mut self) -> HostSettings {
        self.child.kill().await.expect("the host is killed");
        self.settings.clone()
    }

    /// Asks it to end, as service managers do, and waits until it has.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(mut self) -> (ExitStatus, HostSettings) {
        self.ask_to_stop();
        let ended = timeout(STOP_LIMIT, self.child.wait()).await;
        let status = ended.expect("the host ends in time").expect("its status");
        (status, self.settings.clone())
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// When it has ended.
    pub fn ask_to_stop(&self) {
        let id = i32::try_from(self.process()).expect("a process id");
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("a signal");
    }

    /// Ends it and starts it again on the same data.
    pub async fn restart(self) -> Self {
        let (_, settings) = self.stop().await;
        Self::start(settings).await
    }
}

/// A test that fails says what the host said last.
impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
            eprintln!("the host's log ends:\n{}", last.join("\n"));
        }
    }
}

/// The output of one of the host's other commands.
///
/// # Panics
/// When it fails.
pub(crate) async fn run_command(data: &Path, arguments: &[&str]) -> String {
    run_command_with(data, arguments, Stdio::null()).await
}

/// Makes `name` a person who signs in with `passphrase` at the host whose data folder is `data`.
///
/// # Panics
/// When the command fails.
pub async fn set_passphrase(data: &Path, name: &str, passphrase: &str) {
    let mut line = tempfile::tempfile().expect("a file");
    writeln!(line, "{passphrase}").expect("written");
    line.rewind().expect("a file");
    run_command_with(data, &["person", name], line.into()).await;
}

/// What one of the program's other commands prints, over the data folder `data`.
///
/// # Errors
/// What it says when it fails.
///
/// # Panics
/// When it does not run, or does not end.
pub async fn runs_command(data: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(binary());
    command.args(arguments).arg("--data").arg(data);
    let output = timeout(PATIENCE, command.stdin(Stdio::null()).output()).await;
    let output = output.expect("it ends in time").expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

async fn run_command_with(data: &Path, arguments: &[&str], input: Stdio) -> String {
    let mut command = Command::new(binary());
    command.args(arguments).arg("--data").arg(data).stdin(input);
    let output = timeout(PATIENCE, command.output()).await;
    let output = output.expect("it ends in time").expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "nudge {} failed: {said}",
        arguments.join(" ")
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The repository's root.
///
/// # Panics
/// Never: this package lies two folders below it.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .ancestors()
        .nth(2)
        .expect("the repository")
        .to_owned()
}

fn log_path(data: &Path) -> PathBuf {
    data.join("host.log")
}

/// Lets `compiled` in the data folder be one that all tests use.
fn share_cache(data: &Path) {
    let shared = root().join("target/tmp/compiled");
    fs::create_dir_all(&shared).expect("a folder for compiled components");
    let link = data.join("compiled");
    if !link.exists() {
        std::os::unix::fs::symlink(&shared, &link).expect("a link to the compiled components");
    }
}

/// The host binary. One that is older than its sources would test something else than what is there.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("NUDGE_BIN") {
        return path.into();
    }
    let path = root().join("target/debug/nudge");
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    let built = changed(&path)
        .unwrap_or_else(|_| panic!("there is no host; run cargo build -p nudge, or set NUDGE_BIN"));
    // What cargo says that the binary was made of.
    let made_of = fs::read_to_string(path.with_extension("d")).unwrap_or_default();
    let sources = made_of.split_once(": ").map_or("", |(_, sources)| sources);
    for source in sources.split_ascii_whitespace() {
        let is_newer = changed(Path::new(source)).is_ok_and(|changed| changed > built);
        assert!(
            !is_newer,
            "{source} is newer than the host; run cargo build -p nudge"
        );
    }
    path
}
