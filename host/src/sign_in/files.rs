//! The files of the sign-in's folder, which only their owner reads.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// The signing key.
pub(super) const KEY_FILE: &str = "key.der";

/// Whether there is a key already: the sign-in in `folder` was opened before.
pub(super) fn has_key(folder: &Path) -> bool {
    folder.join(KEY_FILE).exists()
}

/// Writes beside and renames; readable by its owner only, as temporary files are.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = temporary(path, bytes)?.persist(path);
    written.with_context(|| format!("can't write {}", path.display()))?;
    Ok(())
}

/// A synced file with `bytes` in the folder of `path`.
pub(super) fn temporary(path: &Path, bytes: &[u8]) -> Result<tempfile::NamedTempFile> {
    let describe = || format!("can't write {}", path.display());
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(describe)?;
    file.write_all(bytes).with_context(describe)?;
    file.as_file().sync_all().with_context(describe)?;
    Ok(file)
}
