//! Files that are whole on the disk before they have their names.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nudge_sidecar::private::close_to_others;
use tempfile::TempDir;

/// A new folder in `folder` that only its owner reads, for what is then renamed. It goes with what is left in it when the value
/// is dropped.
///
/// # Errors
/// When `folder` is not there, or can't be written to.
pub fn draft_in(folder: &Path) -> Result<TempDir> {
    let draft = tempfile::Builder::new()
        .prefix(".nudge-draft-")
        .tempdir_in(folder)
        .with_context(|| format!("can't write into {}", folder.display()))?;
    close_to_others(draft.path());
    Ok(draft)
}

/// The folder that holds `path`.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|folder| *folder != Path::new(""));
    parent.unwrap_or(Path::new("."))
}

/// Brings all files of a folder, and its names, to the disk.
///
/// # Errors
/// Those of the disk.
pub fn sync_tree(folder: &Path) -> io::Result<()> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => File::open(&path)?.sync_all()?,
            }
        }
        sync_names(&folder)?;
    }
    Ok(())
}

/// Brings the names in a folder to the disk.
///
/// # Errors
/// Those of the disk.
pub fn sync_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
