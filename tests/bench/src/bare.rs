//! What the machine can do without Nudge.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection;

const TIME: Duration = Duration::from_secs(2);

/// Durable commits a second of one SQLite writer with nothing else to do: a row of 85 bytes, `synchronous=FULL`, WAL.
pub(crate) fn commits_per_second(folder: &Path) -> Result<f64> {
    let database = Connection::open(folder.join("plain.db"))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.execute_batch("CREATE TABLE plain (id INTEGER PRIMARY KEY, text TEXT)")?;
    let mut insert = database.prepare("INSERT INTO plain (text) VALUES (?1)")?;
    let text = "x".repeat(85);
    let begun = Instant::now();
    let mut commits = 0_u32;
    while begun.elapsed() < TIME {
        insert.execute([&text])?;
        commits += 1;
    }
    Ok(f64::from(commits) / begun.elapsed().as_secs_f64())
}
