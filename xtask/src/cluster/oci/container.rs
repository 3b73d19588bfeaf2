//! Images that a container runs, as Docker would build them: layers of files, and what is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Blobs, CONFIG, MANIFEST};
use crate::cluster::tools::output;

/// The media type of a layer that is an archive of files.
pub(in crate::cluster) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Where programs are looked for.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Adds an image that runs `entrypoint` as `user` (empty: as root) over `layers`, and describes it.
pub(in crate::cluster) fn put(
    blobs: &Blobs,
    entrypoint: &[&str],
    user: &str,
    layers: &[Value],
) -> Result<Value> {
    let digests: Vec<_> = layers.iter().map(|layer| &layer["digest"]).collect();
    let config = json!({
        "architecture": architecture()?, "os": "linux",
        "config": { "Entrypoint": entrypoint, "User": user, "Env": [PATH] },
        "rootfs": { "type": "layers", "diff_ids": digests },
    });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": blobs.put(CONFIG, &serde_json::to_vec(&config)?)?,
        "layers": layers,
    });
    blobs.put(MANIFEST, &serde_json::to_vec(&manifest)?)
}

/// Adds a layer with files and folders, each at its name in the root. `file` takes the archive.
pub(in crate::cluster) fn put_layer(
    blobs: &Blobs,
    file: &Path,
    added: &[PathBuf],
) -> Result<Value> {
    let mut tar = Command::new("tar");
    tar.args([
        "--create",
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--mtime=@0",
        "--mode=a+rX",
        "--file",
    ])
    .arg(file);
    for added in added {
        let (parent, name) = (added.parent(), added.file_name());
        tar.arg("--directory").arg(parent.context("no folder")?);
        tar.arg(name.context("no name")?);
    }
    output(&mut tar)?;
    blobs.put_file(LAYER, file)
}

/// That of this machine, whose programs the layers have.
fn architecture() -> Result<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("amd64"),
        ("linux", "aarch64") => Ok("arm64"),
        (system, other) => bail!("no images are made on {system} for {other}: make them on Linux"),
    }
}
