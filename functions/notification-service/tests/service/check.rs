//! The inbox counts right, its notifications and messages can be found, and it does not grow for ever; a check finds and
//! mends where that is not so.

use dapr::check::Report;
use dapr::fake::{FakeDapr, Interleaving, block_on};
use function::fake::{dapr_request, user};
use http::Method;
use serde_json::json;

use super::fixture::{Service, ring, wants_mail};

fn check(service: &Service, repair: bool) -> Vec<String> {
    let asked = json!({ "user_id": user("me").as_str(), "repair": repair });
    let (status, report) =
        block_on(service.call(dapr_request("/notification-service/check", &asked)));
    assert_eq!(status, 200, "{report}");
    let report: Report = serde_json::from_value(report).expect("a report");
    let mut kinds: Vec<String> = report
        .findings
        .into_iter()
        .map(|finding| finding.kind)
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

fn unread(service: &Service) -> u64 {
    let (_, page) = service.send("me", Method::GET, "/api/notifications", &json!(null));
    page["unread"].as_u64().expect("a number")
}

fn world_of_notifications(count: u128) -> (Interleaving, Service) {
    let mut world = Interleaving::new(5);
    let service = Service::new();
    wants_mail(&service, "me", "me@example.test");
    for number in 1..=count {
        block_on(service.deliver(ring("me", number, 0)));
        world.wait_ms(1);
    }
    (world, service)
}

#[test]
fn damage_of_each_kind_is_found_and_mended() {
    type Damage = fn(&FakeDapr, &str);
    let table: [(&str, Damage); 7] = [
        ("list-chunk", |dapr, me| {
            dapr.alter(&dapr.first_key(&format!("inbox/{me}/")), |items| {
                items.as_array_mut().expect("items").swap(0, 5);
            });
        }),
        ("list-chunk", |dapr, me| {
            dapr.tamper(&dapr.first_key(&format!("inbox/{me}/")), json!("no"))
        }),
        ("forgotten-chunk", |dapr, me| {
            dapr.alter(&format!("inbox/{me}"), |head| {
                head["list"]["chunks"]
                    .as_array_mut()
                    .expect("chunks")
                    .remove(0);
            });
        }),
        ("forgotten-chunk", |dapr, me| {
            dapr.remove(&format!("inbox/{me}"))
        }),
        ("unread-count", |dapr, me| {
            dapr.alter(&format!("inbox/{me}"), |head| head["unread"] = json!(3));
        }),
        ("place", |dapr, me| {
            dapr.remove(&dapr.first_key(&format!("notification/{me}/")))
        }),
        ("unplanned", |dapr, _| {
            for key in dapr.keys("timetable/2") {
                dapr.remove(&key);
            }
        }),
    ];
    for (number, (kind, damage)) in table.into_iter().enumerate() {
        let (mut world, service) = world_of_notifications(150);
        assert_eq!(check(&service, false), Vec::<String>::new(), "{number}");
        damage(&service.dapr, user("me").as_str());
        // Long enough for what is about to be sent to be late.
        world.wait_ms(100_000 * i64::from(kind == "unplanned"));
        let found = check(&service, false);
        assert!(
            found.contains(&kind.to_owned()),
            "{number}: {kind} is not among {found:?}"
        );
        check(&service, true);
        check(&service, true);
        let left = check(&service, false);
        assert!(
            left.is_empty() || kind == "unplanned",
            "{number}: {kind}: {left:?}"
        );
        // What the directory did not lead to is there again.
        if kind == "forgotten-chunk" {
            assert_eq!(unread(&service), 150);
        }
        if kind == "unplanned" {
            for _ in 0..20 {
                world.wait_ms(1_000);
                block_on(super::fixture::tick(service.clone()));
            }
            assert_eq!(service.dapr.bindings().len(), 150);
        }
    }
}

/// The oldest end when there are more than are kept, with their places; what was not read among them counts no more.
#[test]
fn the_inbox_does_not_grow_for_ever() {
    let (_world, service) = world_of_notifications(2_200);
    let places = service
        .dapr
        .keys(&format!("notification/{}/", user("me")))
        .len();
    assert!((1_900..=2_000).contains(&places), "{places}");
    assert_eq!(unread(&service), places as u64);
    assert_eq!(check(&service, false), Vec::<String>::new());
    let (_, page) = service.send(
        "me",
        Method::GET,
        "/api/notifications?limit=1",
        &json!(null),
    );
    assert_eq!(page["items"][0]["title"], json!("Task <2200>"));
}
