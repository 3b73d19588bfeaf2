//! A real Kubernetes API server for the length of a check: no nodes, but every object is validated and stored as in a
//! cluster.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::objects;
use super::tools::{self, output};

/// A start takes four seconds on an idle machine; a busy one has time.
const START: Duration = Duration::from_secs(180);

/// The namespace where objects are tried that are not to stay.
pub(super) const DRY_RUN: &str = "dry-run";

/// The server; stopped when it is dropped.
pub(super) struct ApiServer {
    process: Child,
    folder: PathBuf,
    kubectl: PathBuf,
}

impl ApiServer {
    /// Starts one on loopback and waits until it is ready.
    pub(super) fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts one with more flags of kube-apiserver, which go before what it has by itself.
    pub(super) fn start_with(flags: &[&str]) -> Result<Self> {
        let binary = tools::api_server()?;
        let kubectl = tools::kubectl()?;
        // In the system's folder for such things, because the paths of sockets must be short.
        let folder = std::env::temp_dir().join(format!("nudge-api-server-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let [port] = ports::free()?;
        let token = format!("{:x}{port:x}", std::process::id());
        let log = fs::File::create(folder.join("log"))?;
        let process = Command::new(binary)
            .arg(&folder)
            .args([&port.to_string(), &token])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("can't start the API server")?;
        let mut server = Self {
            process,
            folder,
            kubectl,
        };
        fs::write(server.kubeconfig(), kubeconfig(port, &token))?;
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            if output(&mut self.kubectl(&["get", "--raw", "/readyz"])).is_ok() {
                return Ok(());
            }
            let ended = self.process.try_wait()?.is_some();
            if ended || started.elapsed() > START {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                // klog's lines begin with their level.
                let errors: Vec<&str> = log
                    .lines()
                    .filter(|line| line.starts_with(['E', 'F']))
                    .take(10)
                    .collect();
                bail!("the API server did not get ready:\n{}", errors.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The certificates by which pods know it.
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.join("certificates/apiserver.crt")
    }

    /// The key that signs service accounts' tokens.
    pub(super) fn signing_key(&self) -> PathBuf {
        self.folder.join("service-accounts.pem")
    }

    /// The file that kubectl and controllers find this server by.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// kubectl, talking to this server.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.args(arguments);
        self.address(&mut command);
        command
    }

    /// Makes a command of kubectl or helm talk to this server, and keep its own files in the server's folder.
    pub(super) fn address<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", &self.folder);
        for folder in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(folder, self.folder.join(folder.to_lowercase()));
        }
        command
    }

    /// Feeds `yaml` to a kubectl command that reads `-f -`.
    pub(super) fn feed(&self, arguments: &[&str], yaml: &str) -> Result<String> {
        let mut child = self
            .kubectl(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().context("kubectl has no input")?;
        input.write_all(yaml.as_bytes())?;
        drop(input);
        let done = child.wait_with_output()?;
        ensure!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr).trim_end()
        );
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// What the server says of `yaml` when it validates strictly, and stores nothing.
    pub(super) fn dry_run(&self, yaml: &str) -> Result<()> {
        let mut by_namespace: BTreeMap<String, String> = BTreeMap::new();
        for document in yaml.split("\n---") {
            let named = objects::parse(document)?
                .first()
                .and_then(|object| object["metadata"]["namespace"].as_str().map(str::to_owned));
            let documents = by_namespace
                .entry(named.unwrap_or_else(|| DRY_RUN.to_owned()))
                .or_default();
            documents.push_str(document);
            documents.push_str("\n---\n");
        }
        for (namespace, documents) in by_namespace {
            let arguments = [
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "-n",
                &namespace,
                "-f",
                "-",
            ];
            self.feed(&arguments, &documents)?;
        }
        Ok(())
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        // It holds nothing that outlives the check.
        self.process.kill().ok();
        self.process.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn kubeconfig(port: u16, token: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
current-context: check
contexts: [{{ name: check, context: {{ cluster: check, user: check }} }}]
clusters: [{{ name: check, cluster: {{ server: 'https://127.0.0.1:{port}', insecure-skip-tls-verify: true }} }}]
users: [{{ name: check, user: {{ token: '{token}' }} }}]
"
    )
}
