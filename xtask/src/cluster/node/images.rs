//! The images of everything that runs in a pod: a Debian, and one layer with the programs. They have the names that the charts
//! say, and no registry is asked for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::debian;
use crate::cluster::image::daprd::NOBODY;
use crate::cluster::oci::{Blobs, container, write_index};
use crate::cluster::tools;
use crate::commands;
use crate::commands::root;
use crate::steps;
use nudge_parts::daprd;
use nudge_parts::place::Place;
use nudge_parts::programs::quietly;

/// Ends when it is asked to, as the pause that is meant does: a shell that is the first process takes no signal by itself.
const PAUSE: [&str; 3] = ["sh", "-c", "trap 'exit 0' TERM INT; sleep infinity & wait"];

const SERVE: [&str; 3] = ["/app/shim", "serve", "/app"];

/// One image.
struct Image {
    name: &'static str,
    entrypoint: Vec<&'static str>,
    user: &'static str,
    /// Files and folders that are added to the system's root.
    added: Vec<PathBuf>,
}

impl Image {
    fn new(name: &'static str, entrypoint: &[&'static str]) -> Self {
        Self {
            name,
            entrypoint: entrypoint.to_vec(),
            user: "",
            added: Vec::new(),
        }
    }

    fn with(mut self, added: impl Into<PathBuf>) -> Self {
        self.added.push(added.into());
        self
    }

    fn for_nobody(mut self) -> Self {
        self.user = NOBODY;
        self
    }
}

/// All images. `folder` takes what has to be put together first.
fn all(folder: &Path) -> Result<Vec<Image>> {
    let dapr = tools::dapr_control_plane()?;
    let keda = tools::keda()?;
    let application = application(folder)?;
    let dapr_image = |name, program: &'static str| Image::new(name, &[program]).for_nobody();
    Ok(vec![
        Image::new("registry.k8s.io/pause:3.10.1", &PAUSE),
        Image::new("docker.io/library/coredns:node", &["/coredns"]).with(tools::coredns()?),
        Image::new(
            "docker.io/library/ingress:node",
            &["nginx", "-g", "daemon off;"],
        ),
        Image::new("docker.io/library/keda:node", &["/operator"]).with(keda.operator),
        Image::new("docker.io/library/keda-metrics:node", &["/adapter"])
            .with(tools::keda_metrics()?),
        Image::new("docker.io/library/keda-http:node", &["/interceptor"])
            .with(keda.interceptor)
            .with(keda.scaler),
        dapr_image("ghcr.io/dapr/operator:1.18.3", "/operator").with(dapr.join("operator")),
        dapr_image("ghcr.io/dapr/sentry:1.18.3", "/sentry").with(dapr.join("sentry")),
        dapr_image("ghcr.io/dapr/injector:1.18.3", "/injector").with(dapr.join("injector")),
        dapr_image("ghcr.io/dapr/daprd:1.18.3", "/daprd").with(daprd::built()?),
        Image::new("docker.io/fanout/pushpin:1.41.0", &[]).with(pushpin(folder)?),
        Image::new("docker.io/library/postgres:17.6-alpine", &[]),
        Image::new("docker.io/curlimages/curl:8.16.0", &[]),
        Image::new("docker.io/library/nudge:node", &SERVE).with(&application),
        Image::new("docker.io/library/nudge:next", &SERVE).with(&application),
    ])
}

/// Writes all images into a folder of `place`, and gives them to containerd.
pub(super) fn import(place: &Place) -> Result<()> {
    let folder = place.parts.join("images");
    let layout = folder.join("layout");
    let blobs = Blobs::new(&layout)?;
    let system = blobs.put_file(container::LAYER, &debian::system()?)?;
    let mut images = Vec::new();
    for image in all(&folder)? {
        let mut layers = vec![system.clone()];
        if !image.added.is_empty() {
            let file = folder.join("layer.tar");
            layers.push(container::put_layer(&blobs, &file, &image.added)?);
        }
        let mut described = container::put(&blobs, &image.entrypoint, image.user, &layers)?;
        described["annotations"] = json!({ "io.containerd.image.name": image.name });
        images.push(described);
    }
    write_index(&layout, &images)?;
    give_to_containerd(&layout)?;
    // containerd has it all.
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn give_to_containerd(layout: &Path) -> Result<()> {
    let mut tar = Command::new("tar")
        .args(["--create", "--directory"])
        .arg(layout)
        .args(["oci-layout", "index.json", "blobs"])
        .stdout(Stdio::piped())
        .spawn()?;
    let archive = tar.stdout.take().context("tar has no output")?;
    let mut import = super::parts::ctr();
    let told = import
        .args(["images", "import", "-"])
        .stdin(archive)
        .output()?;
    ensure!(tar.wait()?.success(), "tar failed");
    ensure!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr).trim_end()
    );
    Ok(())
}

/// `usr/local/bin/pushpin`, which goes before Debian's.
fn pushpin(folder: &Path) -> Result<PathBuf> {
    let usr = folder.join("pushpin/usr");
    let programs = usr.join("local/bin");
    fs::create_dir_all(&programs)?;
    let script = programs.join("pushpin");
    fs::write(&script, include_str!("pushpin.sh"))?;
    quietly(Command::new("chmod").arg("+x").arg(script))?;
    Ok(usr)
}

/// The application beside what stands in for the shim, compiled for this machine, as the shim does when it unpacks an image.
fn application(folder: &Path) -> Result<PathBuf> {
    let app = folder.join("app");
    fs::create_dir_all(&app)?;
    for file in ["target/debug/shim", "spin.toml"] {
        let name = Path::new(file).file_name().context("no name")?;
        fs::copy(root().join(file), app.join(name))?;
    }
    let built = Path::new("target/wasm/wasm32-wasip1/release");
    fs::create_dir_all(app.join(built))?;
    for entry in fs::read_dir(root().join(built))? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|end| end == "wasm") {
            fs::copy(entry.path(), app.join(built).join(entry.file_name()))?;
        }
    }
    quietly(Command::new(app.join("shim")).arg("compile").arg(&app))?;
    Ok(app)
}

/// Builds what the images hold that is not built by now.
pub(super) fn build() -> Result<()> {
    steps::build_components()?;
    commands::execute(commands::cargo().args([
        "build",
        "--quiet",
        "--workspace",
        "--bin",
        "shim",
    ]))?;
    debian::system()?;
    for build in [tools::coredns, daprd::program, tools::dapr_control_plane] {
        build()?;
    }
    tools::keda()?;
    tools::keda_metrics().map(drop)
}
