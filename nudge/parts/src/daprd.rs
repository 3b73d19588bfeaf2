//! A daprd for each function: the one that is installed, or one built from Dapr's Go modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::cache;
use crate::part::{Ready, Spec};
use crate::place::Place;
use crate::programs;

/// The Go module that daprd is built from. It comes with this program, which may run where its sources are not.
const MODULE: [(&str, &str); 5] = [
    ("go.mod", include_str!("../../../third-party/daprd/go.mod")),
    ("go.sum", include_str!("../../../third-party/daprd/go.sum")),
    (
        "main.go",
        include_str!("../../../third-party/daprd/main.go"),
    ),
    (
        "components.go",
        include_str!("../../../third-party/daprd/components.go"),
    ),
    (
        "clock.go",
        include_str!("../../../third-party/daprd/clock.go"),
    ),
];

/// The release that `third-party/daprd/go.mod` names; `daprd --version` says it.
pub const VERSION: &str = "1.18.3";

/// A place of Dapr's source that is built otherwise than it stands there. docs/dapr-findings.md has what happens without.
struct Mend {
    file: &'static str,
    original: &'static str,
    mended: &'static str,
}

const MENDS: [Mend; 2] = [
    // A delivery is tried again on a context that nothing ends; the end of a consumer's session has to end that too. Pull
    // request 10497 of dapr/dapr.
    Mend {
        file: "pkg/runtime/subscription/subscription.go",
        original: "resiliency.NewRunner[any](context.Background(), policyDef)",
        mended: "resiliency.NewRunner[any](ctx, policyDef)",
    },
    // The app channel asks for a handler for each call, and gets that of whoever asked last, so a call may be told of another
    // one's failure and take its own for success. Where no middleware is configured, the call's own is the one to run.
    Mend {
        file: "pkg/middleware/http/pipeline.go",
        original: "next := p.chain\n",
        mended: "next := p.chain\nif p.spec == nil || len(p.spec.Handlers) == 0 { next = root }\n",
    },
];

/// The ports of one daprd.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// Dapr's HTTP API.
    pub http: u16,
    /// Its gRPC API, which nobody uses, but which can't be turned off.
    pub grpc: u16,
    /// What the other daprds call.
    pub internal: u16,
}

