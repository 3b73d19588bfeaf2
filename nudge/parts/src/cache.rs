//! Where fetched and built tools stay between runs and between checkouts.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// `$XDG_CACHE_HOME/nudge`, else `~/.cache/nudge`; made where it is not there.
///
/// # Errors
/// When neither variable is set, or the folder can't be made.
pub fn folder() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(
            std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?,
        )
        .join(".cache"),
    };
    let folder = base.join("nudge");
    fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
    Ok(folder)
}

/// The folder `name` of the cache, filled by `fill` if it is not there. What is in it was finished: `fill` works on a
/// draft beside it, and one process at a time.
///
/// # Errors
/// Those of `fill`, and of files.
pub fn once(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let cache = folder()?;
    let (done, draft) = (cache.join(name), cache.join(format!("{name}.draft")));
    if done.is_dir() {
        return Ok(done);
    }
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    lock.lock().context("can't lock the cache folder")?;
    if done.is_dir() {
        return Ok(done);
    }
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    fs::create_dir_all(&draft)?;
    fill(&draft)?;
    fs::rename(&draft, &done)?;
    Ok(done)
}
