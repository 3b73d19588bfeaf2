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

/// Their paths.
pub(crate) struct FilePaths {
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
    pub(crate) fn find(&self, data: &Path) -> Result<FilePaths> {
        let unpacked = match (&self.manifest, &self.components) {
            (Some(_), Some(_)) => None,
            _ => unpacked(data)?,
        };
        let folder = unpacked.unwrap_or_default();
        let or_default =
            |named: &Option<PathBuf>, name| named.clone().unwrap_or_else(|| folder.join(name));
        Ok(FilePaths {
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
    use nudge_host::disk::{draft_in, sync_tree};
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
        let parent = data.join("application");
        let folder = parent.join(&name);
        if folder.is_dir() {
            return Ok(Some(folder));
        }
        nudge_sidecar::private::make_folder(&parent)
            .with_context(|| format!("can't make {}", parent.display()))?;
        let draft = draft_in(&parent)?;
        let unpack = || {
            tar::Archive::new(GzDecoder::new(ARCHIVE)).unpack(draft.path())?;
            // It is taken for whole from then on.
            sync_tree(draft.path())?;
            fs::rename(draft.path(), &folder)
        };
        match unpack() {
            // Another process may have done it meanwhile.
            Err(error) if !folder.is_dir() => Err(error)
                .with_context(|| format!("can't unpack the application into {}", folder.display())),
            _ => Ok(Some(folder)),
        }
    }
}
