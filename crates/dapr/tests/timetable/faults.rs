//! Owners whose own data is bad, clocks that are wrong, documents that can't be read, and inserts that come late: everybody
//! else is looked at on time.

use std::cell::RefCell;
use std::rc::Rc;

use chrono::{DateTime, Duration, Utc};
use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use dapr::timetable::{Entry, Insert, Looked, tick};
use dapr::{Dapr, DaprError};
use serde_json::json;

use super::put;

/// Lets `seconds` pass with a tick in each; `handle` may never come to an end, which ends the tick after its second.
fn pass(
    world: &mut Interleaving,
    dapr: &FakeDapr,
    seconds: u32,
    handle: impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError> + Clone + 'static,
) {
    for _ in 0..seconds {
        world.wait_ms(1_000);
        let (dapr, handle) = (dapr.clone(), handle.clone());
        let holder = clock().timestamp_millis().to_string();
        world.spawn(async move {
            tick(&dapr, clock, &holder, handle).await.ok();
        });
        for _ in 0..5_000 {
            if world.at_work() > 0 {
                world.turn(0);
            }
        }
        world.kill_all();
    }
}

/// Whom a handler was given.
type Seen = Rc<RefCell<Vec<String>>>;

/// A handler that has nothing to do, and notes in `seen` whom it was given.
fn noting(
    seen: &Seen,
) -> impl AsyncFn(&[Entry], DateTime<Utc>) -> Result<Looked, DaprError> + Clone + 'static {
    let note = Rc::clone(seen);
    move |entries: &[Entry], _: DateTime<Utc>| {
        let owners = entries.iter().map(|entry| entry.owner.clone());
        note.borrow_mut().extend(owners);
        std::future::ready(Ok(Looked::default()))
    }
}

/// Owners of one minute, of whom one is bad in some way.
fn plant(dapr: &FakeDapr, owners: usize) -> DateTime<Utc> {
    let due = clock() + Duration::seconds(2);
    block_on(async {
        for owner in 0..owners {
            let entry = Entry::new(due, &format!("user-{owner}"), format!("owner-{owner:03}"));
            put(dapr, entry).await;
        }
    });
    due
}

/// Whoever's own data is corrupt, refused, without an answer, or never comes to an end: everybody else is looked at, at
/// once or within half a minute, and the bad one is on record and looked at again later.
///
/// Seen to fail: with the error of one owner ending the tick, and without the careful ticks after one that was cut off.
#[test]
fn one_bad_owner_keeps_nobody_waiting() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Bad {
        Corrupt,
        Unavailable,
        Endless,
        Told,
    }
    for (bad, within) in [
        (Bad::Corrupt, 4),
        (Bad::Unavailable, 4),
        (Bad::Told, 4),
        (Bad::Endless, 50),
    ] {
        for owners in [1, 2, 70, 300] {
            let mut world = Interleaving::new(7);
            let dapr = FakeDapr::new();
            plant(&dapr, owners);
            let good = Rc::new(RefCell::new(Vec::<String>::new()));
            let tries = Rc::new(RefCell::new(0));
            let (seen, tried) = (Rc::clone(&good), Rc::clone(&tries));
            let handle = move |entries: &[Entry], _: DateTime<Utc>| {
                let (seen, tried) = (Rc::clone(&seen), Rc::clone(&tried));
                let owners: Vec<String> = entries.iter().map(|entry| entry.owner.clone()).collect();
                async move {
                    let mut looked = Looked::default();
                    for owner in owners {
                        if owner != "owner-000" {
                            seen.borrow_mut().push(owner);
                            continue;
                        }
                        *tried.borrow_mut() += 1;
                        match bad {
                            Bad::Corrupt => {
                                return Err(DaprError::Corrupt {
                                    key: owner,
                                    detail: "planted".to_owned(),
                                });
                            }
                            Bad::Unavailable => {
                                return Err(DaprError::Unavailable {
                                    what: "fake",
                                    detail: "planted".to_owned(),
                                });
                            }
                            Bad::Endless => std::future::pending().await,
                            Bad::Told => looked.put_off.push((owner, "planted".to_owned())),
                        }
                    }
                    Ok(looked)
                }
            };
            pass(&mut world, &dapr, within, handle.clone());
            let mut seen = good.borrow().clone();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), owners - 1, "{bad:?}, {owners} owners");
            let alone = bad == Bad::Unavailable && owners == 1;
            let recorded = || dapr.value("put-off/owner-000");
            assert_eq!(recorded().is_some(), !alone, "{bad:?}, {owners} owners");
            // Looked at again, and ever more rarely.
            let before = *tries.borrow();
            pass(&mut world, &dapr, 600, handle.clone());
            let looks = *tries.borrow() - before;
            assert!(looks >= 1, "{bad:?}, {owners} owners: {looks}");
            // Where the store does not answer for the only one there is, that may be an outage, which ends at any time.
            if bad != Bad::Unavailable {
                assert!(looks <= 12, "{bad:?}, {owners} owners: {looks}");
                assert!(recorded().unwrap()["tries"].as_u64().unwrap() >= 2);
            }
        }
    }
}

