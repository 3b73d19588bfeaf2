//! Which compiler a build for WebAssembly takes, and how cargo is told of it.

use std::path::PathBuf;
use std::process::Command;

/// What the functions are compiled for.
pub(super) const TARGET: &str = "wasm32-wasip1";

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
