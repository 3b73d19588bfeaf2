//! A compiler for `wasm32-wasip1`: rustup's, or Debian's where rustup can't reach its server.

mod compiler;
mod debian;

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use compiler::{TARGET, Toolchain};

/// Set to `debian` to take Debian's compiler even where the other one knows the target: what the tests of it do.
const CHOICE: &str = "NUDGE_WASM_TOOLCHAIN";

/// Makes sure that there is a compiler for the target.
pub(crate) fn wasm() -> Result<Toolchain> {
    let wants_debian = std::env::var_os(CHOICE).is_some_and(|choice| choice == "debian");
    if !wants_debian && (has_target() || add_target()) {
        return Ok(Toolchain::Own);
    }
    debian::toolchain().with_context(|| {
        format!("this Rust can't build {TARGET}: run rustup target add {TARGET}, or install your system's Rust std for it")
    })
}

/// Adds the target by rustup, which says itself why it can't.
fn add_target() -> bool {
    eprintln!("Adding the target {TARGET} …");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    added.is_ok_and(|status| status.success()) && has_target()
}

/// Whether the compiler finds the target's standard library.
fn has_target() -> bool {
    let probe = Command::new("rustc")
        .args(["--target", TARGET, "--print", "target-libdir"])
        .stderr(Stdio::null())
        .output();
    probe.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success() && std::path::Path::new(folder.trim()).is_dir()
    })
}
