//! Parts of the real system killed and paused at random under load. `cargo xtask test faults` starts the system and this
//! test, and breaks its parts; what it does is told to this test on standard input, a line each:
//!
//! - `out FROM TO`: the functions' host was away between two instants, in milliseconds since 1970;
//! - `end`: everything was broken that is to be broken, and all parts are ready again.
//!
//! Several people work meanwhile, as they do in the test `kill`: what was not answered they send again under the same
//! Idempotency-Key, or let be. In the end their records are held against what Nudge shows from outside; what must be true
//! then is said there. Beside that, every request was answered with success, or with 503 and `Retry-After`; one without an
//! answer was sent while the host was away.
//!
//! Seen to fail, each before it was mended: with a client that believed a bulk get whatever was missing in it (404 for an
//! acknowledged task, while PostgreSQL was killed); with an outbox that published in bulk (a next occurrence taken back that
//! should be there, after Kafka was paused); with commands that sent again all that others had left (not settled in time).
//!
//! `cargo xtask test node` has the same people work while operators do what docs/operations.md says, and while pods are deleted.
//!
//! `NUDGE_FAULTS_SEED` repeats the random choices of a run.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use scenarios::load::{Record, Unanswered, check_in_the_end, work};
use scenarios::{Person, Place};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::sync::watch;

const PEOPLE: usize = 6;
/// How many milliseconds a person does nothing between two commands: people are many, but the machine is small.
const PACE: std::ops::Range<u64> = 50..450;
/// How soon before its death is noted a host may have broken connections off, and how late after its return they break.
const MARGIN: Duration = Duration::from_secs(2);

/// When the host was away.
struct Outage {
    from: SystemTime,
    to: SystemTime,
}

impl Outage {
    fn parse(line: &str) -> Option<Self> {
        let instant = |text: &str| Some(UNIX_EPOCH + Duration::from_millis(text.parse().ok()?));
        let mut words = line.strip_prefix("out ")?.split(' ');
        Some(Self {
            from: instant(words.next()?)?,
            to: instant(words.next()?)?,
        })
    }

    fn explains(&self, request: &Unanswered) -> bool {
        request.from <= self.to + MARGIN && request.to + MARGIN >= self.from
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: cargo xtask test faults"]
async fn parts_that_are_killed_and_paused_lose_nothing_and_double_nothing() {
    let place = Place::open().await;
    let worked = work_until_the_end(&place).await;
    let outages = &worked.outages;
    let explained = |request: &Unanswered| outages.iter().any(|o| o.explains(request));
    let wrong = worked.wrong_answers(explained);
    worked.is_right(&place).await;
    assert!(wrong.is_empty(), "wrong answers: {wrong:#?}");
}

/// A release is upgraded, scaled, given other secrets: nobody notices, but by being asked to come again.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a node: cargo xtask test node"]
async fn what_operators_do_loses_nothing_and_doubles_nothing() {
    let place = Place::open().await;
    let worked = work_until_the_end(&place).await;
    let wrong = worked.wrong_answers(|_| false);
    worked.is_right(&place).await;
    assert!(wrong.is_empty(), "wrong answers: {wrong:#?}");
}

/// Pods are deleted at random, some without a moment to finish what they do: whoever waits for one of those may get an answer
/// of what stands before it, or none.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a node: cargo xtask test node"]
async fn pods_that_are_deleted_lose_nothing_and_double_nothing() {
    let place = Place::open().await;
    let worked = work_until_the_end(&place).await;
    for wrong in worked.wrong_answers(|_| true) {
        println!("{wrong}");
    }
    worked.is_right(&place).await;
}

/// What people did, and with whom something was wrong meanwhile.
struct Worked {
    people: Vec<Person>,
    records: Vec<Record>,
    outages: Vec<Outage>,
}

async fn work_until_the_end(place: &Place) -> Worked {
    let seed = std::env::var("NUDGE_FAULTS_SEED").expect("NUDGE_FAULTS_SEED");
    let mut random = StdRng::seed_from_u64(seed.parse().expect("a seed"));
    let mut people = Vec::new();
    for i in 0..PEOPLE {
        people.push(place.person(&format!("person{i}")).await);
    }
    let (_address, address) = watch::channel(Some(place.address().to_owned()));
    let (ending, end) = watch::channel(false);
    let workers: Vec<_> = people
        .iter()
        .map(|person| {
            let random = StdRng::seed_from_u64(random.random());
            let work = work(person.clone(), address.clone(), end.clone(), PACE, random);
            tokio::spawn(work)
        })
        .collect();
    println!("People are at work.");
    let outages = until_the_end().await;
    ending.send_replace(true);
    let mut records = Vec::new();
    for worker in workers {
        records.push(worker.await.expect("a worker's record"));
    }
    say(&records);
    Worked {
        people,
        records,
        outages,
    }
}

impl Worked {
    /// Answers that nobody may get, and requests without one that are not explained.
    fn wrong_answers(&self, explained: impl Fn(&Unanswered) -> bool) -> Vec<String> {
        let records = || self.records.iter();
        let mut wrong: Vec<String> = records().flat_map(|record| record.wrong.clone()).collect();
        let unanswered = records().flat_map(|record| &record.unanswered);
        let unexplained = unanswered.filter(|request| !explained(request));
        wrong.extend(unexplained.map(|request| format!("{request:?}")));
        wrong
    }

    /// Everybody looks at the same time: they wait for the same thing.
    async fn is_right(&self, place: &Place) {
        let looks = self
            .people
            .iter()
            .zip(&self.records)
            .map(async |(person, record)| {
                let settled = check_in_the_end(person, record, place.mail()).await;
                println!("{}: {settled}", person.name());
            });
        futures::future::join_all(looks).await;
    }
}

/// What is told on standard input. The one who tells it may be gone: then this test is over too.
async fn until_the_end() -> Vec<Outage> {
    let mut outages = Vec::new();
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await.expect("standard input") {
        match Outage::parse(&line) {
            Some(outage) => outages.push(outage),
            None if line == "end" => return outages,
            None => panic!("not understood: {line}"),
        }
    }
    panic!("whoever breaks the parts is gone");
}

fn say(records: &[Record]) {
    let sum = |count: fn(&Record) -> usize| records.iter().map(count).sum::<usize>();
    let acknowledged = sum(Record::acknowledged);
    println!(
        "{acknowledged} commands were acknowledged, {} requests put off, {} not answered; {} commands are in doubt.",
        sum(|record| record.put_off),
        sum(|record| record.unanswered.len()),
        sum(|record| record.in_doubt.len()),
    );
    assert!(acknowledged >= PEOPLE, "there was no load to speak of");
}
