//! A compiler for `wasm32-wasip1`: rustup's, or Debian's where rustup can't reach its server.

mod debian;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

const TARGET: &str = "wasm32-wasip1";

/// Set to `debian` to take Debian's compiler even where the other one knows the target: what the tests of it do.
const CHOICE: &str = "NUDGE_WASM_TOOLCHAIN";

/// What a build for WebAssembly needs to know.
pub(crate) enum Toolchain {
    /// The compiler that cargo finds by itself knows the target.
    Own,
    /// A compiler and a linker of Debian's.
    Debian { rustc: PathBuf, linker: PathBuf },
}

impl Toolchain {
    /// Tells a cargo command which compiler to use.
    pub(crate) fn apply(&self, command: &mut Command) {
        match self {
            // The build of the native parts may have set a compiler that does not know the target.
            Self::Own => command.env_remove("RUSTC"),
            Self::Debian { rustc, linker } => command
                .env("RUSTC", rustc)
                .env("CARGO_TARGET_WASM32_WASIP1_LINKER", linker),
        };
    }
}

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
