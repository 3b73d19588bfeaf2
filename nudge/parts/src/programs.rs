//! Programs of others: where they are, how they are installed, and how one is run.

use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

/// The program `name` on the path or in one of `folders`.
#[must_use]
pub fn find_program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path);
    on_path
        .chain(folders.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Runs a command that prints something only when it fails.
///
/// # Errors
/// When it can't be started, or fails: then with what it printed.
pub fn quietly(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("can't start {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    bail!("{program} failed ({}):\n{}", output.status, printed.trim())
}

/// Installs a Debian package, as root on a system that has `apt-get`. `otherwise` names another way out.
///
/// # Errors
/// What to install, where that can't be done; what `apt-get` printed, where it fails.
pub fn install(package: &str, otherwise: &str) -> Result<()> {
    let can_install = Uid::effective().is_root() && find_program("apt-get", &[]).is_some();
    if !can_install {
        bail!("there is no {package}: install it (Debian: apt-get install {package}) {otherwise}");
    }
    eprintln!("Installing {package} …");
    let mut command = Command::new("apt-get");
    command
        .args(["install", "--yes", "--no-install-recommends", package])
        .env("DEBIAN_FRONTEND", "noninteractive");
    if quietly(&mut command).is_ok() {
        return Ok(());
    }
    // The lists of packages may be missing or old.
    let mut update = Command::new("apt-get");
    quietly(update.arg("update"))?;
    quietly(&mut command)
}

/// Installs the Debian package of a program that is not on the path.
///
/// # Errors
/// Those of [`install`].
pub fn need(program: &str, package: &str, otherwise: &str) -> Result<()> {
    match find_program(program, &[]) {
        Some(_) => Ok(()),
        None => install(package, otherwise),
    }
}

/// A name for contents: good for a cache, not for security.
pub(crate) fn digest(contents: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for content in contents {
        hasher.write_usize(content.len());
        hasher.write(content);
    }
    hasher.finish()
}
