//! The steps of building, running and testing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use nudge_parts::application::Application;
use nudge_parts::programs;

use crate::commands::{cargo, execute, root};
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

/// Where the components are built to.
const WASM: &str = "target/wasm/wasm32-wasip1/release";
/// The variable by which the build of `nudge` finds what it is to hold.
const APPLICATION: &str = "NUDGE_APPLICATION";

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

/// Builds the functions and the program, and runs `nudge run`.
pub(crate) fn run(release: bool, arguments: &[String]) -> Result<()> {
    build_components()?;
    eprintln!("Building nudge (the first time takes some minutes) …");
    let status = Command::new(build_nudge(release)?)
        .arg("run")
        .args(arguments)
        .current_dir(root())
        .status()
        .context("can't start nudge")?;
    match status.code() {
        Some(0) => Ok(()),
        code => std::process::exit(code.unwrap_or(1)),
    }
}

/// Builds the program `nudge`, and says where it is.
pub(crate) fn build_nudge(release: bool) -> Result<PathBuf> {
    let profile = if release { "host" } else { "dev" };
    // librdkafka is built by it.
    programs::need("make", "make", "")?;
    // Of the whole workspace, as the tests build it: by itself the package would have its dependencies built once more,
    // with other features.
    let which = ["--workspace", "--bin", "nudge"];
    execute(cargo().args(["build", "--profile", profile]).args(which))?;
    let folder = if release { "host" } else { "debug" };
    Ok(root().join("target").join(folder).join("nudge"))
}

/// Builds the functions and the program, and says where everything is that real parts run.
pub(crate) fn build_application(release: bool) -> Result<Application> {
    build_components()?;
    Ok(Application {
        program: build_nudge(release)?,
        manifest: root().join("spin.toml"),
        components: root().join("dapr-components"),
    })
}

/// Builds the program with the application inside, without optimisations, for the test that runs it alone.
fn build_embedded() -> Result<()> {
    let archive = pack_application()?;
    let built = build_with("embedded", cargo().env(APPLICATION, archive));
    built.map(drop)
}

/// Builds the program with TLS to the broker, and says where it is. OpenSSL takes some minutes, once.
pub(crate) fn build_with_tls() -> Result<PathBuf> {
    build_with("tls", &mut cargo())
}

/// Builds the program with one of its features by `cargo`, into a folder of that name; what else is built of it stays as it is.
fn build_with(feature: &str, cargo: &mut Command) -> Result<PathBuf> {
    let features = format!("nudge/{feature}");
    let which = ["--workspace", "--bin", "nudge", "--features", &features];
    execute(cargo.args(["build", "--quiet"]).args(which))?;
    let folder = root().join("target").join(feature);
    fs::create_dir_all(&folder)?;
    let program = folder.join("nudge");
    fs::rename(root().join("target/debug/nudge"), &program)
        .with_context(|| format!("can't make {}", program.display()))?;
    // The one without, as every other build leaves it.
    build_nudge(false)?;
    Ok(program)
}

/// Builds the program to be carried to another machine: with optimisations, with everything that it runs inside and, on Linux,
/// without a library of the system.
pub(crate) fn dist() -> Result<()> {
    build_components()?;
    let archive = pack_application()?;
    let mut command = cargo();
    command
        .args(["build", "--profile", "host", "--package", "nudge"])
        .args(["--features", "embedded,tls"])
        .env(APPLICATION, archive);
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let mut folder = root().join("target");
    if cfg!(target_os = "linux") {
        execute(Command::new("rustup").args(["target", "add", &target]))?;
        programs::need("musl-gcc", "musl-tools", "")?;
        command.args(["--target", &target]);
        folder.push(target);
    }
    eprintln!("Building nudge (some minutes) …");
    execute(&mut command)?;
    println!("{}", folder.join("host/nudge").display());
    Ok(())
}

/// Packs what `nudge run` reads into an archive, and says where that is. The same files make the same archive, so that
/// `nudge` is only linked again when one has changed.
fn pack_application() -> Result<PathBuf> {
    let archive = root().join("target/application.tar.gz");
    let file =
        File::create(&archive).with_context(|| format!("can't write {}", archive.display()))?;
    let mut builder = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    builder.mode(tar::HeaderMode::Deterministic);
    let mut files = vec!["spin.toml".into()];
    files.extend(COMPONENTS.map(|name| format!("{WASM}/{}.wasm", name.replace('-', "_")).into()));
    list_files(Path::new("dapr-components"), &mut files)?;
    files.sort();
    for name in &files {
        builder
            .append_path_with_name(root().join(name), name)
            .with_context(|| format!("can't pack {}", name.display()))?;
    }
    builder.into_inner()?.finish()?;
    Ok(archive)
}

/// Adds the files in a folder of the repository, and in those below it.
fn list_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root().join(folder))? {
        let entry = entry?;
        let name = folder.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => list_files(&name, files)?,
            false => files.push(name),
        }
    }
    Ok(())
}

/// Formatting, lints and all tests that need no outside server. The real components are built first: a missing one
/// fails the tests that run it.
pub(crate) fn test() -> Result<()> {
    build_components()?;
    build_probe()?;
    build_embedded()?;
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
