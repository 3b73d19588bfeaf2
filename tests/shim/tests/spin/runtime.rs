//! A runtime with the probe in it, as a process of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// The first start compiles the component.
const START_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Which runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The host's library.
    Host,
    /// The program that `CONFORMANCE_SPIN` names.
    Spin,
}

/// A running one; stopped when it is dropped.
pub(crate) struct Runtime {
    child: Child,
    address: SocketAddr,
    client: reqwest::Client,
    _folder: TempDir,
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `null` when it is something else.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Runtime {
    /// Starts one whose probe may call `server`, with `variables` in its environment.
    pub(crate) async fn start(
        kind: Kind,
        server: Option<SocketAddr>,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_manifest(folder.path());
        let [port] = ports::free().expect("a port");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = match kind {
            Kind::Host => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_shim"));
                command
                    .arg("serve")
                    .arg(folder.path())
                    .arg(address.to_string());
                command
            }
            Kind::Spin => {
                let program = std::env::var_os("CONFORMANCE_SPIN")
                    .expect("CONFORMANCE_SPIN: where spin is, of version 3.6 or later");
                let mut command = Command::new(program);
                command.args(["up", "--quiet", "--listen", &address.to_string(), "--from"]);
                command.arg(folder.path().join("spin.toml"));
                command
            }
        };
        if let Some(server) = server {
            command.env("SPIN_VARIABLE_SERVER", format!("http://{server}"));
        }
        for (name, value) in variables {
            command.env(format!("SPIN_VARIABLE_{name}"), value);
        }
        let log = folder.path().join("log");
        let file = File::create(&log).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log"))
            .stderr(file)
            .spawn()
            .expect("it starts");
        let client = reqwest::Client::builder().no_proxy().build();
        let mut runtime = Self {
            child,
            address,
            client: client.expect("a client"),
            _folder: folder,
        };
        runtime.wait_ready(&log).await;
        runtime
    }

    async fn wait_ready(&mut self, log: &Path) {
        let began = Instant::now();
        let url = format!("http://{}/.well-known/spin/health", self.address);
        while !self
            .client
            .get(&url)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            let has_ended = !matches!(self.child.try_wait(), Ok(None));
            assert!(
                !has_ended && began.elapsed() < START_LIMIT,
                "it is not ready: {}",
                fs::read_to_string(log).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    /// The answer to a request without a body; an error when it does not come whole.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        whole(self.request("GET", path)).await
    }

    /// What the probe says of a request that it sends as it is told to.
    pub(crate) async fn sends(&self, told: &Value) -> Value {
        let request = self.request("POST", "/probe/out").body(told.to_string());
        whole(request).await.expect("an answer").json()
    }
}

/// The answer to `request`; an error when it does not come whole.
pub(crate) async fn whole(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let answer = request.send().await?;
    Ok(Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.bytes().await?.to_vec(),
    })
}

fn write_manifest(folder: &Path) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("probe/spin.toml")).expect("the probe's manifest");
    let target = root.join("../../target").canonicalize().expect("target");
    let component = target.join("wasm/wasm32-wasip1/release/spin_probe.wasm");
    assert!(
        component.exists(),
        "the probe is not built: cargo xtask test builds it"
    );
    let manifest = manifest.replace("../../../target", &target.display().to_string());
    fs::write(folder.join("spin.toml"), manifest).expect("written");
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            kill(Pid::from_raw(pid), Signal::SIGTERM).ok();
        }
        let asked = Instant::now();
        while asked.elapsed() < STOP_LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
