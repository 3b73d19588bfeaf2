//! Where the application's files are: in the folders that arguments name, in this one, or in the program itself.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

/// The Spin manifest and Dapr's YAML files.
#[derive(Args, Default)]
pub(crate) struct Files {
    /// The Spin manifest [default: the one in this program, else spin.toml]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Dapr's YAML files [default: those in this program, else dapr-components]
    #[arg(long, value_name = "DIR")]
    components: Option<PathBuf>,
}

/// Where both are.
pub(crate) struct Found {
    /// The Spin manifest.
    pub(crate) manifest: PathBuf,
    /// The folder of Dapr's YAML files and of `topics.json`.
    pub(crate) components: PathBuf,
}

impl Files {
    /// Finds them; those in this program are unpacked into the folder `data`, once for each program.
    ///
    /// # Errors
    /// When they can't be unpacked.
    pub(crate) fn find(&self, data: &Path) -> Result<Found> {
        let unpacked = match (&self.manifest, &self.components) {
            (Some(_), Some(_)) => None,
            _ => unpacked(data)?,
        };
        let folder = unpacked.unwrap_or_default();
        let or_default =
            |named: &Option<PathBuf>, name| named.clone().unwrap_or_else(|| folder.join(name));
        Ok(Found {
            manifest: or_default(&self.manifest, "spin.toml"),
            components: or_default(&self.components, "dapr-components"),
        })
    }
}

#[cfg(not(feature = "embedded"))]
fn unpacked(_: &Path) -> Result<Option<PathBuf>> {
    Ok(None)
}

#[cfg(feature = "embedded")]
use embedded::unpacked;

#[cfg(feature = "embedded")]
mod embedded {
    use std::fs;
    use std::path::{Path, PathBuf};

    use anyhow::{Context, Result};
    use flate2::read::GzDecoder;
    use sha2::{Digest, Sha256};

    /// A gzipped tar archive of `spin.toml`, the components that it names and `dapr-components`, which `cargo xtask dist` made.
    const ARCHIVE: &[u8] = include_bytes!(env!("NUDGE_APPLICATION"));

    /// The folder with what is in this program, below `data`.
    pub(super) fn unpacked(data: &Path) -> Result<Option<PathBuf>> {
        let digest = Sha256::digest(ARCHIVE);
        let name: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        nudge_sidecar::private::make_folder(data)
            .with_context(|| format!("can't make {}", data.display()))?;
        let parent = data.join("application");
        let folder = parent.join(&name);
        if folder.is_dir() {
            return Ok(Some(folder));
        }
        let draft = parent.join(format!("{name}.{}", std::process::id()));
        let unpack = || {
            tar::Archive::new(GzDecoder::new(ARCHIVE)).unpack(&draft)?;
            fs::rename(&draft, &folder)
        };
        match unpack() {
            Ok(()) => Ok(Some(folder)),
            // Another process did it meanwhile.
            Err(_) if folder.is_dir() => {
                fs::remove_dir_all(&draft)?;
                Ok(Some(folder))
            }
            Err(error) => Err(error)
                .with_context(|| format!("can't unpack the application into {}", folder.display())),
        }
    }
}