/// What all daprds have in common.
pub struct Daprds {
    program: PathBuf,
    resources: Vec<PathBuf>,
    configuration: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Daprds {
    /// Finds the program and writes the configuration. `environment` holds what the component files ask for; `key_set` is
    /// scheme and authority of the address of the issuer's keys.
    pub fn new(
        place: &Place,
        components: &Path,
        key_set: &str,
        environment: BTreeMap<String, String>,
    ) -> Result<Self> {
        let folder = place.parts.join("daprd");
        fs::create_dir_all(&folder)?;
        let names = folder.join("names.db");
        // What an earlier run wrote there leads nowhere.
        fs::remove_file(&names).ok();
        let configuration = folder.join("configuration.yaml");
        fs::write(&configuration, configuration_text(&names))?;
        Ok(Self {
            program: program()?,
            // Dapr does not look into folders below.
            resources: vec![
                with_key_set(components, &folder, key_set)?,
                components.join("subscriptions"),
            ],
            configuration,
            environment,
        })
    }

    /// The daprd of the function `app_id`, which is found at `app_port`.
    pub fn spec(&self, app_id: &str, app_port: u16, ports: Ports) -> Spec {
        let mut arguments: Vec<String> = [
            ("--app-id", app_id),
            ("--mode", "standalone"),
            ("--app-port", &app_port.to_string()),
            ("--app-protocol", "http"),
            ("--app-channel-address", "127.0.0.1"),
            ("--dapr-http-port", &ports.http.to_string()),
            ("--dapr-grpc-port", &ports.grpc.to_string()),
            ("--dapr-internal-grpc-port", &ports.internal.to_string()),
            ("--dapr-listen-addresses", "127.0.0.1"),
            ("--dapr-internal-grpc-listen-address", "127.0.0.1"),
            ("--config", &self.configuration.display().to_string()),
            ("--dapr-graceful-shutdown-seconds", "2"),
            ("--log-level", "warn"),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
        .collect();
        // Its default port can't be shared.
        arguments.push("--enable-metrics=false".to_owned());
        for folder in &self.resources {
            arguments.extend(["--resources-path".to_owned(), folder.display().to_string()]);
        }
        let (program, environment) = (self.program.clone(), self.environment.clone());
        Spec {
            name: format!("daprd-{app_id}"),
            command: Box::new(move || {
                let mut command = Command::new(&program);
                command.args(&arguments).envs(&environment);
                command
            }),
            ready: Ready::Path(ports.http, "/v1.0/healthz"),
            stop_signal: Signal::SIGTERM,
            stop_limit: Duration::from_secs(15),
        }
    }
}

/// A copy of `components` in `folder`, in which the endpoint of the key set leads to `base_url`.
fn with_key_set(components: &Path, folder: &Path, base_url: &str) -> Result<PathBuf> {
    let copy = folder.join("components");
    fs::create_dir_all(&copy)?;
    for entry in fs::read_dir(components).context("can't read dapr-components")? {
        let path = entry?.path();
        let (Some(name), true) = (path.file_name(), path.is_file()) else {
            continue;
        };
        let text = fs::read_to_string(&path)?;
        let text = text.replace("http://sign-in.nudge.internal", base_url);
        fs::write(copy.join(name), text)?;
    }
    Ok(copy)
}

/// Dapr resolves app-ids by multicast where nothing is said; a file does on one machine. Reloading is off, so that editing
/// a file can't change a test that runs. A function may not read the secrets that are meant for its components.
fn configuration_text(names: &Path) -> String {
    format!(
        "apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: nudge
spec:
  nameResolution:
    component: sqlite
    version: v1
    configuration:
      connectionString: {}
  features:
    - name: HotReload
      enabled: false
  secrets:
    scopes:
      - storeName: secretstore
        defaultAccess: deny
",
        names.display()
    )
}

/// The daprd on the path or of `dapr init`; else the one of `third-party/daprd`.
pub fn program() -> Result<PathBuf> {
    let of_init = std::env::home_dir().map(|home| home.join(".dapr/bin"));
    let Some(found) = programs::find_program("daprd", of_init.as_slice()) else {
        return built();
    };
    eprintln!(
        "{} is Dapr's own: it can lose an event that a function refuses (docs/dapr-findings.md).",
        found.display()
    );
    Ok(found)
}

/// The daprd of `third-party/daprd`, built once for each go.sum.
pub fn built() -> Result<PathBuf> {
    let mut sources: Vec<&[u8]> = MODULE.iter().map(|(_, text)| text.as_bytes()).collect();
    sources.push(b"CGO_ENABLED=0");
    sources.extend(MENDS.iter().map(|mend| mend.mended.as_bytes()));
    let name = format!("daprd-{VERSION}-{:016x}", programs::digest(&sources));
    let folder = cache::once(&name, |folder| {
        if programs::find_program("go", &[]).is_none() {
            bail!("there is no daprd: install Dapr (dapr init), or Go 1.26 to build it");
        }
        eprintln!("Building daprd {VERSION} from its Go modules (some minutes, once) …");
        let stamp = format!("-s -w -X github.com/dapr/dapr/pkg/buildinfo.version={VERSION}");
        let (module, dapr) = (folder.join("module"), folder.join("dapr"));
        fs::create_dir(&module)?;
        for (name, text) in MODULE {
            fs::write(module.join(name), text)?;
        }
        mend(&module, &dapr)?;
        programs::quietly(
            Command::new("go")
                .args(["build", "-trimpath", "-ldflags", &stamp, "-o"])
                .arg(folder.join("daprd"))
                .arg(".")
                .env("GOFLAGS", "-mod=readonly -buildvcs=false")
                // It needs no library, so an image needs nothing else.
                .env("CGO_ENABLED", "0")
                .current_dir(&module),
        )?;
        fs::remove_dir_all(module)?;
        fs::remove_dir_all(dapr).context("can't remove the copy of Dapr's module")
    })?;
    Ok(folder.join("daprd"))
}

/// Copies Dapr's module to `dapr`, mends it there, and lets `module` take it from there.
fn mend(module: &Path, dapr: &Path) -> Result<()> {
    let mut download = Command::new("go");
    download
        .args(["mod", "download", "-json"])
        .arg(format!("github.com/dapr/dapr@v{VERSION}"))
        .current_dir(module);
    let said = download.output().context("can't start go")?;
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
    let original = said["Dir"]
        .as_str()
        .with_context(|| format!("Dapr's module can't be had: {}", said["Error"]))?;
    programs::quietly(
        Command::new("cp")
            .args(["-r", "--no-preserve=mode", original])
            .arg(dapr),
    )?;
    for mend in &MENDS {
        let file = dapr.join(mend.file);
        let source = fs::read_to_string(&file).with_context(|| format!("Dapr's {}", mend.file))?;
        if source.matches(mend.original).count() != 1 {
            bail!(
                "Dapr's {} has changed: does it still need to be mended?",
                mend.file
            );
        }
        fs::write(&file, source.replace(mend.original, mend.mended))?;
    }
    let go_mod = module.join("go.mod");
    let mut text = fs::read_to_string(&go_mod)?;
    text.push_str(&format!(
        "\nreplace github.com/dapr/dapr => {}\n",
        dapr.display()
    ));
    fs::write(&go_mod, text)?;
    Ok(())
}
