//! What can't be made again of a Nudge in one process, in one file: the database, the people and the key.
//!
//! The file is a gzipped tar archive with `nudge.db` and `sign-in/`, as the data folder has them. Compiled components and what
//! real parts keep are not in it.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path};

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use nudge_sidecar::private::make_folder;
use nudge_sidecar::{check_database, copy_database};

use crate::app::{DATABASE, SIGN_IN, sign_in_folder};
use crate::disk::{draft_in, parent, sync_names, sync_tree};

/// Writes a backup of the data folder `data` into the new file `to`; returns its size in bytes. A host may run on the folder.
/// The folder of `to` is not made: where it is missing, a disk may be that is not mounted.
///
/// # Errors
/// When there is no database in the folder, it is damaged, or `to` is there already or can't be written. Then there is no
/// file `to`.
pub fn back_up(data: &Path, to: &Path) -> Result<u64> {
    ensure!(
        !to.exists(),
        "{} is there already; name another file",
        to.display()
    );
    let database = data.join(DATABASE);
    ensure!(
        database.exists(),
        "there is no {}: --data names the folder of a Nudge in one process; one with real parts keeps its state in \
         PostgreSQL, whose own tools copy it",
        database.display()
    );
    let draft = draft_in(parent(to))?;
    let copy = draft.path().join(DATABASE);
    copy_database(&database, &copy)?;
    let mut archive = tempfile::NamedTempFile::new_in(draft.path())?;
    // The people after the database: whose tasks are in it are among them.
    pack(&mut archive, &copy, &sign_in_folder(data)).context("can't write the backup")?;
    archive.as_file().sync_all()?;
    let bytes = archive.as_file().metadata()?.len();
    archive
        .persist_noclobber(to)
        .with_context(|| format!("can't write {}", to.display()))?;
    sync_names(parent(to))?;
    Ok(bytes)
}

fn pack(archive: &mut tempfile::NamedTempFile, database: &Path, sign_in: &Path) -> io::Result<()> {
    let encoder = GzEncoder::new(archive, Compression::default());
    let mut builder = tar::Builder::new(encoder);
    builder.append_path_with_name(database, DATABASE)?;
    for entry in fs::read_dir(sign_in)? {
        let path = entry?.path();
        // Names with a dot are files that somebody is just writing.
        let is_kept = |name: &str| !name.starts_with('.');
        if let Some(name) = path
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|name| is_kept(name))
        {
            match builder.append_path_with_name(&path, Path::new(SIGN_IN).join(name)) {
                // A file that was renamed since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                appended => appended?,
            }
        }
    }
    builder.into_inner()?.finish()?;
    Ok(())
}

/// Makes the data folder `data` of the backup `file`. A file that is not whole makes nothing.
///
/// A folder that is not there appears whole. One that is there may be a disk of its own, and keeps its place: the people are put into
/// it first and the database last. A crash between the two leaves the rest in a draft, and a second attempt is refused.
///
/// # Errors
/// When there is something in the folder already, or the file is no backup, is damaged, or was written by a newer version.
pub fn restore(file: &Path, data: &Path) -> Result<()> {
    let is_there = match fs::read_dir(data) {
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none(),
                "there is something in {} already: move it away, or name another folder with --data",
                data.display()
            );
            true
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error).with_context(|| format!("can't read {}", data.display())),
    };
    let archive = File::open(file).with_context(|| format!("can't read {}", file.display()))?;
    let beside = parent(data);
    let place = if is_there { data } else { beside };
    make_folder(place).with_context(|| format!("can't make {}", place.display()))?;
    let draft = draft_in(place)?;
    unpack(archive, draft.path())
        .and_then(|()| check_database(&draft.path().join(DATABASE)))
        .with_context(|| format!("can't make {} of {}", data.display(), file.display()))?;
    sync_tree(draft.path())?;
    let take = || -> io::Result<()> {
        if is_there {
            for name in [SIGN_IN, DATABASE] {
                fs::rename(draft.path().join(name), data.join(name))?;
            }
        } else {
            fs::rename(draft.path(), data)?;
        }
        sync_names(place)
    };
    take().with_context(|| format!("can't make {}", data.display()))
}

fn unpack(archive: File, folder: &Path) -> Result<()> {
    make_folder(&folder.join(SIGN_IN))?;
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        ensure!(
            entry.header().entry_type().is_file() && is_ours(&path),
            "there is {} in it",
            path.display()
        );
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::copy(&mut entry, &mut file)?;
        file.persist_noclobber(folder.join(&path))?;
    }
    // The archive's end is two empty blocks; the checksum of all of it comes after them.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    for needed in [DATABASE, SIGN_IN] {
        if !folder.join(needed).exists() {
            bail!("there is no {needed} in it");
        }
    }
    Ok(())
}

/// Whether a backup may have a file called `path`: the database, or one file of the people's folder.
fn is_ours(path: &Path) -> bool {
    let parts: Vec<Component> = path.components().collect();
    match parts.as_slice() {
        [Component::Normal(name)] => *name == DATABASE,
        [Component::Normal(folder), Component::Normal(_)] => *folder == SIGN_IN,
        _ => false,
    }
}
