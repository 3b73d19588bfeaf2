//! The jobs of the writing thread.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::oneshot;

use super::clock::Clock;

/// How long a message is kept that nobody subscribed to, dead letters among them, or whose subscription is gone: 7 days.
const UNHEARD_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// How many free pages stay for what is written next: 4 MiB.
const SPARE_PAGES: i64 = 1024;
/// How many free pages are given back at a time: some milliseconds of the writing thread.
const SHRINK_PAGES: i64 = 256;

/// Why a write was not made.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum WriteError {
    /// A condition did not hold.
    #[error("possible etag mismatch on {0}")]
    Etag(String),
    /// Too much is waiting.
    #[error("the store has more to write than it can")]
    Overloaded,
    /// SQLite could not: disk full, file gone.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// One write of a transaction.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) key: String,
    /// `None` deletes.
    pub(crate) value: Option<Bytes>,
    pub(crate) condition: Condition,
    pub(crate) ttl_seconds: Option<u32>,
}

/// What must hold of the document that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Any,
    Absent,
    Etag(i64),
    /// An ETag that none of ours can be.
    Never,
}

/// A message to be taken on record.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) partition_key: String,
    pub(crate) event: Bytes,
}

/// Where a message goes that its subscriber gave up.
#[derive(Debug)]
pub(crate) struct DeadLetter {
    pub(crate) topic: String,
    pub(crate) subscribers: Vec<String>,
}

/// What a job did.
#[derive(Debug)]
pub(super) enum Done {
    Written,
    Published(Vec<i64>),
    Shrunk { is_more: bool },
}

impl Done {
    /// The numbers of the messages that were taken on record.
    pub(super) fn published(self) -> Vec<i64> {
        match self {
            Self::Published(ids) => ids,
            Self::Written | Self::Shrunk { .. } => Vec::new(),
        }
    }
}

pub(super) type Outcome = Result<Done, WriteError>;
type Reply = oneshot::Sender<Outcome>;

pub(super) enum Job {
    Transact {
        operations: Vec<Operation>,
        reply: Reply,
    },
    Publish {
        topic: String,
        subscribers: Vec<String>,
        messages: Vec<Message>,
        reply: Reply,
    },
    GiveUp {
        subscriber: String,
        id: i64,
        dead_letter: DeadLetter,
        reply: Reply,
    },
    Purge {
        subscribers: Vec<String>,
        reply: Reply,
    },
    Shrink {
        reply: Reply,
    },
    Checkpoint {
        reply: Reply,
    },
}

/// A subscriber is done with a message. Can wait for jobs, since nobody waits for it: what is not on record when the process
/// dies is delivered again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Confirmation {
    pub(super) subscriber: String,
    pub(super) id: i64,
}

/// The writing thread's own state.
pub(super) struct Work {
    /// The last ETag given out; kept with every commit, so that none comes twice. Never goes back, not even when a
    /// commit fails: who knows how much of it was made.
    etag: i64,
    clock: Arc<Clock>,
}

/// The clock of expiry, as it was when it was kept last.
pub(super) fn kept_clock(connection: &Connection) -> Result<Option<i64>> {
    let kept = "SELECT value FROM counters WHERE name = 'clock'";
    Ok(connection
        .query_row(kept, [], |row| row.get(0))
        .optional()?)
}

impl Work {
    pub(super) fn new(connection: &Connection, clock: Arc<Clock>) -> Result<Self> {
        let etag = connection.query_row(
            "SELECT value FROM counters WHERE name = 'etag'",
            [],
            |row| row.get(0),
        )?;
        Ok(Self { etag, clock })
    }

