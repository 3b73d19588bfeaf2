//! `cargo xtask cluster`: a cluster on this machine with everything in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use serde::Deserialize;

use super::chart::{self, RELEASE};
use super::image;
use super::tools::{helm, kubectl, output};
use crate::commands::{execute, root};

/// The cluster's name; kubectl's context is `k3d-nudge`.
const CLUSTER: &str = "nudge";
const CONTEXT: &str = "k3d-nudge";
/// k3s with the Spin shim in its containerd, as SpinKube publishes it.
const NODE_IMAGE: &str = "ghcr.io/spinframework/containerd-shim-spin/k3d:v0.24.0";
/// The registry beside the cluster: this name inside, loopback outside.
const REGISTRY: (&str, u16) = ("nudge-registry", 5000);
/// Where the ingress answers on this machine.
const HTTP_PORT: u16 = 8080;

/// A cluster on this machine, or the prerequisites in another.
#[derive(Subcommand)]
pub(crate) enum Cluster {
    /// Makes a k3d cluster whose nodes have the Spin shim, installs the platform and Nudge, and prints the address. Needs
    /// Docker and k3d.
    Up,
    /// Removes it, with all data.
    Down,
    /// Installs the prerequisites of `helm/platform/helmfile.yaml` into the cluster of kubectl's context.
    Platform {
        /// Leaves out what only a cluster in a cloud needs.
        #[arg(long)]
        local: bool,
    },
}

impl Cluster {
    /// Does it.
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Up => up(),
            Self::Down => down(),
            Self::Platform { local } => Helmfile::read()?.apply(None, *local),
        }
    }
}

fn up() -> Result<()> {
    for (program, hint) in [
        ("docker", "https://docs.docker.com/engine/install"),
        ("k3d", "https://k3d.io"),
    ] {
        let found = output(Command::new(program).arg("version"));
        found.with_context(|| {
            format!("{program} is needed for a cluster on this machine: {hint}")
        })?;
    }
    let (registry, registry_port) = REGISTRY;
    if output(Command::new("k3d").args(["cluster", "get", CLUSTER])).is_err() {
        execute(
            Command::new("k3d")
                .args([
                    "cluster", "create", CLUSTER, "--image", NODE_IMAGE, "--agents", "1", "--wait",
                ])
                .args([
                    "--registry-create",
                    &format!("{registry}:127.0.0.1:{registry_port}"),
                ])
                .args(["--port", &format!("127.0.0.1:{HTTP_PORT}:80@loadbalancer")])
                .args(["--k3s-node-label", "spin=true@all"]),
        )?;
    }
    let helmfile = Helmfile::read()?;
    custom_kinds()?;
    helmfile.apply(Some(CONTEXT), true)?;
    let folder = root().join("target/image");
    let digest = image::write(&folder, "dev")?;
    let target = format!("127.0.0.1:{registry_port}/nudge:dev");
    image::daprd::push(&folder, "dev", &target, true)?;
    let folder = root().join("target/daprd-image");
    let daprd = image::daprd::write(&folder, "dev")?;
    let target = format!("127.0.0.1:{registry_port}/daprd:dev");
    image::daprd::push(&folder, "dev", &target, true)?;
    install(
        &digest,
        &format!("{registry}:{registry_port}/daprd@{daprd}"),
    )?;
    // `--wait` needs every function awake; from here on they sleep when nobody wants anything.
    let mut lift = Command::new(kubectl()?);
    lift.args([
        "--context",
        CONTEXT,
        "--namespace",
        RELEASE,
        "annotate",
        "scaledobjects",
        "--all",
    ]);
    execute(lift.arg("autoscaling.keda.sh/paused-replicas-"))?;
    println!(
        "Nudge is at http://nudge.localhost:{HTTP_PORT}; its sign-in is {}.",
        demo_person()?
    );
    println!(
        "kubectl --context {CONTEXT} --namespace {RELEASE} get spinapps,scaledobjects,pods shows what runs and what sleeps."
    );
    Ok(())
}

fn down() -> Result<()> {
    execute(Command::new("k3d").args(["cluster", "delete", CLUSTER]))
}

/// spin-operator's chart does not bring its custom kinds.
fn custom_kinds() -> Result<()> {
    for folder in super::crds::fetch(&["spin-operator"])? {
        let mut apply = Command::new(kubectl()?);
        execute(
            apply
                .args(["--context", CONTEXT, "apply", "--server-side", "--filename"])
                .arg(folder),
        )?;
    }
    Ok(())
}

fn install(digest: &str, daprd: &str) -> Result<()> {
    let mut command = chart::command(&["upgrade", "--install"], &chart::PLACES[0])?;
    command.args([
        "--kube-context",
        CONTEXT,
        "--create-namespace",
        "--reset-values",
    ]);
    command.args(["--set", &format!("image.digest={digest}")]);
    command.args(["--set", &format!("dapr.image={daprd}")]);
    command.args([
        "--set-string",
        "scaling.pausedReplicas=1",
        "--wait",
        "--timeout",
        "10m",
    ]);
    for (setting, path) in [
        ("publicUrl", ""),
        ("oidc.issuer", "/dex"),
        ("oidc.authorizeUrl", "/dex/auth"),
        ("oidc.tokenUrl", "/dex/token"),
    ] {
        command.args([
            "--set",
            &format!("{setting}=http://nudge.localhost:{HTTP_PORT}{path}"),
        ]);
    }
    execute(&mut command)
}

