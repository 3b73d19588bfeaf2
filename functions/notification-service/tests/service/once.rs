//! Every ring is told once in the inbox and by mail under one id, by simulation.

use std::collections::{BTreeMap, BTreeSet};

use dapr::fake::{Interleaving, block_on};
use events::{Event, EventType};
use http::Method;
use rand::Rng;
use serde_json::Value;

use super::fixture::{Service, ring, tick, wants_mail};

const PEOPLE: [&str; 2] = ["ada", "bob"];

async fn deliver(service: Service, event: Event) {
    service.deliver(event).await;
}

#[test]
fn nobody_is_told_twice_or_not_at_all_whatever_crashes_when() {
    for seed in 0..60 {
        let mut world = Interleaving::new(seed);
        let service = Service::new();
        for person in PEOPLE {
            wants_mail(&service, person, &format!("{person}@example.test"));
        }
        let mut rung: BTreeMap<&str, Vec<Event>> = BTreeMap::new();
        world.set_crash_probability(0.01);
        for turn in 0..600 {
            if turn % 20 == 0 {
                let person = PEOPLE[world.rng().random_range(0..PEOPLE.len())];
                let event = ring(person, turn + 1, 0);
                rung.entry(person).or_default().push(event.clone());
                for _ in 0..world.rng().random_range(1..=2) {
                    world.spawn(deliver(service.clone(), event.clone()));
                }
            }
            if turn % 40 == 0 {
                world.spawn(tick(service.clone()));
            }
            world.turn(100);
        }
        world.set_crash_probability(0.0);
        world.run_out(5);
        for event in rung.values().flatten() {
            block_on(service.deliver(event.clone()));
        }
        for _ in 0..12 {
            world.wait_ms(15_000);
            block_on(tick(service.clone()));
        }
        check(seed, &service, &rung);
    }
}

fn check(seed: u64, service: &Service, rung: &BTreeMap<&str, Vec<Event>>) {
    let count: usize = rung.values().map(Vec::len).sum();
    for (person, events) in rung {
        let path = "/api/notifications?limit=200";
        let (_, page) = service.send(person, Method::GET, path, &Value::Null);
        let items = page["items"].as_array().expect("items");
        let titles: BTreeSet<&str> = items.iter().filter_map(|i| i["title"].as_str()).collect();
        assert_eq!(items.len(), events.len(), "seed {seed}: {person}'s inbox");
        assert_eq!(titles.len(), events.len(), "seed {seed}: {person}'s inbox");
        assert_eq!(page["unread"], events.len(), "seed {seed}");
    }
    let mut mails: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for binding in service.dapr.bindings() {
        let subject = binding.metadata[1].1.clone();
        mails
            .entry(subject)
            .or_default()
            .insert(binding.data.to_string());
    }
    assert_eq!(mails.len(), count, "seed {seed}: mails");
    for (subject, texts) in mails {
        assert_eq!(
            texts.len(),
            1,
            "seed {seed}: {subject} was sent under two ids"
        );
    }
    for event_type in [
        EventType::NotificationAdded,
        EventType::NotificationDelivered,
    ] {
        let events = service.dapr.published().into_iter();
        let ids: BTreeSet<_> = events
            .filter(|(_, event)| event.event_type == event_type)
            .map(|(_, event)| event.event_id)
            .collect();
        assert_eq!(ids.len(), count, "seed {seed}: {}", event_type.name());
    }
    assert!(
        service.dapr.keys("timetable/2").is_empty(),
        "seed {seed}: entries are left"
    );
}
