//! What Debian gives: the node's container runtime, and the system in the images.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use nix::unistd::Uid;

use crate::cluster::tools::output;
use nudge_parts::cache;
use nudge_parts::programs;

/// The release that the images are made of.
const SUITE: &str = "bookworm";

/// A program, and the package that has it.
const PROGRAMS: [(&str, &str); 10] = [
    ("containerd", "containerd"),
    ("runc", "runc"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("nft", "nftables"),
    ("ipset", "ipset"),
    ("conntrack", "conntrack"),
    ("curl", "curl"),
    ("mmdebstrap", "mmdebstrap"),
    ("unshare", "util-linux"),
];

/// Where Debian's package puts the plugins that connect pods.
pub(super) const CNI: &str = "/usr/lib/cni";

/// What the images' programs and the checks run: Pushpin, the ingress, `psql` and `curl`.
const IN_IMAGES: &str = "bash,ca-certificates,curl,nginx-light,postgresql-client,pushpin";

/// Installs what is missing.
pub(super) fn make_available() -> Result<()> {
    ensure!(
        cfg!(target_os = "linux") && Uid::effective().is_root(),
        "a node takes Linux and root"
    );
    let folders = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    for (program, package) in PROGRAMS {
        if programs::find_program(program, &folders).is_none() {
            programs::install(package, "")?;
        }
    }
    if !Path::new(CNI).join("bridge").exists() {
        programs::install("containernetworking-plugins", "")?;
    }
    Ok(())
}

/// A small system as a tar, made once.
pub(super) fn system() -> Result<PathBuf> {
    let name = format!("debian-{SUITE}-{}", IN_IMAGES.replace(',', "-"));
    let folder = cache::once(&name, |draft| {
        eprintln!("Making a Debian {SUITE} for the images …");
        let mut mmdebstrap = Command::new("mmdebstrap");
        mmdebstrap
            .args(["--quiet", "--variant=essential"])
            .arg(format!("--include={IN_IMAGES}"))
            .arg(SUITE)
            .arg(draft.join("system.tar"));
        output(&mut mmdebstrap).map(drop)
    })?;
    Ok(folder.join("system.tar"))
}
