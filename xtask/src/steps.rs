//! The steps of building, running and testing.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{toolchain, web};

/// The packages that are built to components; the names of their folders and component ids.
const COMPONENTS: [&str; 9] = [
    "task-service",
    "reminder-service",
    "recurrence-engine",
    "notification-service",
    "websocket-gateway",
    "audit-service",
    "chatbot",
    "web-app",
    "email-channel",
];

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

/// Runs a command in the root, showing what it says.
pub(crate) fn execute(command: &mut Command) -> Result<()> {
    let status = command
        .current_dir(root())
        .status()
        .with_context(|| format!("can't start {}", command.get_program().to_string_lossy()))?;
    if status.success() {
        Ok(())
    } else {
        bail!(
            "{} failed ({status})",
            command.get_program().to_string_lossy()
        )
    }
}

/// Runs a command that says something only when it fails.
pub(crate) fn quietly(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("can't start {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    bail!("{program} failed ({}):\n{}", output.status, said.trim())
}

pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

pub(crate) fn build_components() -> Result<()> {
    web::build()?;
    eprintln!("Building the functions …");
    build_wasm(&COMPONENTS)
}

/// Builds the component by which the suite of Spin's behaviour looks at a runtime.
pub(crate) fn build_probe() -> Result<()> {
    build_wasm(&["spin-probe"])
}

/// Builds the functions of `examples`, which the suite adds to the application.
fn build_examples() -> Result<()> {
    build_wasm(&["done-counter"])
}

fn build_wasm(packages: &[&str]) -> Result<()> {
    let toolchain = toolchain::wasm()?;
    let mut command = cargo();
    // A target folder of its own: another compiler may build it than the one of the native parts.
    command.args([
        "build",
        "--release",
        "--target",
        "wasm32-wasip1",
        "--target-dir",
        "target/wasm",
    ]);
    for package in packages {
        command.args(["-p", package]);
    }
    toolchain.apply(&mut command);
    execute(&mut command)
}

/// Builds the functions and the host, and runs the host's `run`.
pub(crate) fn run(release: bool, arguments: &[String]) -> Result<()> {
    build_components()?;
    eprintln!("Building the host (the first time takes some minutes) …");
    host("run", release, arguments)
}

/// Builds the host, and says where it is.
pub(crate) fn build_host(release: bool) -> Result<PathBuf> {
    let profile = if release { "host" } else { "dev" };
    // Of the whole workspace, as the tests build it: by itself the package would have its dependencies built once more,
    // with other features.
    let which = ["--workspace", "--bin", "nudge"];
    execute(
        cargo()
            .args(["build", "--quiet", "--profile", profile])
            .args(which),
    )?;
    let folder = if release { "host" } else { "debug" };
    Ok(root().join("target").join(folder).join("nudge"))
}

/// Builds the host and runs one of its commands.
pub(crate) fn host(name: &str, release: bool, arguments: &[String]) -> Result<()> {
    let mut command = Command::new(build_host(release)?);
    command.arg(name).args(arguments).current_dir(root());
    let status = command.status().context("can't start the host")?;
    match status.code() {
        Some(0) => Ok(()),
        code => std::process::exit(code.unwrap_or(1)),
    }
}

/// Formatting, lints and all tests that need no outside server. The real components are built first: a missing one
/// fails the tests that run it.
pub(crate) fn test() -> Result<()> {
    build_components()?;
    build_probe()?;
    build_examples()?;
    web::test()?;
    execute(cargo().args(["fmt", "--all", "--check"]))?;
    execute(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    execute(cargo().args(["test", "--workspace"]))
}
