//! The timetable's promise, by simulation: inserts, two replicas' ticks and crashes interleaved at every store
//! operation. Nothing lost, nothing twice, nothing early, and no bucket left behind; and nobody's own data, crashes or
//! clocks that are wrong keep what others have set from being looked at.
#![allow(clippy::unwrap_used)]

mod faults;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::{DateTime, Duration, Utc};
use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use dapr::timetable::{Entry, Insert, Looked, Ticked, tick};
use dapr::{Condition, Dapr, DaprError, Write};
use rand::Rng;
use serde_json::{Value, json};

/// What the outside world saw: owner, and when it was rung.
type Rings = Rc<RefCell<Vec<(String, DateTime<Utc>)>>>;

async fn insert(
    dapr: FakeDapr,
    owner: String,
    due: DateTime<Utc>,
    acknowledged: Rc<RefCell<Vec<String>>>,
) {
    loop {
        let entry = Entry::new(due, &owner, owner.clone());
        let now = clock();
        let Ok((insert, mut writes)) = Insert::plan(&dapr, vec![entry], now).await else {
            return;
        };
        writes.push(Write::put(
            owner.clone(),
            &json!({ "due": due.timestamp_millis(), "rung": false }),
            Condition::Absent,
        ));
        match dapr.transact(writes).await {
            Ok(()) => {
                insert.confirm(&dapr).await.unwrap();
                acknowledged.borrow_mut().push(owner);
                return;
            }
            Err(DaprError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Puts an entry in whose owner has no document.
async fn put(dapr: &FakeDapr, entry: Entry) {
    loop {
        let planned = Insert::plan(dapr, vec![entry.clone()], clock()).await;
        let (insert, writes) = planned.unwrap();
        match dapr.transact(writes).await {
            Ok(()) => return insert.confirm(dapr).await.unwrap(),
            Err(error) => assert_eq!(error, DaprError::Conflict),
        }
    }
}

async fn ring(
    dapr: &FakeDapr,
    entries: &[Entry],
    until: DateTime<Utc>,
    rings: &Rings,
) -> Result<Looked, DaprError> {
    for entry in entries {
        loop {
            let document = dapr.get(&entry.owner).await?.unwrap();
            let owner = document.value.value();
            let is_due = owner["due"].as_i64().unwrap() <= until.timestamp_millis();
            if owner["rung"] == Value::Bool(true) || !is_due {
                break;
            }
            // Out first, under an id that is the same each time (here: the owner), then the owner's document.
            rings.borrow_mut().push((entry.owner.clone(), clock()));
            let rung = json!({ "due": owner["due"], "rung": true });
            match dapr
                .transact(vec![Write::put(
                    entry.owner.clone(),
                    &rung,
                    Condition::Unchanged(document.etag),
                )])
                .await
            {
                Err(DaprError::Conflict) => {}
                result => break result?,
            }
        }
    }
    Ok(Looked::default())
}

/// A tick, and what it promises: whatever was acknowledged and due when it began has been rung when it ends, unless
/// another one was at it, which is no failure.
async fn one_tick(
    dapr: FakeDapr,
    holder: String,
    rings: Rings,
    acknowledged: Rc<RefCell<Vec<String>>>,
) {
    let began = clock().timestamp_millis();
    let owed = acknowledged.borrow().clone();
    match tick(&dapr, clock, &holder, async |entries: &[Entry], until| {
        ring(&dapr, entries, until, &rings).await
    })
    .await
    {
        Ok(Ticked::Busy | Ticked::Handled { more: true, .. }) => {}
        Ok(Ticked::Idle | Ticked::Handled { .. }) => {
            for owner in owed {
                let document = dapr.value(&owner).unwrap();
                let is_due = document["due"].as_i64().unwrap() <= began;
                // Two ticks died while they were at it, which is taken for its own fault: it is looked at a minute later.
                let is_put_off = dapr.value(&format!("put-off/{owner}")).is_some();
                assert!(
                    !is_due || is_put_off || document["rung"] == Value::Bool(true),
                    "{owner} was due and {holder} passed it by"
                );
            }
        }
        Err(error) => panic!("{error}"),
    }
}

fn simulate(seed: u64) {
    let mut world = Interleaving::new(seed);
    let (dapr, rings, acknowledged) = (
        FakeDapr::new(),
        Rings::default(),
        Rc::new(RefCell::new(Vec::new())),
    );
    world.set_crash_probability(0.01);
    let mut inserted = 0;
    for turn in 0..2_500 {
        if turn % 10 == 0 && inserted < 60 {
            let due = clock() + Duration::milliseconds(world.rng().random_range(-5_000..90_000));
            let owner = format!("owner-{inserted}");
            inserted += 1;
            world.spawn(insert(dapr.clone(), owner, due, acknowledged.clone()));
        }
        if turn % 9 == 0 && world.at_work() < 12 {
            world.spawn(one_tick(
                dapr.clone(),
                format!("tick-{turn}"),
                rings.clone(),
                acknowledged.clone(),
            ));
        }
        world.turn(60);
    }
    world.set_crash_probability(0.0);
    world.run_out(5);
    for turn in 0..60 {
        world.wait_ms(10_000);
        world.spawn(one_tick(
            dapr.clone(),
            format!("last-{turn}"),
            rings.clone(),
            acknowledged.clone(),
        ));
        world.run_out(5);
    }
    check(seed, &dapr, &rings.borrow(), &acknowledged.borrow());
}

fn check(seed: u64, dapr: &FakeDapr, rings: &[(String, DateTime<Utc>)], acknowledged: &[String]) {
    let mut first: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    for (owner, at) in rings {
        first.entry(owner).or_insert(*at);
    }
    for owner in dapr.keys("owner-") {
        let document = dapr.value(&owner).unwrap();
        assert_eq!(
            document["rung"],
            Value::Bool(true),
            "seed {seed}: {owner} was committed and never rung"
        );
        let due = document["due"].as_i64().unwrap();
        assert!(
            first[owner.as_str()].timestamp_millis() >= due,
            "seed {seed}: {owner} was rung early"
        );
    }
    for owner in acknowledged {
        assert!(
            dapr.value(owner).is_some(),
            "seed {seed}: {owner} was acknowledged and is gone"
        );
    }
    let left = dapr.keys("timetable/2");
    assert!(left.is_empty(), "seed {seed}: buckets are left: {left:?}");
}

#[test]
fn nothing_is_lost_or_early_whatever_crashes_when() {
    for seed in 0..400 {
        simulate(seed);
    }
}

/// The work of a tick with nothing due does not grow with what is waiting.
#[test]
fn an_idle_tick_reads_the_same_however_much_is_waiting() {
    let reads_with = |waiting: u32| {
        let _world = Interleaving::new(0);
        let dapr = FakeDapr::new();
        block_on(async {
            for number in 0..waiting {
                let due = clock() + Duration::days(1) + Duration::seconds(number.into());
                put(&dapr, Entry::new(due, &format!("user-{number}"), "owner")).await;
            }
            let nobody = async |_: &[Entry], _| Ok(Looked::default());
            for warm_up in ["first", "second"] {
                tick(&dapr, clock, warm_up, nobody).await.unwrap();
            }
            let before = dapr.reads();
            assert_eq!(
                tick(&dapr, clock, "idle", nobody).await.unwrap(),
                Ticked::Idle
            );
            dapr.reads() - before
        })
    };
    assert_eq!(reads_with(1), reads_with(2000));
}

/// A handler that keeps the owners which it is given.
struct Seen(RefCell<Vec<String>>);

impl Seen {
    fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    fn note(&self, entries: &[Entry]) {
        let owners = entries.iter().map(|entry| entry.owner.clone());
        self.0.borrow_mut().extend(owners);
    }

    fn sorted(&self) -> Vec<String> {
        let mut seen = self.0.borrow().clone();
        seen.sort();
        seen
    }
}

/// A bucket grows chunk by chunk, each owner comes into it once, and a tick has a bounded part of it in its memory.
///
/// Seen to fail: with all chunks of a minute read at once, and with owners added to the last chunk without a look at the
/// others.
#[test]
fn many_entries_of_one_instant_are_handled_in_bounded_memory() {
    for (owners, repeats) in [(5_000_u32, 1), (700, 5)] {
        let mut world = Interleaving::new(0);
        let dapr = FakeDapr::new();
        block_on(async {
            let due = clock() + Duration::minutes(3);
            for _ in 0..repeats {
                for owner in 0..owners {
                    let offset = Duration::milliseconds(i64::from(owner % 3) * 100);
                    let entry = Entry::new(due + offset, "one-user", format!("owner-{owner:05}"));
                    put(&dapr, entry).await;
                }
            }
            let stored: usize = dapr
                .keys("timetable/2")
                .iter()
                .map(|key| {
                    dapr.value(key).unwrap()["entries"]
                        .as_array()
                        .unwrap()
                        .len()
                })
                .sum();
            assert_eq!(stored, owners as usize, "each owner once");
            world.wait_ms(3 * 60_000 + 1_000);
            dapr.start_counting_documents();
            let seen = Seen::new();
            let note = async |entries: &[Entry], _| {
                seen.note(entries);
                assert!(entries.len() <= 64);
                Ok(Looked::default())
            };
            let handled = Ticked::Handled {
                owners: owners as usize,
                put_off: Vec::new(),
                more: false,
            };
            assert_eq!(tick(&dapr, clock, "t", note).await.unwrap(), handled);
            let expected: Vec<String> = (0..owners)
                .map(|owner| format!("owner-{owner:05}"))
                .collect();
            assert_eq!(seen.sorted(), expected);
            assert!(dapr.most_documents() <= 130, "{}", dapr.most_documents());
            // Nothing is looked at again, and the buckets go with their minute.
            world.wait_ms(60_000);
            tick(&dapr, clock, "u", note).await.unwrap();
            assert_eq!(seen.sorted(), expected);
            assert_eq!(dapr.keys("timetable/2"), Vec::<String>::new());
        });
    }
}

/// An owner that wants to be looked at several times in a minute is.
#[test]
fn an_owner_is_looked_at_at_each_second_that_it_asked_for() {
    let mut world = Interleaving::new(0);
    let dapr = FakeDapr::new();
    block_on(async {
        let start = clock() + Duration::minutes(1);
        for seconds in [40, 5, 20, 5, 40] {
            put(
                &dapr,
                Entry::new(start + Duration::seconds(seconds), "u", "owner"),
            )
            .await;
        }
        let looks = RefCell::new(Vec::new());
        for second in 0..130 {
            let note = async |_: &[Entry], until: DateTime<Utc>| {
                looks.borrow_mut().push((until - start).num_seconds());
                Ok(Looked::default())
            };
            tick(&dapr, clock, &format!("t{second}"), note)
                .await
                .unwrap();
            world.wait_ms(1_000);
        }
        assert_eq!(*looks.borrow(), [5, 20, 40]);
    });
}

/// Days of downtime are caught up in steps, oldest first.
#[test]
fn downtime_is_caught_up_oldest_first() {
    let mut world = Interleaving::new(0);
    let dapr = FakeDapr::new();
    block_on(async {
        for hour in (0..48).rev() {
            put(
                &dapr,
                Entry::new(clock() + Duration::hours(hour), "u", format!("{hour:02}")),
            )
            .await;
        }
        world.wait_ms(3 * 24 * 3_600_000);
        let seen = Seen::new();
        let note = async |entries: &[Entry], _| {
            seen.note(entries);
            Ok(Looked::default())
        };
        for turn in 0..10 {
            tick(&dapr, clock, &format!("t{turn}"), note).await.unwrap();
        }
        let expected: Vec<String> = (0..48).map(|hour| format!("{hour:02}")).collect();
        assert_eq!(*seen.0.borrow(), expected);
    });
}
