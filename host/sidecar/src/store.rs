//! The SQLite file: state and messages in one database, written by one thread that commits the work of many requests
//! together.

mod clock;
mod copy;
mod schema;
mod work;

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use tokio::sync::oneshot;

use crate::private;
use clock::{Clock, System, TimeSource};
pub use copy::{check_database, copy_database};
pub(crate) use work::{Condition, DeadLetter, Message, Operation, WriteError};
use work::{Confirmation, Job, Work};

/// Most jobs of one commit.
const BATCH: usize = 256;
/// Most jobs that wait; more are refused.
const QUEUE: usize = 4_096;
/// How long what nobody waits for waits for something to be committed with.
const LINGER: Duration = Duration::from_millis(50);
/// Connections that read.
const READERS: usize = 4;

/// A document of the state store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) value: Bytes,
    pub(crate) etag: i64,
}

/// What became of reading one document: `None` when there is none.
pub(crate) type Read = Result<Option<Document>, WriteError>;

/// What the writing thread is given.
enum Incoming {
    Job(Job),
    Confirmation(Confirmation),
}

/// The database.
pub(crate) struct Store {
    jobs: SyncSender<Incoming>,
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
    clock: Arc<Clock>,
    /// Holds the lock for as long as the store lives.
    _lock: File,
}