    /// Makes the jobs in one transaction, each in a savepoint of its own, and answers after the commit. Takes the
    /// confirmations that were committed with them.
    pub(super) fn commit(
        &mut self,
        connection: &Connection,
        jobs: Vec<Job>,
        confirmations: &mut Vec<Confirmation>,
    ) {
        let mut answers: Vec<(Reply, Outcome)> = Vec::with_capacity(jobs.len());
        let mut committed = connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(WriteError::from);
        if committed.is_ok() {
            committed = confirm_all(connection, confirmations);
        }
        let mut afterwards = Vec::new();
        for job in jobs {
            match job {
                Job::Checkpoint { .. } | Job::Shrink { .. } => afterwards.push(job),
                job => answers.push(match &committed {
                    Ok(()) => self.one(connection, job),
                    Err(error) => (reply_of(job), Err(error.clone())),
                }),
            }
            if committed.is_ok() && connection.is_autocommit() {
                // A full disk makes SQLite roll the whole transaction back; what follows must not be committed alone.
                committed = Err(answers.last().and_then(failure).unwrap_or_else(|| {
                    WriteError::Failed("the transaction was rolled back".to_owned())
                }));
            }
        }
        if committed.is_ok() {
            committed = self.finish(connection);
        }
        if committed.is_err() && !connection.is_autocommit() {
            // What is open is given up; the next batch begins anew.
            connection.execute_batch("ROLLBACK").ok();
        }
        for (reply, outcome) in answers {
            // Whoever asked may have gone.
            reply.send(committed.clone().and(outcome)).ok();
        }
        for job in afterwards {
            let outcome = match &job {
                Job::Shrink { .. } => shrink(connection),
                _ => checkpoint(connection),
            };
            reply_of(job).send(outcome).ok();
        }
        if committed.is_ok() {
            confirmations.clear();
        }
    }

    fn finish(&self, connection: &Connection) -> Result<(), WriteError> {
        connection
            .prepare_cached("UPDATE counters SET value = ?1 WHERE name = 'etag'")?
            .execute([self.etag])?;
        Ok(connection.execute_batch("COMMIT")?)
    }

    fn one(&mut self, connection: &Connection, job: Job) -> (Reply, Outcome) {
        if let Err(error) = connection.execute_batch("SAVEPOINT job") {
            return (reply_of(job), Err(error.into()));
        }
        let (reply, outcome) = match job {
            Job::Transact { operations, reply } => (reply, self.transact(connection, operations)),
            Job::Publish {
                topic,
                subscribers,
                messages,
                reply,
            } => {
                let now = self.clock.now_ms();
                let published = publish(connection, now, &topic, &subscribers, &messages);
                (reply, published)
            }
            Job::GiveUp {
                subscriber,
                id,
                dead_letter,
                reply,
            } => {
                let now = self.clock.now_ms();
                (
                    reply,
                    give_up(connection, now, &subscriber, id, &dead_letter),
                )
            }
            Job::Purge { subscribers, reply } => {
                (reply, purge(connection, self.clock.now_ms(), &subscribers))
            }
            Job::Checkpoint { reply } | Job::Shrink { reply } => (reply, Ok(Done::Written)),
        };
        let end = if outcome.is_ok() {
            "RELEASE job"
        } else {
            "ROLLBACK TO job; RELEASE job"
        };
        match connection.execute_batch(end) {
            Ok(()) => (reply, outcome),
            Err(error) => (reply, Err(error.into())),
        }
    }

    fn transact(&mut self, connection: &Connection, operations: Vec<Operation>) -> Outcome {
        let now = self.clock.now_ms();
        let mut find = connection.prepare_cached(
            "SELECT etag FROM state WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
        )?;
        let mut put = connection.prepare_cached(
            "INSERT OR REPLACE INTO state (key, value, etag, expires_at) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let mut delete = connection.prepare_cached("DELETE FROM state WHERE key = ?1")?;
        for operation in operations {
            if operation.condition != Condition::Any {
                let found: Option<i64> = find
                    .query_row((&operation.key, now), |row| row.get(0))
                    .optional()?;
                let holds = match operation.condition {
                    Condition::Any => true,
                    Condition::Absent => found.is_none(),
                    Condition::Etag(etag) => found == Some(etag),
                    Condition::Never => false,
                };
                if !holds {
                    return Err(WriteError::Etag(operation.key));
                }
            }
            match &operation.value {
                Some(value) => {
                    self.etag += 1;
                    let expires_at = operation
                        .ttl_seconds
                        .map(|seconds| now + i64::from(seconds) * 1000);
                    put.execute((&operation.key, &value[..], self.etag, expires_at))?;
                }
                None => {
                    delete.execute([&operation.key])?;
                }
            }
        }
        Ok(Done::Written)
    }
}

fn publish(
    connection: &Connection,
    now: i64,
    topic: &str,
    subscribers: &[String],
    messages: &[Message],
) -> Outcome {
    let mut ids = Vec::with_capacity(messages.len());
    for message in messages {
        ids.push(insert(connection, now, topic, subscribers, message)?);
    }
    Ok(Done::Published(ids))
}

fn insert(
    connection: &Connection,
    now: i64,
    topic: &str,
    subscribers: &[String],
    message: &Message,
) -> Result<i64, WriteError> {
    connection
        .prepare_cached(
            "INSERT INTO messages (topic, partition_key, event, published_at, waiting) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            topic,
            &message.partition_key,
            &message.event[..],
            now,
            subscribers.len() as i64,
        ))?;
    let id = connection.last_insert_rowid();
    let mut wait =
        connection.prepare_cached("INSERT INTO pending (subscriber, message) VALUES (?1, ?2)")?;
    for subscriber in subscribers {
        wait.execute((subscriber, id))?;
    }
    Ok(id)
}

