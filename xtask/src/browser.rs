//! Tests of the screen in a real browser.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::execute;
use crate::steps::{build_components, build_nudge};
use crate::web::{install, npm_command, run};

/// Where distributions put Chromium, and Google its own.
const BROWSERS: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// The screen in a real browser, before a host of its own.
pub(crate) fn test() -> Result<()> {
    build_components()?;
    let host = build_nudge(false)?;
    let browser = browser()?;
    eprintln!("Testing the screen in {} …", browser.display());
    let mut command = npm_command();
    command
        .args(["run", "--silent", "test:browser"])
        .env("NUDGE_BINARY", host)
        .env("CHROMIUM", browser);
    run(&mut command)
}

/// The screen in a real browser, before the Nudge with real parts that `environment` tells of.
pub(crate) fn test_with_real_parts(environment: &BTreeMap<&str, String>) -> Result<()> {
    install()?;
    let browser = browser()?;
    eprintln!("Testing the screen in {} …", browser.display());
    let mut command = npm_command();
    command
        .args(["run", "--silent", "test:real-parts"])
        .env("CHROMIUM", browser)
        .envs(environment);
    run(&mut command)
}

/// Chromium: the one that `CHROMIUM` names, the system's, or one that is installed for it where that can be done without
/// asking.
fn browser() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    let find = || {
        BROWSERS
            .iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
    };
    if let Some(path) = find() {
        return Ok(path);
    }
    if is_root() && Path::new("/usr/bin/apt-get").exists() {
        eprintln!("Installing Chromium …");
        execute(Command::new("apt-get").args(["-qq", "update"]))?;
        let install = [
            "-qq",
            "-y",
            "--no-install-recommends",
            "install",
            "chromium",
        ];
        execute(Command::new("apt-get").args(install))?;
    }
    find().context(
        "the browser tests need Chromium: install your system's package, or name a Chromium in CHROMIUM",
    )
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
