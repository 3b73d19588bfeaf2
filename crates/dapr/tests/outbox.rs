//! Commands that follow each other closely publish in turn.
#![allow(clippy::unwrap_used)]

mod numbered;

use chrono::Duration;
use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use dapr::outbox::{self, Numbered, OutboxHead, ToPublish, relay_in_turn};
use dapr::{Condition, Dapr, DaprError, Write};
use events::{Event, Timestamp};
use numbered::event;
use rand::Rng;
use serde_json::json;

/// As two commands left it: the first with two events, the second with one.
async fn two_commands(dapr: &FakeDapr) -> (ToPublish, ToPublish) {
    let (first, second) = (vec![event(1), event(2)], vec![event(3)]);
    let writes = first.iter().chain(&second).map(|numbered| {
        let key = outbox::key("u", numbered.number);
        Write::put(key, &numbered.event, Condition::Absent)
    });
    dapr.transact(writes.collect()).await.unwrap();
    let of_the_first = ToPublish {
        earlier: Vec::new(),
        own: first.clone(),
    };
    let of_the_second = ToPublish {
        earlier: first,
        own: second,
    };
    (of_the_first, of_the_second)
}

fn published(dapr: &FakeDapr) -> Vec<Option<u64>> {
    let number = |event: Event| event.metadata.sequence;
    let published = dapr.published().into_iter();
    published.map(|(_, event)| number(event)).collect()
}

/// The second one would publish all three at once, and everybody would hear the first two twice.
#[test]
fn the_second_leaves_its_events_to_the_first() {
    let dapr = FakeDapr::new();
    block_on(async {
        let (first, second) = two_commands(&dapr).await;
        relay_in_turn(&dapr, "u", second).await.unwrap();
        assert!(published(&dapr).is_empty());
        relay_in_turn(&dapr, "u", first).await.unwrap();
    });
    assert_eq!(published(&dapr), [Some(1), Some(2), Some(3)]);
    assert!(dapr.keys("outbox/").is_empty());
}

/// Whoever answered the first one has died.
#[test]
fn after_a_second_nobody_is_waited_for() {
    let dapr = FakeDapr::new();
    block_on(async {
        let (_, mut second) = two_commands(&dapr).await;
        for numbered in &mut second.own {
            numbered.event.timestamp =
                Timestamp::clamped(numbered.event.timestamp.utc() + Duration::seconds(1));
        }
        relay_in_turn(&dapr, "u", second).await.unwrap();
    });
    assert_eq!(published(&dapr), [Some(1), Some(2), Some(3)]);
    assert!(dapr.keys("outbox/").is_empty());
}

/// The user's head, as far as the outbox is concerned.
const HEAD: &str = "head/u";

/// One command of the user's: commits `events` events and publishes them in turn.
async fn command(dapr: FakeDapr, events: u64) {
    loop {
        let document = dapr.get(HEAD).await.unwrap();
        let mut head: OutboxHead = document
            .as_ref()
            .map(|document| {
                serde_json::from_value(document.value.value()["outbox"].take()).unwrap()
            })
            .unwrap_or_default();
        let keys = head.pending_keys("u");
        let found = dapr.get_many(&keys).await.unwrap();
        let left = (head.relayed_to + 1..).zip(keys.iter().zip(found));
        let earlier: Vec<Numbered> = left
            .filter_map(|(number, (key, document))| {
                let event = document?.read(key).unwrap();
                Some(Numbered { number, event })
            })
            .collect();
        head.relayed_to = earlier
            .first()
            .map_or(head.sequence, |first| first.number - 1);

        let first = head.sequence + 1;
        let numbered: Vec<Numbered> = (first..first + events)
            .map(|number| {
                let mut numbered = event(number);
                numbered.event.timestamp = Timestamp::clamped(clock());
                numbered
            })
            .collect();
        let mut own: Vec<Event> = numbered
            .into_iter()
            .map(|numbered| numbered.event)
            .collect();
        let mut writes = head.append("u", &mut own, true);
        writes.push(Write::put(
            HEAD,
            &json!({ "outbox": head }),
            Condition::as_read(document.as_ref()),
        ));
        match dapr.transact(writes).await {
            Err(DaprError::Conflict) => continue,
            committed => committed.unwrap(),
        }
        let own = (first..).zip(own);
        let own = own.map(|(number, event)| Numbered { number, event });
        let to_publish = ToPublish {
            earlier,
            own: own.collect(),
        };
        relay_in_turn(&dapr, "u", to_publish).await.unwrap();
        return;
    }
}

