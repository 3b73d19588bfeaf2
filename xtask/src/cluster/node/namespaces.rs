//! Namespaces of the kernel's in which the node lives: network, mounts and processes of its own. When the run ends, however
//! it ends, the kernel ends every process in them, and with the last one go interfaces, rules and mounts.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::cluster::tools::output;
use nudge_parts::place::Place;
use nudge_parts::programs::quietly;
use nudge_parts::stop::Stop;

/// The node's address, on a bridge without ports: of a range for tests of networks (RFC 2544), which is neither private, so
/// that the chart's rules for what is outside of the cluster hold, nor anybody's.
pub(super) const ADDRESS: &str = "198.18.0.1";

/// Where kubelet puts the pods' groups. No namespace can keep it apart, as kubelet writes to the machine's own.
const CGROUP: &str = "nudge-node";

/// What kubelet sets for the whole machine where it is not set.
const TUNABLES: [&str; 6] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
];

/// How often it is looked whether the run has ended, and how long its groups may take to become empty then.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const EMPTY_LIMIT: Duration = Duration::from_secs(20);

/// Runs this program with `arguments` in namespaces of its own, until it ends or somebody asks to stop.
pub(super) fn enter(arguments: &[String], stop: &Stop) -> Result<()> {
    let mut command = Command::new("setpriv");
    // Whoever kills this process kills the first one in there, and so all others.
    command
        .args(["--pdeathsig", "KILL", "--", "unshare"])
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
        // Processes that lost their parent are the first one's: a shell buries them.
        .args(["--mount-proc", "--", "sh", "-c", "\"$@\"; exit $?", "node"])
        .arg(std::env::current_exe()?)
        .args(arguments)
        .env("TMPDIR", TEMPORARY);
    let cgroups = Cgroups::make()?;
    let mut inside = Inside(command.spawn().context("can't start unshare")?);
    let status = loop {
        if let Some(status) = inside.0.try_wait()? {
            break status;
        }
        ensure!(!stop.asked(), "stopped");
        thread::sleep(LOOK_EVERY);
    };
    drop(cgroups);
    ensure!(status.success(), "the suite failed");
    Ok(())
}

struct Inside(Child);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The groups of all pods, in each hierarchy that the kernel has; removed when it is dropped.
struct Cgroups(Vec<PathBuf>);

impl Cgroups {
    fn make() -> Result<Self> {
        let mounts = fs::read_to_string("/proc/mounts")?;
        let hierarchies = mounts.lines().filter_map(|line| {
            let mut fields = line.split(' ');
            let (folder, kind) = (fields.nth(1)?, fields.next()?);
            kind.starts_with("cgroup")
                .then(|| Path::new(folder).join(CGROUP))
        });
        let made = Self(hierarchies.collect());
        ensure!(!made.0.is_empty(), "no cgroups are mounted");
        for folder in &made.0 {
            fs::create_dir_all(folder)
                .with_context(|| format!("can't make {}", folder.display()))?;
        }
        Ok(made)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        let began = Instant::now();
        for folder in &self.0 {
            while let Err(error) = remove_group(folder) {
                if began.elapsed() > EMPTY_LIMIT {
                    eprintln!("{} is left behind: {error}", folder.display());
                    break;
                }
                thread::sleep(LOOK_EVERY);
            }
        }
    }
}

/// Removes a group with those below it. What is in its folder beside them is the kernel's.
fn remove_group(folder: &Path) -> std::io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_group(&entry.path())?;
        }
    }
    fs::remove_dir(folder)
}

/// Makes a node's surroundings of the empty namespaces.
pub(super) fn furnish(place: &Place) -> Result<()> {
    let bind = |source: &Path, target: &str| {
        quietly(Command::new("mount").arg("--bind").arg(source).arg(target))
    };
    // Programs put their sockets there, whose paths must be short, and expect nobody else's.
    for (name, target) in [("run", "/run"), ("log", "/var/log")] {
        let folder = place.parts.join(name);
        fs::create_dir_all(&folder)?;
        bind(&folder, target)?;
    }
    fs::create_dir_all(TEMPORARY)?;
    let tunables = place.parts.join("tunables");
    fs::create_dir_all(&tunables)?;
    for name in TUNABLES {
        let of_machine = format!("/proc/sys/{name}");
        let copy = tunables.join(name.replace('/', "-"));
        fs::write(&copy, fs::read(&of_machine)?)?;
        bind(&copy, &of_machine)?;
    }
    // As on a node whose first process is systemd.
    quietly(Command::new("mount").args(["--make-rshared", "/"]))?;
    make_network()
}

/// A folder for what is temporary, with a short path.
pub(super) const TEMPORARY: &str = "/run/tmp";

fn make_network() -> Result<()> {
    let address = format!("{ADDRESS}/32");
    for arguments in [
        "link set lo up",
        "link add nudge0 type bridge",
        &format!("address add {address} dev nudge0"),
        "link set nudge0 up",
        // Nothing answers there, but programs look for one.
        "route add default dev nudge0",
    ] {
        output(Command::new("ip").args(arguments.split(' ')))?;
    }
    for (name, value) in [
        ("net/ipv4/ip_forward", "1"),
        // Pods of one node meet on a bridge, where rules hold only if this is said.
        ("net/bridge/bridge-nf-call-iptables", "1"),
    ] {
        let path = Path::new("/proc/sys").join(name);
        fs::write(&path, value).with_context(|| {
            format!("can't set {name}; modprobe br_netfilter makes what is not there")
        })?;
    }
    Ok(())
}

/// The group that kubelet puts its own below.
pub(super) fn cgroup_root() -> String {
    format!("/{CGROUP}")
}
