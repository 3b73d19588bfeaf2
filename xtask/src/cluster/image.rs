//! `cargo xtask image`: the application as one OCI image, and the daprd beside it as another.

pub(super) mod daprd;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};

use super::manifest::Manifest;
use super::objects::items;
use super::oci;
use super::tools::output;
use crate::commands::{execute, root};
use crate::steps;

/// What is done with the image.
#[derive(Subcommand)]
pub(crate) enum Image {
    /// Builds the components and writes the image into a folder, as an OCI layout.
    Build(Build),
    /// Builds the components and pushes the image to a registry: by the spin CLI where it is installed, else as `build`
    /// writes it.
    Push(Push),
    /// Builds the daprd of third-party/daprd and writes it into an image, or pushes that to a registry.
    Daprd(daprd::Daprd),
}

#[derive(Args)]
pub(crate) struct Build {
    /// The folder.
    #[arg(long, value_name = "DIR", default_value = "target/image")]
    out: PathBuf,
    /// What the image is called in the folder.
    #[arg(long, default_value = "latest")]
    tag: String,
}

#[derive(Args)]
pub(crate) struct Push {
    /// registry/repository:tag
    reference: String,
    /// The registry speaks HTTP without TLS, as one on this machine does.
    #[arg(long)]
    plain_http: bool,
    /// Does not use the spin CLI even where it is installed.
    #[arg(long)]
    without_spin: bool,
}

impl Image {
    /// Does it.
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Build(build) => write(&root().join(&build.out), &build.tag).map(drop),
            Self::Push(push) => push.run(),
            Self::Daprd(daprd) => daprd.run(),
        }
    }
}

impl Push {
    fn run(&self) -> Result<()> {
        let has_spin = output(Command::new("spin").arg("--version")).is_ok();
        if has_spin && !self.without_spin {
            steps::build_components()?;
            let mut push = Command::new("spin");
            push.args(["registry", "push"])
                .args(self.plain_http.then_some("--insecure"))
                .arg(&self.reference);
            return execute(&mut push);
        }
        let (_, tag) = self
            .reference
            .rsplit_once(':')
            .context("name a tag: registry/repository:tag")?;
        let folder = root().join("target/image");
        write(&folder, tag)?;
        daprd::push(&folder, tag, &self.reference, self.plain_http)
    }
}

/// Builds all components, writes the image into `folder`, reads it back, and returns its digest.
pub(super) fn write(folder: &Path, tag: &str) -> Result<String> {
    steps::build_components()?;
    let manifest = Manifest::read()?;
    let composed = root().join("target/composed");
    // The host composes as it does when it runs them.
    let mut compose = Command::new(steps::build_nudge(false)?);
    execute(compose.args(["components", "--out"]).arg(&composed))?;
    let mut components = BTreeMap::new();
    for id in manifest.component.keys() {
        let file = composed.join(format!("{id}.wasm"));
        let wasm = fs::read(&file).with_context(|| format!("can't read {}", file.display()))?;
        components.insert(id.clone(), wasm);
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let digest = oci::write(folder, tag, &manifest, &components)?;
    let image = oci::read(folder)?;
    ensure!(
        image.components.keys().eq(manifest.component.keys()),
        "the image has {:?}",
        image.components.keys()
    );
    let triggers = manifest.trigger.values().map(Vec::len).sum::<usize>();
    ensure!(
        items(&image.application["triggers"]).len() == triggers,
        "the image has other triggers than spin.toml"
    );
    for (id, bytes) in &image.components {
        eprintln!("{:>8} KB  {id}", bytes / 1000);
    }
    println!("{digest}");
    Ok(digest)
}
