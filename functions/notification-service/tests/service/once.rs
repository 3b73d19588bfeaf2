//! Every ring is told once in the inbox and by mail under one id, by simulation.

use std::collections::{BTreeMap, BTreeSet};

use dapr::fake::{Interleaving, block_on};
use events::{Event, EventType, Story};
use function::fake;
use http::{HeaderValue, Method};
use rand::Rng;
use serde_json::{Value, json};

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
        let_be(&mut world, &service);
        check(seed, &service, &rung);
    }
}

/// Three minutes pass, in which all mails go out.
fn let_be(world: &mut Interleaving, service: &Service) {
    for _ in 0..12 {
        world.wait_ms(15_000);
        block_on(tick(service.clone()));
    }
}

/// The record may hold an event that is still on its way to here: it is told in full, though the record was told before.
/// Seen to fail with a restore that marked events as seen: no mail, and nothing unread.
#[test]
fn what_the_record_tells_first_is_told_in_full_when_it_arrives() {
    let mut world = Interleaving::new(0);
    let service = Service::new();
    wants_mail(&service, "ada", "ada@example.test");
    let event = ring("ada", 1, 0);
    let story = Story {
        user_id: event.user_id.clone(),
        task_id: event.task_id.clone(),
        events: vec![event.clone()],
    };
    let body = serde_json::to_value(story).expect("JSON");
    let mut request = fake::dapr_request("/notification-service/restore", &body);
    let caller = HeaderValue::from_static("audit-service");
    request.headers_mut().insert("dapr-caller-app-id", caller);
    let answer = block_on(service.call(request));
    assert_eq!(answer, (200, json!({ "restored": true })));

    block_on(service.deliver(event.clone()));
    let_be(&mut world, &service);
    check(0, &service, &BTreeMap::from([("ada", vec![event])]));
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
