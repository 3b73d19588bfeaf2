//! Folders and files that hold what people wrote: only whoever runs the host may read them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

use anyhow::{Context, Result};

/// Makes a folder, and those above it, where there is none. One that is there stays as it is: it may hold other things.
///
/// # Errors
/// When it can't be made.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The same for a folder that holds nothing but what is the host's own: where others may look into one that is there, they
/// may no longer.
///
/// # Errors
/// When it can't be made.
pub fn make_own_folder(path: &Path) -> io::Result<()> {
    make_folder(path)?;
    close_to_others(path);
    Ok(())
}

/// Opens a file to write, and makes it where there is none. Where others may read or write it, they may no longer.
pub(crate) fn open_file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(path)
        .with_context(|| format!("can't write {}", path.display()))?;
    close_to_others(path);
    Ok(file)
}

/// Lets nobody else read or write a file or folder, if it is there. Earlier versions made some that the umask alone
/// protected, and so does whoever copies a backup back.
pub fn close_to_others(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(metadata) = path.metadata() else {
            return;
        };
        let mode = metadata.permissions().mode();
        if mode & 0o077 == 0 {
            return;
        }
        let private = std::fs::Permissions::from_mode(mode & 0o700);
        if let Err(error) = std::fs::set_permissions(path, private) {
            // A file system without owners, or a file of somebody else: it is used as it is.
            tracing::warn!("others may read {}: {error}", path.display());
        }
    }
}