/// Moves a message to another topic.
fn give_up(
    connection: &Connection,
    now: i64,
    subscriber: &str,
    id: i64,
    DeadLetter { topic, subscribers }: &DeadLetter,
) -> Outcome {
    let message = connection
        .prepare_cached("SELECT partition_key, event FROM messages WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(Message {
                partition_key: row.get(0)?,
                event: Bytes::from(row.get::<_, Vec<u8>>(1)?),
            })
        })?;
    let moved = insert(connection, now, topic, subscribers, &message)?;
    confirm(connection, subscriber, id)?;
    Ok(Done::Published(vec![moved]))
}

fn confirm_all(connection: &Connection, confirmations: &[Confirmation]) -> Result<(), WriteError> {
    for Confirmation { subscriber, id } in confirmations {
        confirm(connection, subscriber, *id)?;
    }
    Ok(())
}

fn confirm(connection: &Connection, subscriber: &str, id: i64) -> Result<(), WriteError> {
    let mut done =
        connection.prepare_cached("DELETE FROM pending WHERE subscriber = ?1 AND message = ?2")?;
    if done.execute((subscriber, id))? == 1 {
        let mut less =
            connection.prepare_cached("UPDATE messages SET waiting = waiting - 1 WHERE id = ?1")?;
        less.execute([id])?;
        let mut gone =
            connection.prepare_cached("DELETE FROM messages WHERE id = ?1 AND waiting = 0")?;
        gone.execute([id])?;
    }
    Ok(())
}

fn purge(connection: &Connection, now: i64, subscribers: &[String]) -> Outcome {
    connection
        .prepare_cached("INSERT OR REPLACE INTO counters (name, value) VALUES ('clock', ?1)")?
        .execute([now])?;
    connection
        .prepare_cached("DELETE FROM state WHERE expires_at <= ?1")?
        .execute([now])?;
    let names: Vec<String> = connection
        .prepare_cached("SELECT DISTINCT subscriber FROM pending")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for gone in names.iter().filter(|name| !subscribers.contains(name)) {
        let ids: Vec<i64> = connection
            .prepare_cached(
                "SELECT message FROM pending JOIN messages ON id = message WHERE subscriber = ?1 AND published_at <= ?2",
            )?
            .query_map((gone, now - UNHEARD_MS), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in &ids {
            confirm(connection, gone, *id)?;
        }
        if !ids.is_empty() {
            tracing::warn!(
                "{} messages for {gone}, which is not there any more, are dropped",
                ids.len()
            );
        }
    }
    connection
        .prepare_cached("DELETE FROM messages WHERE waiting = 0 AND published_at <= ?1")?
        .execute([now - UNHEARD_MS])?;
    Ok(Done::Written)
}

/// Gives back some of the free pages that are not spare.
fn shrink(connection: &Connection) -> Outcome {
    let free = || connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
    let over = free()? - SPARE_PAGES;
    if over > 0 {
        let some = over.min(SHRINK_PAGES);
        connection.execute_batch(&format!("PRAGMA incremental_vacuum({some})"))?;
    }
    // None where the database can't give any back.
    let left = free()? - SPARE_PAGES;
    let is_more = left > 0 && left < over;
    Ok(Done::Shrunk { is_more })
}

fn checkpoint(connection: &Connection) -> Outcome {
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(Done::Written)
}

fn failure((_, outcome): &(Reply, Outcome)) -> Option<WriteError> {
    outcome.as_ref().err().cloned()
}

fn reply_of(job: Job) -> Reply {
    match job {
        Job::Transact { reply, .. }
        | Job::Publish { reply, .. }
        | Job::GiveUp { reply, .. }
        | Job::Purge { reply, .. }
        | Job::Shrink { reply }
        | Job::Checkpoint { reply } => reply,
    }
}

#[cfg(test)]
mod tests;
