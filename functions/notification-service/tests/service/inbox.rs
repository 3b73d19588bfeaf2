//! The in-app inbox.

use dapr::fake::{Interleaving, block_on};
use http::Method;
use serde_json::{Value, json};

use super::fixture::{Service, ring};

fn inbox(service: &Service, query: &str) -> Value {
    let path = format!("/api/notifications{query}");
    let (status, page) = service.send("me", Method::GET, &path, &Value::Null);
    assert_eq!(status, 200, "{page}");
    page
}

#[test]
fn the_newest_is_first_and_marks_count() {
    let mut world = Interleaving::new(0);
    let service = Service::new();
    for number in 1..=3 {
        block_on(service.deliver(ring("me", number, 0)));
        world.wait_ms(1_000);
    }
    let page = inbox(&service, "");
    let items = page["items"].as_array().expect("items");
    let titles: Vec<&Value> = items.iter().map(|item| &item["title"]).collect();
    assert_eq!(titles, ["Task <3>", "Task <2>", "Task <1>"]);
    assert_eq!(
        (&page["unread"], &items[0]["kind"]),
        (&json!(3), &json!("reminder"))
    );

    let id = items[1]["id"].as_str().expect("an id");
    let path = format!("/api/notifications/{id}/read");
    for _ in 0..2 {
        assert_eq!(service.send("me", Method::POST, &path, &Value::Null).0, 204);
    }
    assert_eq!(
        service.send("you", Method::POST, &path, &Value::Null).0,
        404
    );
    assert_eq!(inbox(&service, "")["unread"], 2);
    assert_eq!(inbox(&service, "")["items"][1]["read"], true);
    assert_eq!(
        service
            .send(
                "me",
                Method::POST,
                "/api/notifications/read-all",
                &Value::Null
            )
            .0,
        204
    );
    world.wait_ms(1_000);
    block_on(service.deliver(ring("me", 4, 0)));
    let reads: Vec<Value> = inbox(&service, "")["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["read"].clone())
        .collect();
    assert_eq!(reads, [json!(false), json!(true), json!(true), json!(true)]);
    assert_eq!(inbox(&service, "")["unread"], 1);
}

#[test]
fn a_long_inbox_comes_in_pages() {
    let mut world = Interleaving::new(0);
    let service = Service::new();
    for number in 1..=300 {
        block_on(service.deliver(ring("me", number, 0)));
        world.wait_ms(10);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = inbox(&service, &format!("?limit=70{cursor}"));
        let items = page["items"].as_array().expect("items").clone();
        seen.extend(items.into_iter().map(|item| item["title"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<Value> = (1..=300)
        .rev()
        .map(|n| json!(format!("Task <{n}>")))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_late_one_says_so() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    for (number, late, expected) in [
        (1, 59, "You asked to be reminded of this."),
        (
            2,
            120,
            "You asked to be reminded of this. This reminder comes 2 minutes late: Nudge was not running.",
        ),
        (
            3,
            3600,
            "You asked to be reminded of this. This reminder comes 1 hour late: Nudge was not running.",
        ),
        (
            4,
            5 * 86_400,
            "You asked to be reminded of this. This reminder comes 5 days late: Nudge was not running.",
        ),
    ] {
        block_on(service.deliver(ring("me", number, late)));
        let page = inbox(&service, "?limit=200");
        let mut items = page["items"].as_array().expect("items").iter();
        let item = items.find(|item| item["title"] == format!("Task <{number}>"));
        let item = item.expect("the notification");
        assert_eq!(
            (&item["body"], &item["late"]),
            (&json!(expected), &json!(late >= 60))
        );
    }
}