fn demo_person() -> Result<String> {
    let secret = |key: &str| {
        let template = format!("{{{{ index .data \"{key}\" | base64decode }}}}");
        let mut get = Command::new(kubectl()?);
        get.args([
            "--context",
            CONTEXT,
            "--namespace",
            RELEASE,
            "get",
            "secret",
            RELEASE,
            "--output",
        ]);
        output(get.arg(format!("go-template={template}")))
    };
    Ok(format!(
        "{} with the password {}",
        secret("test_username")?,
        secret("test_password")?
    ))
}

/// `helm/platform/helmfile.yaml`, as far as it is used.
#[derive(Deserialize)]
struct Helmfile {
    repositories: Vec<Repository>,
    releases: Vec<Release>,
}

#[derive(Deserialize)]
struct Repository {
    name: String,
    url: String,
}

#[derive(Deserialize)]
struct Release {
    name: String,
    namespace: String,
    chart: String,
    version: String,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    needs: Vec<String>,
}

impl Helmfile {
    fn read() -> Result<Self> {
        let file = folder().join("helmfile.yaml");
        let text =
            fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
        serde_yaml_ng::from_str(&text).with_context(|| format!("in {}", file.display()))
    }

    /// Installs the releases one after the other.
    fn apply(&self, context: Option<&str>, local: bool) -> Result<()> {
        let wanted = self.releases.iter().filter(|release| {
            !local
                || release
                    .labels
                    .get("place")
                    .is_none_or(|place| place != "cloud")
        });
        for release in wanted {
            eprintln!("Installing {} {} …", release.name, release.version);
            let mut command = Command::new(helm()?);
            command
                .args(["upgrade", "--install", &release.name])
                .args(self.source(&release.chart));
            command.args([
                "--version",
                &release.version,
                "--namespace",
                &release.namespace,
                "--create-namespace",
            ]);
            command.args(["--wait", "--timeout", "10m"]);
            for values in &release.values {
                command.arg("--values").arg(folder().join(values));
            }
            if let Some(context) = context {
                command.args(["--kube-context", context]);
            }
            execute(&mut command)?;
        }
        Ok(())
    }

    /// helm's arguments for a chart: itself, or its name and its repository's address.
    fn source(&self, chart: &str) -> Vec<String> {
        let known = chart.split_once('/').and_then(|(repository, name)| {
            let repository = self
                .repositories
                .iter()
                .find(|one| one.name == repository)?;
            Some(vec![
                name.to_owned(),
                "--repo".to_owned(),
                repository.url.clone(),
            ])
        });
        known.unwrap_or_else(|| vec![chart.to_owned()])
    }

    /// What would fail only in somebody's cluster.
    fn check(&self, folder: &Path) -> Result<()> {
        let mut installed = Vec::new();
        for release in &self.releases {
            let name = format!("{}/{}", release.namespace, release.name);
            let numbers = release
                .version
                .trim_start_matches('v')
                .split('.')
                .map(str::parse::<u32>);
            ensure!(
                numbers.clone().count() == 3 && numbers.clone().all(|number| number.is_ok()),
                "{name} is not pinned"
            );
            let source = self.source(&release.chart);
            ensure!(
                source.len() == 3 || release.chart.starts_with("oci://"),
                "{name} is from an unknown repository"
            );
            for needed in &release.needs {
                ensure!(
                    installed.contains(needed),
                    "{name} needs {needed}, which comes later or never"
                );
            }
            for values in &release.values {
                let text = fs::read_to_string(folder.join(values))
                    .with_context(|| format!("{name} names {values}"))?;
                serde_yaml_ng::from_str::<serde_json::Value>(&text)
                    .with_context(|| format!("in {values}"))?;
            }
            installed.push(name);
        }
        Ok(())
    }
}

/// The platform's releases are pinned, in order, and their values can be read.
pub(super) fn check_platform() -> Result<()> {
    Helmfile::read()?.check(&folder())
}

fn folder() -> std::path::PathBuf {
    root().join("helm/platform")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(releases: &str) -> Helmfile {
        serde_yaml_ng::from_str(&format!(
            "repositories: [{{name: r, url: 'https://r.test'}}]\nreleases: {releases}"
        ))
        .expect("is a helmfile")
    }

    #[test]
    fn a_chart_comes_from_its_repository() {
        let file = file("[]");
        assert_eq!(file.source("r/c"), ["c", "--repo", "https://r.test"]);
        assert_eq!(file.source("oci://x.test/c"), ["oci://x.test/c"]);
    }

    #[test]
    fn what_is_not_pinned_or_out_of_order_is_found() {
        for (releases, fault) in [
            (
                "[{name: a, namespace: n, chart: r/a, version: 1.2.3}, {name: b, namespace: n, chart: r/b, version: v1.2.3, needs: [n/a]}]",
                "",
            ),
            (
                "[{name: a, namespace: n, chart: r/a, version: '>=1'}]",
                "not pinned",
            ),
            (
                "[{name: a, namespace: n, chart: other/a, version: 1.2.3}]",
                "unknown repository",
            ),
            (
                "[{name: a, namespace: n, chart: r/a, version: 1.2.3, needs: [n/b]}, {name: b, namespace: n, chart: r/b, version: 1.2.3}]",
                "comes later",
            ),
        ] {
            match file(releases).check(Path::new("/")) {
                Ok(()) => assert_eq!(fault, "", "{releases}"),
                Err(error) => assert!(
                    !fault.is_empty() && error.to_string().contains(fault),
                    "{releases}: {error}"
                ),
            }
        }
    }
}
