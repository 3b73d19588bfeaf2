//! A Nudge that is measured, and the people who use it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection as Database, OpenFlags};
use scenarios::{Host, HostSettings, token};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::load::{Ask, Connection};

/// How long everything that was begun may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(300);

/// A host of one process, on data of its own.
pub(crate) struct Desk {
    host: Host,
    issuer: Issuer,
    data: TempDir,
}

impl Desk {
    /// Starts the host that `NUDGE_BIN` names.
    pub(crate) async fn open() -> Result<Self> {
        let data = tempfile::tempdir()?;
        let host = Host::start(HostSettings::new(data.path()).without_limits_for_people()).await;
        let token = host.person("first").await.token().to_owned();
        let key = data.path().join("sign-in/key.der");
        Ok(Self {
            issuer: Issuer::like(&token, &key)?,
            host,
            data,
        })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> &str {
        self.host.address()
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.host.process()
    }

    /// Access tokens of so many people.
    pub(crate) fn people(&self, count: usize) -> Vec<String> {
        (0..count)
            .map(|number| self.issuer.token(&format!("person-{number}")))
            .collect()
    }

    /// Starts it again on the same data.
    pub(crate) async fn restart(self) -> Self {
        Self {
            host: self.host.restart().await,
            ..self
        }
    }

    /// Stops it; how it was started, and its data.
    pub(crate) async fn stop(self) -> (HostSettings, TempDir) {
        (self.host.stop().await.1, self.data)
    }

    /// Waits until every consumer has confirmed every message, and says how many messages there were.
    pub(crate) async fn settle(&self) -> Result<u64> {
        let path = self.data.path().join("nudge.db");
        let database = Database::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let waited = tokio::time::Instant::now();
        loop {
            let waiting: u64 =
                database.query_row("SELECT count(*) FROM pending", [], |row| row.get(0))?;
            if waiting == 0 {
                let all =
                    "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'messages'";
                return Ok(database.query_row(all, [], |row| row.get(0))?);
            }
            ensure!(
                waited.elapsed() < PATIENCE,
                "{waiting} deliveries are still waiting after {} s",
                PATIENCE.as_secs()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Makes tokens as the host's own sign-in does, for people whom it need not know.
pub(crate) struct Issuer {
    header: Value,
    claims: Value,
    key: Vec<u8>,
}

impl Issuer {
    /// As `token` was made, with the key in this file.
    pub(crate) fn like(token: &str, key: &Path) -> Result<Self> {
        Ok(Self {
            header: token::header(token),
            claims: token::claims(token),
            key: std::fs::read(key).with_context(|| format!("can't read {}", key.display()))?,
        })
    }

    /// An access token for `subject`.
    pub(crate) fn token(&self, subject: &str) -> String {
        let mut claims = self.claims.clone();
        claims["sub"] = json!(subject);
        token::signed(&self.header, &claims, &self.key)
    }
}

/// Lets each of `people` create `count` tasks, over a few connections; `body` makes them from the person's number and the
/// task's.
pub(crate) async fn create_tasks<F>(
    address: &str,
    people: &[String],
    count: usize,
    body: F,
) -> Result<()>
where
    F: Fn(usize, usize) -> Value + Send + Sync + 'static,
{
    /// More would only wait for each other.
    const CONNECTIONS: usize = 16;
    let body = std::sync::Arc::new(body);
    let mut tasks = Vec::new();
    for first in 0..CONNECTIONS.min(people.len()) {
        let mut connection = Connection::open(address).await?;
        let body = std::sync::Arc::clone(&body);
        let mine: Vec<(usize, String)> = people
            .iter()
            .cloned()
            .enumerate()
            .skip(first)
            .step_by(CONNECTIONS)
            .collect();
        tasks.push(tokio::spawn(async move {
            for number in 0..count {
                for (person, token) in &mine {
                    let ask = Ask::post("/api/tasks", body(*person, number)).by(token);
                    connection.succeed(&ask).await?;
                }
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