/// While the store or the broker is away nobody is put off, and all are looked at when it is back.
#[test]
fn an_outage_is_nobodys_fault() {
    let mut world = Interleaving::new(3);
    let dapr = FakeDapr::new();
    plant(&dapr, 50);
    let is_away = Rc::new(RefCell::new(true));
    let seen = Rc::new(RefCell::new(Vec::<String>::new()));
    let (away, note) = (Rc::clone(&is_away), Rc::clone(&seen));
    let handle = move |entries: &[Entry], _: DateTime<Utc>| {
        let result = match *away.borrow() {
            true => Err(DaprError::Unavailable {
                what: "publish",
                detail: "planted".to_owned(),
            }),
            false => {
                let owners = entries.iter().map(|entry| entry.owner.clone());
                note.borrow_mut().extend(owners);
                Ok(Looked::default())
            }
        };
        std::future::ready(result)
    };
    pass(&mut world, &dapr, 1_200, handle.clone());
    assert_eq!(dapr.keys("put-off/"), Vec::<String>::new());
    *is_away.borrow_mut() = false;
    pass(&mut world, &dapr, 5, handle);
    assert_eq!(seen.borrow().len(), 50);
}

/// Somebody with more work than one turn does comes again behind all others.
#[test]
fn whoever_has_much_to_do_takes_turns() {
    let mut world = Interleaving::new(3);
    let dapr = FakeDapr::new();
    plant(&dapr, 3);
    let seen = Rc::new(RefCell::new(Vec::<String>::new()));
    let note = Rc::clone(&seen);
    let handle = move |entries: &[Entry], _: DateTime<Utc>| {
        let mut looked = Looked::default();
        for entry in entries {
            note.borrow_mut().push(entry.owner.clone());
            let turns = note
                .borrow()
                .iter()
                .filter(|owner| **owner == entry.owner)
                .count();
            if entry.owner == "owner-000" && turns < 5 {
                looked.again.push(entry.owner.clone());
            }
        }
        std::future::ready(Ok(looked))
    };
    pass(&mut world, &dapr, 10, handle);
    let turns = |owner: &str| seen.borrow().iter().filter(|seen| *seen == owner).count();
    assert_eq!(
        (turns("owner-000"), turns("owner-001"), turns("owner-002")),
        (5, 1, 1)
    );
}

/// A clock that was ahead for a while, by an hour or a year, delays nothing that is set after it came back; nor does the
/// lease of a tick that died meanwhile.
///
/// Seen to fail: with a cursor that only moves forward, and with leases taken at their word.
#[test]
fn a_clock_that_was_ahead_delays_nothing_that_is_set_afterwards() {
    for ahead in [
        Duration::minutes(3),
        Duration::hours(1),
        Duration::days(365),
    ] {
        for dies in [false, true] {
            let mut world = Interleaving::new(3);
            let dapr = FakeDapr::new();
            let seen = Rc::new(RefCell::new(Vec::<(String, DateTime<Utc>)>::new()));
            let note = Rc::clone(&seen);
            let handle = move |entries: &[Entry], _: DateTime<Utc>| {
                let owners = entries.iter().map(|entry| (entry.owner.clone(), clock()));
                note.borrow_mut().extend(owners);
                std::future::ready(Ok(Looked::default()))
            };
            pass(&mut world, &dapr, 3, handle.clone());
            world.wait_ms(ahead.num_milliseconds());
            block_on(put(&dapr, Entry::new(clock(), "u", "while-ahead")));
            pass(&mut world, &dapr, 60, handle.clone());
            if dies {
                block_on(put(&dapr, Entry::new(clock(), "u", "endless")));
                pass(&mut world, &dapr, 2, async |_: &[Entry], _| {
                    std::future::pending().await
                });
            }
            world.wait_ms(-ahead.num_milliseconds());
            let due = clock() + Duration::seconds(4);
            // Set at once, before any tick has seen the clock as it is now.
            block_on(put(&dapr, Entry::new(due, "u", "afterwards")));
            block_on(put(
                &dapr,
                Entry::new(clock() - Duration::hours(2), "v", "overdue"),
            ));
            pass(&mut world, &dapr, 60, handle);
            for owner in ["afterwards", "overdue"] {
                let seen = seen.borrow();
                let look = seen.iter().find(|(seen, _)| seen == owner);
                let (_, at) = look.unwrap_or_else(|| panic!("{owner} {ahead} {dies}"));
                assert!(*at < due + Duration::minutes(1), "{owner} {ahead} {dies}");
            }
        }
    }
}

