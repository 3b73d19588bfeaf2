//! Pushpin, which holds the WebSockets, and Zurl, by which it calls the functions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::part::{Ready, Spec};
use crate::place::Place;
use crate::programs;

/// Where Pushpin listens.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// WebSockets.
    pub sockets: u16,
    /// What is published to them.
    pub publish: u16,
}

/// One Pushpin with its Zurl, whose settings are written.
pub struct Pushpin {
    name: String,
    /// Where it listens.
    pub ports: Ports,
    /// Where its processes find each other.
    pub run: PathBuf,
    /// Pushpin's own settings.
    pub settings: PathBuf,
    /// Zurl's settings.
    pub zurl_settings: PathBuf,
}

/// A Pushpin called `name`, which passes sockets on to `functions_port`, signed with `key`.
pub fn prepare(
    place: &Place,
    name: &str,
    ports: Ports,
    functions_port: u16,
    key: &str,
) -> Result<Pushpin> {
    programs::need("pushpin", "pushpin", "")?;
    let folder = place.parts.join(name);
    fs::create_dir_all(&folder)?;
    let run = run_folder(&folder)?;
    let (settings, zurl_settings, routes) = (
        folder.join("pushpin.conf"),
        folder.join("zurl.conf"),
        folder.join("routes"),
    );
    fs::write(&routes, format!("* 127.0.0.1:{functions_port},over_http\n"))?;
    fs::write(&zurl_settings, zurl_text(&run))?;
    fs::write(&settings, pushpin_text(&run, &routes, ports, key))?;
    Ok(Pushpin {
        name: name.to_owned(),
        ports,
        run,
        settings,
        zurl_settings,
    })
}

impl Pushpin {
    /// Zurl and Pushpin, in the order in which they start.
    pub fn specs(&self) -> [Spec; 2] {
        let (settings, zurl_settings) = (self.settings.clone(), self.zurl_settings.clone());
        let input = self.run.join("zurl-in");
        let zurl = Spec {
            name: self.name.replace("pushpin", "zurl"),
            command: Box::new(move || {
                let mut command = Command::new("zurl");
                command.arg(format!("--config={}", zurl_settings.display()));
                command
            }),
            ready: Ready::Program(Box::new(move || {
                let mut command = Command::new("test");
                command.arg("-S").arg(&input);
                command
            })),
            stop_signal: Signal::SIGTERM,
            stop_limit: Duration::from_secs(5),
        };
        let pushpin = Spec {
            name: self.name.clone(),
            command: Box::new(move || {
                let mut command = Command::new("pushpin");
                command.arg("--merge-output").arg("--config").arg(&settings);
                command
            }),
            ready: Ready::Port(self.ports.publish),
            stop_signal: Signal::SIGTERM,
            stop_limit: Duration::from_secs(10),
        };
        [zurl, pushpin]
    }
}

/// Unix sockets have short names, so they can't live in a data folder that may lie deep.
fn run_folder(folder: &Path) -> Result<PathBuf> {
    let name = folder.display().to_string();
    let digest = programs::digest(&[name.as_bytes()]);
    let run = std::env::temp_dir().join(format!("nudge-{digest:016x}"));
    // Sockets of an earlier run would be taken for this one's.
    fs::remove_dir_all(&run).ok();
    fs::create_dir_all(&run)?;
    Ok(run)
}

fn zurl_text(run: &Path) -> String {
    let run = run.display();
    format!(
        "# Written by nudge at every start.
[General]
in_spec=ipc://{run}/zurl-in
in_stream_spec=ipc://{run}/zurl-in-stream
out_spec=ipc://{run}/zurl-out
in_req_spec=ipc://{run}/zurl-req
ipc_file_mode=600
defpolicy=allow
allow=
deny=
max_open_requests=10000
buffer_size=200000
timeout=600
in_hwm=1000
out_hwm=1000
"
    )
}

/// Without `message_rate`: with any, Pushpin lets messages out in batches, 25 ms apart.
fn pushpin_text(run: &Path, routes: &Path, ports: Ports, key: &str) -> String {
    let (run, routes) = (run.display(), routes.display());
    let Ports { sockets, publish } = ports;
    format!(
        "# Written by nudge at every start.
[global]
include={{libdir}}/internal.conf
rundir={run}
ipc_prefix=pushpin-
port_offset=0

[runner]
services=condure,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:{sockets}
logdir={run}
log_level=1
client_buffer_size=65536
client_maxconn=10000
condure_bin=condure

[proxy]
routesfile={routes}
zurl_out_specs=ipc://{run}/zurl-in
zurl_out_stream_specs=ipc://{run}/zurl-in-stream
zurl_in_specs=ipc://{run}/zurl-out
sig_iss=pushpin
sig_key={key}
updates_check=off

[handler]
push_in_spec=ipc://{run}/push-in
push_in_sub_specs=ipc://{run}/push-in-sub
push_in_http_addr=127.0.0.1
push_in_http_port={publish}
push_in_http_max_headers_size=10000
push_in_http_max_body_size=1000000
command_spec=ipc://{run}/command
stats_spec=ipc://{run}/stats
message_hwm=25000
"
    )
}
