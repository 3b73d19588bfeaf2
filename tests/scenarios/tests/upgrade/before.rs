//! The components of the version before, which take the place of present ones in a manifest.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use scenarios::HostSettings;
use tempfile::TempDir;

/// The functions that keep state, each of which may be of either version.
pub(crate) const FUNCTIONS: [&str; 6] = [
    "audit-service",
    "chatbot",
    "notification-service",
    "recurrence-engine",
    "reminder-service",
    "task-service",
];

/// A part that is exchanged with its function.
const PARTS: [(&str, &str); 1] = [("notification-service", "email-channel")];

/// Where a manifest has its components, from the repository's root.
const COMPONENTS: &str = "target/wasm/wasm32-wasip1/release/";

/// Unpacked components of a version before.
pub(crate) struct Before(TempDir);

impl Before {
    /// Unpacks those of the fixture `name`.
    pub(crate) fn unpack(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let packed = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name)
            .join("components.tar.zst");
        let packed = File::open(packed).expect("packed components");
        let mut packed = zstd::Decoder::new(packed).expect("zstd");
        // They were packed with `--long=27`.
        packed.window_log_max(27).expect("a window");
        let unpacked = tar::Archive::new(packed).unpack(folder.path());
        unpacked.expect("components");
        Self(folder)
    }

    /// A manifest in which the functions `old` are of the version before, and all others of the present one.
    pub(crate) fn manifest(&self, old: &BTreeSet<&str>) -> PathBuf {
        let present = HostSettings::new(self.0.path()).manifest;
        let root = present.parent().expect("the repository");
        let mut text = fs::read_to_string(&present).expect("a manifest");
        let parts = PARTS.iter().filter(|(of, _)| old.contains(of));
        for name in parts.map(|(_, part)| part).chain(old) {
            let file = format!("{}.wasm", name.replace('-', "_"));
            let (is, was) = (format!("\"{COMPONENTS}{file}\""), self.0.path().join(&file));
            assert!(
                text.contains(&is) && was.exists(),
                "{name} can't be exchanged"
            );
            text = text.replace(&is, &format!("\"{}\"", was.display()));
        }
        let components = format!("\"{}/{COMPONENTS}", root.display());
        let text = text.replace(&format!("\"{COMPONENTS}"), &components);
        let manifest = self.0.path().join("spin.toml");
        fs::write(&manifest, text).expect("a manifest");
        manifest
    }
}