/// An insert that dies between its commit and its confirmation, into a minute that ticks have closed meanwhile, is found
/// by the look back, also where something is due every second.
///
/// Seen to fail: without the look back.
#[test]
fn a_late_insert_is_found_on_a_busy_system() {
    let mut world = Interleaving::new(3);
    let dapr = FakeDapr::new();
    let seen = Seen::default();
    let handle = noting(&seen);
    let (_, late) = block_on(async {
        let late = Entry::new(clock() + Duration::seconds(1), "u", "late");
        Insert::plan(&dapr, vec![late], clock()).await.unwrap()
    });
    for second in 0..200 {
        let entry = Entry::new(
            clock() + Duration::seconds(1),
            "v",
            format!("busy-{second}"),
        );
        block_on(put(&dapr, entry));
        pass(&mut world, &dapr, 1, handle.clone());
        if second == 130 {
            block_on(dapr.transact(late.clone())).unwrap();
        }
    }
    assert!(seen.borrow().contains(&"late".to_owned()));
}

/// An insert that was committed when its minute had long been closed, and confirmed before it was acknowledged.
///
/// Seen to fail: without `Insert::confirm`.
#[test]
fn an_insert_that_comes_after_its_minute_is_moved_behind_the_ticks() {
    let mut world = Interleaving::new(3);
    let dapr = FakeDapr::new();
    let seen = Seen::default();
    let handle = noting(&seen);
    let late = Entry::new(clock() + Duration::seconds(1), "u", "late");
    let (insert, writes) = block_on(Insert::plan(&dapr, vec![late], clock())).unwrap();
    for _ in 0..15 {
        world.wait_ms(59_000);
        pass(&mut world, &dapr, 1, handle.clone());
    }
    block_on(dapr.transact(writes)).unwrap();
    block_on(insert.confirm(&dapr)).unwrap();
    pass(&mut world, &dapr, 2, handle);
    assert_eq!(*seen.borrow(), ["late"]);
}

/// A bucket document that nobody can read keeps nobody's command from being carried out, and no tick from going on.
#[test]
fn a_corrupt_bucket_stops_nothing() {
    let mut world = Interleaving::new(3);
    let dapr = FakeDapr::new();
    let due = plant(&dapr, 1);
    let corrupt = dapr.keys("timetable/2")[0].clone();
    dapr.tamper(&corrupt, json!({ "entries": "none" }));
    let seen = Rc::new(RefCell::new(Vec::<String>::new()));
    let note = Rc::clone(&seen);
    block_on(put(&dapr, Entry::new(due, "user-0", "second")));
    let handle = move |entries: &[Entry], _: DateTime<Utc>| {
        let owners = entries.iter().map(|entry| entry.owner.clone());
        note.borrow_mut().extend(owners);
        std::future::ready(Ok(Looked::default()))
    };
    pass(&mut world, &dapr, 4, handle);
    assert_eq!(*seen.borrow(), ["second"]);
}

/// A cursor that nobody can read stops no tick and no insert.
#[test]
fn a_corrupt_cursor_stops_nothing() {
    let mut world = Interleaving::new(3);
    let dapr = FakeDapr::new();
    let seen = Seen::default();
    let handle = noting(&seen);
    plant(&dapr, 1);
    dapr.tamper("timetable/cursor", json!({ "announced": "x" }));
    block_on(put(&dapr, Entry::new(clock(), "u", "afterwards")));
    pass(&mut world, &dapr, 4, handle);
    let mut seen = seen.borrow().clone();
    seen.sort();
    assert_eq!(seen, ["afterwards", "owner-000"]);
}

/// After a long time without ticks, or a clock that began in 1970, what is due now does not wait until everything before it
/// is caught up, and that is caught up all the same.
///
/// Seen to fail: with steps from the last tick only.
#[test]
fn what_is_due_now_does_not_wait_for_years_to_be_caught_up() {
    let mut world = Interleaving::new(3);
    let dapr = FakeDapr::new();
    let seen = Seen::default();
    let handle = noting(&seen);
    let day = Duration::days(1).num_milliseconds();
    block_on(put(
        &dapr,
        Entry::new(clock() + Duration::hours(1), "u", "missed"),
    ));
    let cursor = json!({ "announced": 0, "done": 0 });
    world.wait_ms(30 * day);
    dapr.tamper("timetable/cursor", cursor);
    block_on(put(
        &dapr,
        Entry::new(clock() + Duration::seconds(2), "u", "now"),
    ));
    // A tick a second, each as long as it likes.
    for second in 0..6_000 {
        if second % 1_000 == 0 {
            let (dapr, handle) = (dapr.clone(), handle.clone());
            world.spawn(async move {
                let holder = second.to_string();
                tick(&dapr, clock, &holder, handle).await.ok();
            });
        }
        world.turn(2);
    }
    assert_eq!(*seen.borrow(), ["now"]);
    world.kill_all();
    let lately = (clock() - Duration::days(31)).timestamp_millis();
    dapr.tamper(
        "timetable/cursor",
        json!({ "announced": lately, "done": lately }),
    );
    pass(&mut world, &dapr, 30, handle);
    assert_eq!(*seen.borrow(), ["now", "missed"]);
}
