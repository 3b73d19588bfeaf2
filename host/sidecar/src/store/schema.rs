//! Tables, migrations and connections.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags};

/// The migrations, in order: the first makes a new database, each further one turns the version before into the next. A
/// database says in `user_version` how many it has been through. What was released is never changed here, only added to;
/// and what an earlier version can go on with needs no migration, so that one can go back to it.
const MIGRATIONS: [&str; 1] = ["
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
"];

/// How large the log may stay after it was moved into the database, in bytes.
const LOG_SIZE: i64 = 16 * 1024 * 1024;
/// `auto_vacuum`: free pages can be given back bit by bit.
const INCREMENTAL: i64 = 2;

/// The connection that writes. `synchronous=FULL` syncs the log at every commit.
pub(super) fn open(path: &Path) -> Result<Connection> {
    open_with(path, &MIGRATIONS)
}

fn open_with(path: &Path, migrations: &[&str]) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // Takes effect where there are no tables yet.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_SIZE)?;
    connection.set_prepared_statement_cache_capacity(32);
    migrate(&connection, migrations)?;
    make_shrinkable(&connection);
    Ok(connection)
}

/// Whether this version of Nudge knows the database's format.
pub(super) fn check_version(connection: &Connection) -> Result<()> {
    been_through(connection, &MIGRATIONS).map(drop)
}

/// How many migrations the database has been through.
fn been_through(connection: &Connection, migrations: &[&str]) -> Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let been_through = usize::try_from(version)
        .ok()
        .filter(|count| *count <= migrations.len());
    match been_through {
        Some(count) => Ok(count),
        None => bail!(
            "it was written by a newer version of Nudge (format {version}; this one knows up to {}): start that version, or \
             restore a copy of the data folder that was made before it",
            migrations.len()
        ),
    }
}

/// Takes the database through the migrations that it has not been through, each in a transaction of its own.
fn migrate(connection: &Connection, migrations: &[&str]) -> Result<()> {
    let been_through = been_through(connection, migrations)?;
    for (number, migration) in (1..).zip(migrations).skip(been_through) {
        let done = connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {migration} PRAGMA user_version = {number}; COMMIT;"
        ));
        if let Err(error) = done {
            if !connection.is_autocommit() {
                // What was made of it is taken back; the reason is the first error.
                connection.execute_batch("ROLLBACK").ok();
            }
            return Err(error).with_context(|| {
                format!("it can't be brought to format {number}; it is as it was before")
            });
        }
    }
    Ok(())
}

/// Lets a database that was made without that give back pages, by writing it anew, once.
fn make_shrinkable(connection: &Connection) {
    let converted = || -> rusqlite::Result<()> {
        let mode: i64 = connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
        if mode == INCREMENTAL {
            return Ok(());
        }
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.execute_batch("VACUUM")
    };
    if let Err(error) = converted() {
        // It goes on as it was: only larger than need be.
        tracing::warn!("the database does not shrink for now: {error}");
    }
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .expect("a version")
    }

    /// Each step is made once, in order, whatever version the database has; one that fails takes nothing half.
    ///
    /// Seen to fail: without the transaction around a step, `half` was there.
    #[test]
    fn migrations() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nudge.db");
        let [first] = MIGRATIONS;
        let second = "ALTER TABLE messages ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;";
        let third = "UPDATE messages SET tries = tries + 1;";
        let old = open(&path).expect("a new database");
        assert_eq!(version(&old), 1);
        old.execute_batch("INSERT INTO messages VALUES (1, 't', 'k', x'7b7d', 0, 0)")
            .expect("a message");
        drop(old);

        let broken = open_with(&path, &[first, second, "CREATE TABLE half (x); nonsense;"]);
        let error = format!("{:#}", broken.expect_err("the third is none"));
        assert!(error.contains("format 3"), "{error}");
        let tries = |path| {
            let connection = open_with(path, &[first, second, third]).expect("the newest");
            let tries = "SELECT tries FROM messages";
            let tries = connection.query_row(tries, [], |row| row.get::<_, i64>(0));
            (version(&connection), tries.expect("a number"))
        };
        assert_eq!(tries(&path), (3, 1));
        assert_eq!(tries(&path), (3, 1), "made again");
        let tables = "SELECT count(*) FROM sqlite_master WHERE name = 'half'";
        let connection = Connection::open(&path).expect("the database");
        let half = connection.query_row(tables, [], |row| row.get::<_, i64>(0));
        assert_eq!(half.expect("a count"), 0);

        let error = format!("{:#}", open(&path).expect_err("it is newer"));
        assert!(
            error.contains("newer version of Nudge (format 3; this one knows up to 1)"),
            "{error}"
        );
        assert_eq!(version(&connection), 3, "it is left as it is");
    }

    /// A database that was made before this gives back what is free, and keeps what is in it.
    #[test]
    fn an_older_database_becomes_shrinkable() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nudge.db");
        let old = Connection::open(&path).expect("a database");
        let [first] = MIGRATIONS;
        old.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; {first} PRAGMA user_version = 1;"
        ))
        .expect("tables");
        old.execute_batch("INSERT INTO state VALUES ('k', x'31', 7, NULL)")
            .expect("a document");
        drop(old);
        for _ in 0..2 {
            let connection = open(&path).expect("it is opened");
            let mode = connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0));
            assert_eq!(mode.ok(), Some(INCREMENTAL));
            let etag = connection.query_row("SELECT etag FROM state", [], |row| row.get(0));
            assert_eq!(etag.ok(), Some(7));
        }
    }
}
