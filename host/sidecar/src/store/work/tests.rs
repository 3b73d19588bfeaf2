use rusqlite::Connection;
use tokio::sync::oneshot;

use super::*;
use crate::store::clock::System;
use crate::store::schema;

struct Bench {
    connection: Connection,
    work: Work,
    confirmations: Vec<Confirmation>,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = schema::open(&folder.path().join("nudge.db")).expect("a database");
        let clock = Arc::new(Clock::new(Box::new(System::default()), None));
        let work = Work::new(&connection, clock).expect("its counters");
        Self {
            connection,
            work,
            confirmations: Vec::new(),
            _folder: folder,
        }
    }

    /// Makes these jobs in one commit.
    fn commit(&mut self, transactions: Vec<Vec<Operation>>) -> Vec<Outcome> {
        let (jobs, answers): (Vec<_>, Vec<_>) = transactions
            .into_iter()
            .map(|operations| {
                let (reply, answer) = oneshot::channel();
                (Job::Transact { operations, reply }, answer)
            })
            .unzip();
        self.work
            .commit(&self.connection, jobs, &mut self.confirmations);
        answers
            .into_iter()
            .map(|mut answer| answer.try_recv().expect("an answer"))
            .collect()
    }

    fn etag(&self, key: &str) -> Option<i64> {
        self.connection
            .query_row("SELECT etag FROM state WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()
            .expect("a query")
    }
}

fn put(key: &str, size: usize, condition: Condition) -> Operation {
    Operation {
        key: key.to_owned(),
        value: Some(Bytes::from(vec![b'1'; size])),
        condition,
        ttl_seconds: None,
    }
}

/// In one commit, a transaction whose condition fails takes back only itself.
#[test]
fn each_transaction_is_whole_or_not_at_all() {
    let mut bench = Bench::new();
    let answers = bench.commit(vec![
        vec![put("a", 1, Condition::Absent)],
        vec![put("b", 1, Condition::Any), put("a", 1, Condition::Absent)],
        vec![put("c", 1, Condition::Any)],
    ]);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert!(matches!(&answers[1], Err(WriteError::Etag(key)) if key == "a"));
    assert!(bench.etag("a").is_some() && bench.etag("c").is_some());
    assert_eq!(bench.etag("b"), None);
}

/// A full disk: the failing transaction and all that share its commit are refused, nothing of them is there, and no
/// ETag comes twice. When there is room again, writing goes on.
#[test]
fn a_full_disk_takes_nothing_half() {
    let mut bench = Bench::new();
    let first = bench.commit(vec![vec![put("before", 1, Condition::Any)]]);
    assert!(first[0].is_ok());
    let pages: i64 = bench
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .expect("a number of pages");
    bench
        .connection
        .pragma_update(None, "max_page_count", pages + 2)
        .expect("a limit");
    let answers = bench.commit(vec![
        vec![put("small", 1, Condition::Any)],
        vec![put("large", 1_000_000, Condition::Any)],
        vec![put("after", 1, Condition::Any)],
    ]);
    for answer in &answers[1..] {
        assert!(matches!(answer, Err(WriteError::Failed(_))), "{answer:?}");
    }
    assert_eq!(bench.etag("large"), None);
    for (key, answer) in [("small", &answers[0]), ("after", &answers[2])] {
        assert_eq!(
            bench.etag(key).is_some(),
            answer.is_ok(),
            "{key}: {answer:?}"
        );
    }
    bench
        .connection
        .pragma_update(None, "max_page_count", 1_000_000)
        .expect("a limit");
    let before = bench.etag("before");
    let again = bench.commit(vec![vec![
        put("large", 1_000_000, Condition::Absent),
        put(
            "before",
            1,
            before.map_or(Condition::Never, Condition::Etag),
        ),
    ]]);
    assert!(again[0].is_ok(), "{again:?}");
    let etags = [before, bench.etag("large"), bench.etag("before")];
    assert!(etags.is_sorted_by(|a, b| a < b), "{etags:?}");
}

/// What could not be confirmed on a full disk is kept, and confirmed when there is room again.
#[test]
fn a_confirmation_that_fails_is_not_forgotten() {
    let mut bench = Bench::new();
    let (reply, mut answer) = oneshot::channel();
    let publish = Job::Publish {
        topic: "t".to_owned(),
        subscribers: vec!["t/a".to_owned()],
        messages: vec![Message {
            partition_key: "k".to_owned(),
            event: Bytes::from_static(b"{}"),
        }],
        reply,
    };
    bench
        .work
        .commit(&bench.connection, vec![publish], &mut Vec::new());
    let ids = answer.try_recv().expect("an answer").expect("taken");
    let id = ids.published()[0];
    bench.confirmations = vec![Confirmation {
        subscriber: "t/a".to_owned(),
        id,
    }];
    let pending = |bench: &Bench| {
        let count = "SELECT count(*) FROM pending";
        bench
            .connection
            .query_row(count, [], |row| row.get::<_, i64>(0))
            .expect("a count")
    };
    bench
        .connection
        .pragma_update(None, "query_only", true)
        .expect("no writes");
    bench.commit(Vec::new());
    assert_eq!((bench.confirmations.len(), pending(&bench)), (1, 1));

    bench
        .connection
        .pragma_update(None, "query_only", false)
        .expect("writes");
    bench.commit(Vec::new());
    assert_eq!((bench.confirmations.len(), pending(&bench)), (0, 0));
}
