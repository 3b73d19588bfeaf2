//! A copy of the database, made while another process may write to it, and whether a copy is whole.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use rusqlite::Connection;

use super::schema;

/// Writes the database `from`, as it is at one moment, into the new file `to`. Whoever writes to it goes on meanwhile.
///
/// # Errors
/// When there is no database, it is not whole, or `to` can't be written or is there already.
pub fn copy_database(from: &Path, to: &Path) -> Result<()> {
    ensure!(!to.exists(), "{} is there already", to.display());
    let connection =
        schema::reader(from).with_context(|| format!("can't read {}", from.display()))?;
    let name = to.to_str().context("the copy's path is no UTF-8")?;
    connection
        .execute("VACUUM INTO ?1", [name])
        .with_context(|| format!("can't copy {}", from.display()))?;
    check_database(to)
}

/// Looks through the whole database at `path`.
///
/// # Errors
/// When it is none, it is damaged, or a newer version of Nudge wrote it.
pub fn check_database(path: &Path) -> Result<()> {
    let look = || -> Result<()> {
        let connection = schema::reader(path)?;
        let found: String =
            connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
        if found != "ok" {
            bail!("SQLite finds it damaged: {found}");
        }
        is_ours(&connection)
    };
    look().with_context(|| format!("{} can't be used", path.display()))
}

fn is_ours(connection: &Connection) -> Result<()> {
    schema::check_version(connection)?;
    let has_state = connection.prepare("SELECT 1 FROM state LIMIT 1").is_ok();
    ensure!(has_state, "it is no database of Nudge");
    Ok(())
}
