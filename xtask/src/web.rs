//! The screen in `web/`: built by npm before the function that embeds it, and only when something changed.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::commands::root;

/// The oldest Node.js that Vite runs on.
const NODE: (u32, u32) = (20, 19);

/// What the built screen depends on, in `web/`.
const SOURCES: [&str; 7] = [
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "src",
    "svelte.config.js",
    "vite.config.ts",
];

/// Installs what the screen needs, if the lock file changed, and builds it, if its sources did.
pub(crate) fn build() -> Result<()> {
    let _turn = turn()?;
    let built = stamp(&SOURCES)?;
    let dist = folder().join("dist/index.html");
    // Where it is kept says what it is of: the built files themselves are replaced as a whole.
    let kept = root().join("target/web-built");
    if dist.is_file() && is(&kept, built) {
        return Ok(());
    }
    install()?;
    demand_node()?;
    eprintln!("Building the screen …");
    npm(&["run", "--silent", "build", "--", "--logLevel", "warn"])?;
    keep(&kept, built)
}

/// Type checks and unit tests of the screen.
pub(crate) fn test() -> Result<()> {
    let turn = turn()?;
    install()?;
    drop(turn);
    npm(&["run", "--silent", "check"])?;
    npm(&["run", "--silent", "test"])
}

/// Runs `npm ci`, if the lock file changed since the last time.
pub(crate) fn install() -> Result<()> {
    let locked = stamp(&["package.json", "package-lock.json"])?;
    let kept = folder().join("node_modules/.installed");
    if is(&kept, locked) {
        return Ok(());
    }
    demand_node()?;
    eprintln!("Installing the screen's packages …");
    npm(&["ci", "--no-audit", "--no-fund", "--loglevel", "error"])?;
    keep(&kept, locked)
}

/// Waits for other builds of the screen in this checkout, as cargo does; held until it is dropped.
fn turn() -> Result<File> {
    let path = root().join("target/web-lock");
    fs::create_dir_all(root().join("target"))?;
    let file = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
    file.lock()?;
    Ok(file)
}

fn folder() -> PathBuf {
    root().join("web")
}

/// Runs npm in `web/`.
fn npm(arguments: &[&str]) -> Result<()> {
    run(npm_command().args(arguments))
}

/// The command npm in `web/`.
pub(crate) fn npm_command() -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(folder());
    command
}

/// Runs it.
///
/// # Errors
/// When it fails, or Node.js is missing.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(missing)?;
    if !status.success() {
        let arguments: Vec<_> = command
            .get_args()
            .map(|part| part.to_string_lossy())
            .collect();
        bail!("npm {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}

fn missing() -> String {
    let (major, minor) = NODE;
    format!(
        "the screen needs Node.js {major}.{minor} or later with npm: install it from your system's packages or nodejs.org"
    )
}

fn demand_node() -> Result<()> {
    let output = Command::new("node")
        .arg("--version")
        .output()
        .with_context(missing)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.trim().trim_start_matches('v').split('.');
    let mut number = || numbers.next().and_then(|number| number.parse().ok());
    match (number(), number()) {
        (Some(major), Some(minor)) if (major, minor) >= NODE => Ok(()),
        _ => bail!("{}; this is {}", missing(), text.trim()),
    }
}

/// A number that changes with the content of the files, and of all files in the folders, at `paths` in `web/`.
fn stamp(paths: &[&str]) -> Result<u64> {
    let mut files = Vec::new();
    for path in paths {
        collect(&folder().join(path), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        let bytes = fs::read(&file).with_context(|| format!("can't read {}", file.display()))?;
        bytes.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| format!("can't read {}", path.display()))?;
    for entry in entries {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

fn is(kept: &Path, stamp: u64) -> bool {
    fs::read_to_string(kept).is_ok_and(|text| text == stamp.to_string())
}

fn keep(kept: &Path, stamp: u64) -> Result<()> {
    if let Some(folder) = kept.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(kept, stamp.to_string()).with_context(|| format!("can't write {}", kept.display()))
}