/// The numbers in the order in which they were first published.
fn first_published(dapr: &FakeDapr) -> Vec<u64> {
    let mut seen = Vec::new();
    for number in published(dapr).into_iter().flatten() {
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
    seen
}

/// Commands at every pace, from one by one to all at once: nothing is left lying, and nothing overtakes. Two publish the
/// same only where one ends while the next begins; that must not go on from there.
#[test]
fn commands_at_once_publish_all_in_order() {
    let (mut sent, mut sent_twice) = (0, 0);
    for seed in 0..2_000 {
        let mut world = Interleaving::new(seed);
        let dapr = FakeDapr::new();
        let mut events = 0;
        let pace = world.rng().random_range(0..12);
        for _ in 0..world.rng().random_range(2..12) {
            let its = world.rng().random_range(1..4);
            events += its;
            world.spawn(command(dapr.clone(), its));
            for _ in 0..pace {
                world.turn(0);
            }
        }
        world.run_out(0);
        let all: Vec<u64> = (1..=events).collect();
        assert_eq!(first_published(&dapr), all, "seed {seed}");
        assert_eq!(dapr.keys("outbox/"), [] as [&str; 0], "seed {seed}");
        sent += events;
        sent_twice += published(&dapr).len() as u64 - events;
    }
    assert!(sent_twice * 3 < sent, "{sent_twice} of {sent} sent twice");
}

/// The same with crashes at any point: what they leave is published by a later command or the check, in order still.
#[test]
fn what_crashed_commands_leave_is_published_in_order() {
    for seed in 0..2_000 {
        let mut world = Interleaving::new(seed);
        let dapr = FakeDapr::new();
        world.set_crash_probability(0.05);
        for _ in 0..world.rng().random_range(2..12) {
            let its = world.rng().random_range(1..4);
            world.spawn(command(dapr.clone(), its));
            for _ in 0..world.rng().random_range(0..12) {
                world.turn(200);
            }
        }
        world.run_out(200);
        block_on(outbox::relay_user(&dapr, "u", HEAD)).unwrap();
        let head = block_on(dapr.get(HEAD)).unwrap();
        let last = head.map_or(0, |head| {
            head.value.value()["outbox"]["sequence"].as_u64().unwrap()
        });
        let all: Vec<u64> = (1..=last).collect();
        assert_eq!(first_published(&dapr), all, "seed {seed}");
        assert_eq!(dapr.keys("outbox/"), [] as [&str; 0], "seed {seed}");
    }
}

/// A head goes on behind the number on record, with what an outbox still has behind that; a number that nobody counted to
/// is none.
///
/// Seen to fail: without a highest number.
#[test]
fn a_head_goes_on_behind_the_record() {
    let dapr = FakeDapr::new();
    dapr.tamper(&outbox::key("me", 43), json!({}));
    let mut head = OutboxHead {
        sequence: 3,
        relayed_to: 3,
        ..OutboxHead::default()
    };
    for recorded in [0, 3, (1 << 53) + 1, u64::MAX] {
        assert_eq!(head.misnumbered(recorded), None, "{recorded}");
    }
    assert!(head.misnumbered(42).is_some());
    block_on(head.renumber(&dapr, "me", 42)).expect("an answer");
    assert_eq!((head.sequence, head.relayed_to), (43, 42));
    for extreme in [u64::MAX, u64::MAX - 1] {
        head.relayed_to = extreme;
        assert!(head.misnumbered(extreme).is_some());
        block_on(head.renumber(&dapr, "me", extreme)).expect("an answer");
        assert_eq!((head.sequence, head.relayed_to), (43, 0));
    }
}
