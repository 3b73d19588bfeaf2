//! Commands that follow each other closely publish in turn.
#![allow(clippy::unwrap_used)]

mod numbered;

use dapr::fake::{FakeDapr, block_on};
use dapr::outbox::{self, ToPublish, relay_in_turn};
use dapr::{Condition, Dapr, Write};
use events::Event;
use futures::future::join;
use numbered::event;

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
fn the_second_waits_for_the_first() {
    let dapr = FakeDapr::new();
    block_on(async {
        let (first, second) = two_commands(&dapr).await;
        let (first, second) = join(
            relay_in_turn(&dapr, "u", first),
            relay_in_turn(&dapr, "u", second),
        )
        .await;
        first.and(second).unwrap();
    });
    assert_eq!(published(&dapr), [Some(1), Some(2), Some(3)]);
    assert!(dapr.keys("outbox/").is_empty());
}

/// Whoever answered the first one has died.
#[test]
fn the_second_does_not_wait_for_ever() {
    let dapr = FakeDapr::new();
    block_on(async {
        let (_, second) = two_commands(&dapr).await;
        relay_in_turn(&dapr, "u", second).await.unwrap();
    });
    assert_eq!(published(&dapr), [Some(1), Some(2), Some(3)]);
    assert!(dapr.keys("outbox/").is_empty());
}
