//! Tables and connections.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use rusqlite::{Connection, OpenFlags};

/// Raised with every change of the tables.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE state (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    etag INTEGER NOT NULL,
    expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX state_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    partition_key TEXT NOT NULL,
    event BLOB NOT NULL,
    published_at INTEGER NOT NULL,
    waiting INTEGER NOT NULL
);
CREATE INDEX messages_unheard ON messages (published_at) WHERE waiting = 0;
CREATE TABLE pending (
    subscriber TEXT NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (subscriber, message)
) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES ('etag', 0);
";

/// The connection that writes. `synchronous=FULL` syncs the log at every commit.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(32);
    match connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? {
        0 => connection.execute_batch(&format!(
            "BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
        ))?,
        VERSION => {}
        other => bail!(
            "it was written by another version of Nudge (format {other}; this one knows {VERSION})"
        ),
    }
    Ok(connection)
}

pub(super) fn reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}