impl Store {
    /// Opens or makes the database. Only one process may have it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::open_at(path, Box::new(System::default()))
    }

    fn open_at(path: &Path, time: Box<dyn TimeSource>) -> Result<Self> {
        if let Some(folder) = path.parent() {
            private::make_folder(folder)
                .with_context(|| format!("can't make {}", folder.display()))?;
        }
        let lock = private::open_file(&path.with_extension("lock"))?;
        match fs4::fs_std::FileExt::try_lock_exclusive(&lock) {
            Ok(true) => {}
            Ok(false) => bail!(
                "another Nudge is running on it; stop that one, or use another folder with --data"
            ),
            Err(error) => bail!(
                "its file system has no locks, so nothing keeps two from writing ({error}); keep it on a local disk, with --data"
            ),
        }
        private::open_file(path)?;
        // SQLite makes these with the mode of the database. Those that are there may be of an earlier version.
        for ending in ["-wal", "-shm"] {
            let mut beside = path.as_os_str().to_owned();
            beside.push(ending);
            let beside = Path::new(&beside);
            if beside.exists() {
                private::open_file(beside)?;
            }
        }
        let writer = schema::open(path)?;
        let readers = (0..READERS)
            .map(|_| schema::reader(path).map(Mutex::new))
            .collect::<Result<_>>()?;
        let (jobs, waiting) = sync_channel(QUEUE);
        let clock = Arc::new(Clock::new(time, work::kept_clock(&writer)?));
        let mut work = Work::new(&writer, Arc::clone(&clock))?;
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || write_loop(&writer, &mut work, &waiting))?;
        Ok(Self {
            jobs,
            readers,
            next_reader: AtomicUsize::new(0),
            clock,
            _lock: lock,
        })
    }

    /// Reads documents; the answer has the order of `keys`. One that can't be read is an error of its own.
    pub(crate) fn read(&self, keys: &[String]) -> Result<Vec<Read>, WriteError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached("SELECT value, etag FROM state WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)")?;
        let now = self.clock.now_ms();
        let documents = keys.iter().map(|key| {
            let row = statement.query_row((key, now), |row| {
                Ok(Document {
                    value: Bytes::from(row.get::<_, Vec<u8>>(0)?),
                    etag: row.get(1)?,
                })
            });
            row.optional().map_err(|error| {
                tracing::error!("the document {key} can't be read: {error}");
                WriteError::from(error)
            })
        });
        Ok(documents.collect())
    }

    /// The body of a message; `None` when it is gone.
    pub(crate) fn message(&self, id: i64) -> Result<Option<Bytes>, WriteError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT event FROM messages WHERE id = ?1")?;
        let row = statement.query_row([id], |row| row.get::<_, Vec<u8>>(0));
        Ok(row.optional()?.map(Bytes::from))
    }

    /// What subscribers have not confirmed yet, oldest first: subscriber, message, partition key. What can't be read is left
    /// out, and stays where it is.
    pub(crate) fn pending(
        &self,
        mut take: impl FnMut(String, i64, String),
    ) -> Result<(), WriteError> {
        let reader = self.reader();
        let mut statement = reader.prepare(
            "SELECT subscriber, message, partition_key FROM pending JOIN messages ON id = message ORDER BY message",
        )?;
        let mut rows = statement.query([])?;
        let mut unread = 0;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => {
                    // A damaged page: what lies behind it is found when it is repaired.
                    tracing::error!("not all messages that wait can be read: {error}");
                    break;
                }
            };
            match (row.get(0), row.get(1), row.get(2)) {
                (Ok(subscriber), Ok(message), Ok(key)) => take(subscriber, message, key),
                _ => unread += 1,
            }
        }
        if unread > 0 {
            tracing::error!("{unread} messages that wait can't be read");
        }
        Ok(())
    }

    /// What a subscriber has not confirmed of one partition key behind a message, oldest first, up to `most`.
    pub(crate) fn pending_of(
        &self,
        subscriber: &str,
        key: &str,
        behind: i64,
        most: usize,
    ) -> Result<Vec<i64>, WriteError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT message FROM pending JOIN messages ON id = message \
             WHERE subscriber = ?1 AND message > ?2 AND partition_key = ?3 ORDER BY message LIMIT ?4",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map((subscriber, behind, key, most), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes all operations, or none.
    pub(crate) async fn transact(&self, operations: Vec<Operation>) -> Result<(), WriteError> {
        self.run(|reply| Job::Transact { operations, reply })
            .await
            .map(|_| ())
    }

    /// Takes messages of a topic on record for `subscribers`; returns their numbers, in order.
    pub(crate) async fn publish(
        &self,
        topic: String,
        subscribers: Vec<String>,
        messages: Vec<Message>,
    ) -> Result<Vec<i64>, WriteError> {
        let job = |reply| Job::Publish {
            topic,
            subscribers,
            messages,
            reply,
        };
        Ok(self.run(job).await?.published())
    }

    /// A subscriber is done with a message. Comes on record with what is written next, or soon: after a crash before that
    /// the message is delivered again, as after one just before this call.
    pub(crate) fn confirm(&self, subscriber: String, id: i64) -> Result<(), WriteError> {
        self.jobs
            .try_send(Incoming::Confirmation(Confirmation { subscriber, id }))
            .map_err(|_| WriteError::Overloaded)
    }

    /// A subscriber gives a message up: it moves to another topic. Returns its number there.
    pub(crate) async fn give_up(
        &self,
        subscriber: String,
        id: i64,
        dead_letter: DeadLetter,
    ) -> Result<Option<i64>, WriteError> {
        let job = |reply| Job::GiveUp {
            subscriber,
            id,
            dead_letter,
            reply,
        };
        Ok(self.run(job).await?.published().first().copied())
    }

    /// Removes what has expired, and what waited too long for a subscription that is none of `subscribers`.
    pub(crate) async fn purge(&self, subscribers: Vec<String>) -> Result<(), WriteError> {
        let job = |reply| Job::Purge { subscribers, reply };
        self.run(job).await.map(|_| ())
    }

    /// Gives some free pages back, if there are many. True when there are more to give.
    pub(crate) async fn shrink(&self) -> Result<bool, WriteError> {
        let done = self.run(|reply| Job::Shrink { reply }).await?;
        Ok(matches!(done, work::Done::Shrunk { is_more: true }))
    }

    /// Moves the log into the database file, so that a copy of the one file is whole.
    pub(crate) async fn checkpoint(&self) {
        let (reply, done) = oneshot::channel();
        if self
            .jobs
            .try_send(Incoming::Job(Job::Checkpoint { reply }))
            .is_ok()
        {
            done.await.ok();
        }
    }

    async fn run(&self, job: impl FnOnce(oneshot::Sender<work::Outcome>) -> Job) -> work::Outcome {
        let (reply, answer) = oneshot::channel();
        self.jobs
            .try_send(Incoming::Job(job(reply)))
            .map_err(|_| WriteError::Overloaded)?;
        answer.await.unwrap_or(Err(WriteError::Overloaded))
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        let at = self.next_reader.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        self.readers[at]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What SQLite finds wrong with a database, which it reads as a whole; nothing where all is well.
pub(crate) fn damage(path: &Path) -> Result<Vec<String>> {
    let connection = schema::reader(path)?;
    let said = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("PRAGMA quick_check")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect()
    };
    match said() {
        Ok(said) => Ok(said.into_iter().filter(|line| line != "ok").collect()),
        // Too bad to be looked over.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Ok(vec![error.to_string()])
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes what is waiting, commits it as one, and then answers everybody. Confirmations wait for a job to be committed with,
/// or for a while.
fn write_loop(connection: &Connection, work: &mut Work, waiting: &Receiver<Incoming>) {
    let mut confirmations: Vec<Confirmation> = Vec::new();
    let mut since = Instant::now();
    loop {
        let next = match confirmations.is_empty() {
            true => waiting.recv().map_err(RecvTimeoutError::from),
            false => waiting.recv_timeout(LINGER.saturating_sub(since.elapsed())),
        };
        if confirmations.is_empty() {
            since = Instant::now();
        }
        let ends = matches!(next, Err(RecvTimeoutError::Disconnected));
        let mut jobs = Vec::new();
        for incoming in next.into_iter().chain(waiting.try_iter().take(BATCH)) {
            match incoming {
                Incoming::Job(job) => jobs.push(job),
                Incoming::Confirmation(confirmation) => confirmations.push(confirmation),
            }
        }
        let waits = jobs.is_empty() && confirmations.len() < BATCH && since.elapsed() < LINGER;
        if !waits || ends {
            work.commit(connection, jobs, &mut confirmations);
            since = Instant::now();
        }
        if ends {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::clock::tests::Fake;
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;

    fn put(key: &str, size: usize, ttl: Option<Duration>) -> Operation {
        Operation {
            key: key.to_owned(),
            value: Some(Bytes::from(vec![b'1'; size])),
            condition: Condition::Any,
            ttl_seconds: ttl.map(|ttl| u32::try_from(ttl.as_secs()).expect("a time")),
        }
    }

    /// The documents that are there, of those with these keys.
    fn there<'a>(store: &Store, keys: &[&'a str]) -> Vec<&'a str> {
        let full: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let read = store.read(&full).expect("documents");
        let is_there = |read: &Read| matches!(read, Ok(Some(_)));
        let there = keys.iter().zip(&read).filter(|(_, read)| is_there(read));
        there.map(|(key, _)| *key).collect()
    }

    /// Time passes, with a purge now and then.
    async fn pass(store: &Store, time: &Fake, passes: Duration) {
        for _ in 0..20 {
            time.pass(passes / 20);
            store.purge(vec!["t/a".to_owned()]).await.expect("purged");
        }
    }

    /// A clock that is a year ahead for half an hour, by mistake or by a test, takes nothing that was to be kept for longer
    /// than some hours: no answer to a repeated request and no mark of a seen event, also over a restart. What has expired
    /// in real time goes.
    ///
    /// Seen to fail: with expiry by the wall clock, nothing was left.
    #[tokio::test]
    async fn a_clock_that_was_ahead_takes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nudge.db");
        let time = Fake::at(1_800_000_000_000);
        let open = || Store::open_at(&path, Box::new(time.clone())).expect("a store");
        let store = open();
        let keys = ["minute", "answer", "seen", "task"];
        let operations = vec![
            put("minute", 1, Some(Duration::from_secs(60))),
            put("answer", 1, Some(DAY)),
            put("seen", 1, Some(15 * DAY)),
            put("task", 1, None),
        ];
        store.transact(operations).await.expect("written");
        time.set(YEAR_MS);
        pass(&store, &time, HOUR / 4).await;
        assert_eq!(there(&store, &keys), ["answer", "seen", "task"]);
        let store = reopened(store, open).await;
        pass(&store, &time, HOUR / 4).await;
        time.set(-YEAR_MS);
        assert_eq!(there(&store, &keys), ["answer", "seen", "task"]);
        pass(&store, &time, DAY).await;
        assert_eq!(there(&store, &keys), ["seen", "task"]);
        pass(&store, &time, 14 * DAY).await;
        assert_eq!(there(&store, &keys), ["task"]);
    }

    /// The writing thread lets go of the file a moment after the store.
    async fn reopened(store: Store, open: impl Fn() -> Store) -> Store {
        store.checkpoint().await;
        drop(store);
        open()
    }

    /// What was deleted makes the file smaller, step by step, while others write.
    ///
    /// Seen to fail: without `auto_vacuum`, and without a step that gives pages back.
    #[tokio::test]
    async fn the_file_shrinks() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nudge.db");
        let store = Store::open(&path).expect("a store");
        let ttl = Some(Duration::ZERO);
        let large = (0..200).map(|n| put(&format!("large{n}"), 100_000, ttl));
        store.transact(large.collect()).await.expect("written");
        store.checkpoint().await;
        let size = || std::fs::metadata(&path).expect("the file").len();
        let before = size();
        assert!(before > 20_000_000, "{before}");
        tokio::time::sleep(Duration::from_millis(2)).await;
        store.purge(Vec::new()).await.expect("purged");
        let mut steps = 0;
        while store.shrink().await.expect("a step") {
            let written = store.transact(vec![put(&format!("small{steps}"), 1, None)]);
            written.await.expect("written between two steps");
            steps += 1;
        }
        store.checkpoint().await;
        let after = size();
        assert!(after < 6_000_000, "{after} bytes after {steps} steps");
        assert!(steps > 10, "one step gave it all");
        assert_eq!(damage(&path).expect("looked over"), Vec::<String>::new());
    }

    /// A page that was overwritten is found by looking the file over, and what lies on other pages can be read.
    ///
    /// Seen to fail: with a file that nothing was overwritten in.
    #[tokio::test]
    async fn damage_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nudge.db");
        let store = Store::open(&path).expect("a store");
        let documents = (0..500).map(|n| put(&format!("{n:03}"), 300, None));
        store.transact(documents.collect()).await.expect("written");
        store.checkpoint().await;
        drop(store);
        assert_eq!(damage(&path).expect("looked over"), Vec::<String>::new());

        let mut bytes = std::fs::read(&path).expect("the file");
        let page = bytes.len() / 2 / 4096 * 4096;
        bytes[page..page + 4096].fill(0);
        std::fs::write(&path, bytes).expect("written");
        assert_ne!(damage(&path).expect("looked over"), Vec::<String>::new());
        let store = Store::open(&path).expect("a store");
        let keys: Vec<String> = (0..500).map(|n| format!("{n:03}")).collect();
        let read = store.read(&keys).expect("documents");
        let there = read.iter().filter(|read| matches!(read, Ok(Some(_))));
        assert!((400..500).contains(&there.count()));
    }

    /// Only the owner of the files may read what people wrote, also where an earlier version let others read it.
    ///
    /// Seen to fail: with files made as the umask says, and with modes left as they were.
    #[cfg(unix)]
    #[tokio::test]
    async fn others_may_not_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("new/data");
        let mode = |path: &Path| {
            let metadata = std::fs::metadata(path).expect("it is there");
            metadata.permissions().mode() & 0o777
        };
        let files = ["nudge.db", "nudge.db-wal", "nudge.db-shm", "nudge.lock"];
        for _ in 0..2 {
            let store = Store::open(&data.join("nudge.db")).expect("a store");
            store
                .transact(vec![put("a", 1, None)])
                .await
                .expect("written");
            assert_eq!(mode(&data), 0o700);
            for file in files {
                let path = data.join(file);
                assert_eq!(mode(&path), 0o600, "{file}");
                let open = std::fs::Permissions::from_mode(0o644);
                std::fs::set_permissions(&path, open).expect("changed");
            }
            drop(store);
        }
    }

    /// Messages of a subscription that is gone wait a week for it to come back, and no longer; those of one that is there
    /// wait for ever.
    ///
    /// Seen to fail: by the version before, where they stayed.
    #[tokio::test]
    async fn messages_of_a_subscription_that_is_gone_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let time = Fake::at(1_800_000_000_000);
        let path = folder.path().join("nudge.db");
        let store = Store::open_at(&path, Box::new(time.clone())).expect("a store");
        let message = Message {
            partition_key: "k".to_owned(),
            event: Bytes::from_static(b"{}"),
        };
        let subscribers = vec!["t/a".to_owned(), "t/gone".to_owned()];
        let published = store.publish("t".to_owned(), subscribers, vec![message]);
        let id = published.await.expect("taken")[0];
        pass(&store, &time, 6 * DAY).await;
        assert_eq!(waiting(&store), 2);
        pass(&store, &time, 2 * DAY).await;
        assert_eq!(waiting(&store), 1);
        assert!(store.message(id).expect("read").is_some());
        store.confirm("t/a".to_owned(), id).expect("taken");
        while store.message(id).expect("read").is_some() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Rows that SQLite can't read as what they are to be keep nothing from anybody else.
    ///
    /// Seen to fail: by the version before, where one of them was the end of the whole answer, and of the start.
    #[tokio::test]
    async fn rows_that_cannot_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nudge.db");
        let store = Store::open(&path).expect("a store");
        let documents = ["a", "bad", "z"].map(|key| put(key, 1, None));
        store.transact(documents.into()).await.expect("written");
        for key in ["k1", "k2", "k3"] {
            let message = Message {
                partition_key: key.to_owned(),
                event: Bytes::from_static(b"{}"),
            };
            let published = store.publish("t".to_owned(), vec!["t/a".to_owned()], vec![message]);
            published.await.expect("taken");
        }
        let damaging = Connection::open(&path).expect("the database");
        damaging
            .execute_batch(
                "UPDATE state SET value = 'text' WHERE key = 'bad'; \
                 UPDATE messages SET partition_key = x'ff' WHERE partition_key = 'k2'",
            )
            .expect("damaged");
        let keys = ["a", "bad", "z"];
        assert_eq!(there(&store, &keys), ["a", "z"]);
        let read = store.read(&keys.map(str::to_owned)).expect("documents");
        assert!(matches!(read[1], Err(WriteError::Failed(_))), "{read:?}");
        let mut found = Vec::new();
        store.pending(|_, _, key| found.push(key)).expect("a list");
        assert_eq!(found, ["k1", "k3"]);
    }

    fn waiting(store: &Store) -> usize {
        let mut count = 0;
        store.pending(|_, _, _| count += 1).expect("a list");
        count
    }

    /// Confirmations that nothing else is committed with come on record by themselves, and at the end at the latest.
    #[tokio::test]
    async fn a_confirmation_does_not_wait_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("nudge.db")).expect("a store");
        for round in 0..3 {
            let message = Message {
                partition_key: "k".to_owned(),
                event: Bytes::from_static(b"{}"),
            };
            let subscribers = vec!["t/a".to_owned()];
            let published = store.publish("t".to_owned(), subscribers, vec![message]);
            let id = published.await.expect("taken")[0];
            assert_eq!(waiting(&store), 1, "round {round}");
            store.confirm("t/a".to_owned(), id).expect("taken");
            while waiting(&store) > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}
