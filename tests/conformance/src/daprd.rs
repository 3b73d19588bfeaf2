//! A real daprd as a process of its own.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{APP_API_TOKEN, DAPR_API_TOKEN};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running daprd; stopped when it is dropped.
pub(crate) struct Daprd {
    child: Child,
    pub(crate) port: u16,
}

impl Daprd {
    /// Starts one for `app_id`, whose app is at `app_port`, with the files in `folder`, and waits until it is ready.
    pub(crate) async fn start(app_id: &str, app_port: u16, folder: &Path) -> Self {
        let program = std::env::var_os("CONFORMANCE_DAPRD")
            .expect("CONFORMANCE_DAPRD: run cargo xtask test dapr, which starts what is needed");
        let [http, grpc, internal] = ports::free().expect("free ports");
        // Shared by the daprds of one place, which find each other by it.
        let configuration = folder.join("configuration/nudge.yaml");
        fs::create_dir_all(folder.join("configuration")).expect("a folder");
        fs::write(&configuration, configuration_text(&folder.join("names.db"))).expect("a file");
        // One app may have several.
        let log = folder.join(format!("{app_id}-{http}.log"));
        let file = File::create(&log).expect("a log");
        let child = Command::new(program)
            .args(["--app-id", app_id, "--mode", "standalone"])
            .args(["--app-protocol", "http"])
            .args(["--app-port", &app_port.to_string()])
            .args(["--app-channel-address", "127.0.0.1"])
            .args(["--dapr-http-port", &http.to_string()])
            .args(["--dapr-grpc-port", &grpc.to_string()])
            .args(["--dapr-internal-grpc-port", &internal.to_string()])
            .args(["--dapr-listen-addresses", "127.0.0.1"])
            .args(["--dapr-internal-grpc-listen-address", "127.0.0.1"])
            .args(["--dapr-graceful-shutdown-seconds", "1"])
            .args(["--enable-metrics=false", "--log-level", "warn"])
            .arg("--config")
            .arg(&configuration)
            .arg("--resources-path")
            .arg(folder)
            .env("APP_API_TOKEN", APP_API_TOKEN)
            .env("DAPR_API_TOKEN", DAPR_API_TOKEN)
            .env("DAPR_HOST_IP", "127.0.0.1")
            .env("NAMESPACE", "default")
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log"))
            .stderr(file)
            .spawn()
            .expect("daprd starts");
        let daprd = Self { child, port: http };
        daprd.wait_ready(&log).await;
        daprd
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn dies(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    async fn wait_ready(&self, log: &Path) {
        let url = format!("http://127.0.0.1:{}/v1.0/healthz", self.port);
        let began = Instant::now();
        loop {
            let ready = reqwest::get(&url).await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(
                began.elapsed() < START_LIMIT,
                "daprd is not ready; it said: {}",
                fs::read_to_string(log).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Daprd {
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

fn configuration_text(names: &Path) -> String {
    format!(
        "apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: conformance
spec:
  nameResolution:
    component: sqlite
    version: v1
    configuration:
      connectionString: {}
  features:
    - name: HotReload
      enabled: false
",
        names.display()
    )
}
