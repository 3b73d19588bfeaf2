//! `cargo xtask image daprd`: the daprd that is built here, as an image for the chart's `dapr.image`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::cluster::objects::text;
use crate::cluster::oci::{Blobs, REFERENCE, container, write_index};
use crate::cluster::tools;
use crate::commands::{execute, root};
use nudge_parts::daprd;

/// As whom Dapr's images run.
pub(in crate::cluster) const NOBODY: &str = "65532";

/// The authorities that daprd trusts when it reaches a broker, a database or a mail server: those of the machine that
/// builds the image, at the first place where Go looks.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

#[derive(Args)]
pub(crate) struct Daprd {
    /// Pushes it there: registry/repository:tag. Without, it stays in target/daprd-image, as an OCI layout.
    #[arg(long, value_name = "REFERENCE")]
    push: Option<String>,
    /// The registry speaks HTTP without TLS, as one on this machine does.
    #[arg(long)]
    plain_http: bool,
}

impl Daprd {
    /// Does it, and prints the image's digest.
    pub(super) fn run(&self) -> Result<()> {
        let folder = root().join("target/daprd-image");
        let tag = match &self.push {
            Some(reference) => {
                let named = reference.rsplit_once(':');
                named.context("name a tag: registry/repository:tag")?.1
            }
            None => daprd::VERSION,
        };
        let digest = write(&folder, tag)?;
        if let Some(reference) = &self.push {
            push(&folder, tag, reference, self.plain_http)?;
        }
        println!("{digest}");
        Ok(())
    }
}

/// Copies the image `tag` from a folder to a registry.
pub(in crate::cluster) fn push(
    folder: &Path,
    tag: &str,
    reference: &str,
    plain_http: bool,
) -> Result<()> {
    let mut copy = Command::new(tools::oras()?);
    copy.args(["cp", "--from-oci-layout"])
        .args(plain_http.then_some("--to-plain-http"))
        .arg(format!("{}:{tag}", folder.display()))
        .arg(reference);
    execute(&mut copy)
}

/// Writes the image into `folder` and returns its digest.
pub(in crate::cluster) fn write(folder: &Path, tag: &str) -> Result<String> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let files = folder.join("files");
    let authorities = files.join(AUTHORITIES);
    fs::create_dir_all(authorities.parent().context("no folder")?)?;
    let of_machine = Path::new("/").join(AUTHORITIES);
    fs::copy(&of_machine, &authorities)
        .with_context(|| format!("can't copy {}", of_machine.display()))?;
    let blobs = Blobs::new(folder)?;
    let added: [PathBuf; 2] = [daprd::built()?, files.join("etc")];
    let layer = container::put_layer(&blobs, &folder.join("layer.tar"), &added)?;
    fs::remove_dir_all(files)?;
    fs::remove_file(folder.join("layer.tar"))?;
    let mut image = container::put(&blobs, &["/daprd"], NOBODY, &[layer])?;
    let digest = text(&image["digest"]).to_owned();
    image["annotations"] = json!({ REFERENCE: tag });
    write_index(folder, &[image])?;
    Ok(digest)
}
