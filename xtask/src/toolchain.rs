//! A compiler for `wasm32-wasip1`: rustup's.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

const TARGET: &str = "wasm32-wasip1";

/// What a build for WebAssembly needs to know.
pub(crate) struct Toolchain;

impl Toolchain {
    /// Tells a cargo command which compiler to use.
    pub(crate) fn apply(&self, command: &mut Command) {
        // The host's own build may have set a compiler that does not know the target.
        command.env_remove("RUSTC");
    }
}

/// Makes sure that the target is there.
pub(crate) fn wasm() -> Result<Toolchain> {
    if has_target() {
        return Ok(Toolchain);
    }
    eprintln!("Adding the target {TARGET} …");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    if added.is_ok_and(|status| status.success()) && has_target() {
        return Ok(Toolchain);
    }
    bail!(
        "this Rust can't build {TARGET}; run rustup target add {TARGET}, or install your system's Rust std for it"
    )
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
