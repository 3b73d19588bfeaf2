//! Tasks that go out and come in, and the places that recurrence asks for: limits, and pages that fit.

use dapr::fake::Interleaving;
use function::{MAX_API_BODY, fake};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fixture::{Service, create};

/// A task that has as much as one can have, in characters that take most bytes.
fn largest(number: usize) -> Value {
    let wide = |count: usize| "\u{1f331}".repeat(count);
    let letters = |count: usize| "\u{20000}".repeat(count);
    let labels: Vec<String> = (0..50).map(|i| format!("{}{i:02}", letters(58))).collect();
    let reminders: Vec<Value> = (0..20)
        .map(|i| json!({ "at": format!("2031-01-01T00:00:{i:02}Z") }))
        .collect();
    json!({
        "title": format!("{number:03}{}", wide(497)), "notes": "\n".repeat(16 * 1024), "priority": 1, "labels": labels,
        "list": letters(60), "checklist": vec![json!({ "text": wide(500), "done": false }); 100],
        "due": { "date": "2031-01-01", "time": "09:00", "time_zone": "America/Argentina/ComodRivadavia" },
        "reminders": reminders,
        "recurrence": { "rrule": format!("FREQ=YEARLY;BYMONTHDAY={}", all_days()), "basis": "completion" },
    })
}

fn all_days() -> String {
    let days: Vec<String> = (1..=31)
        .flat_map(|day| [format!("{day}"), format!("-{day}")])
        .collect();
    days.join(",")
}

fn export(service: &Service, query: &str) -> Value {
    let path = format!("/api/tasks/export?{query}");
    let (status, page) = service.send("me", Method::GET, &path, &json!(null));
    assert_eq!(status, 200, "{page}");
    page
}

/// Every page that an export makes is small enough to be brought in again, and no task is left out.
///
/// Seen to fail: a page of these 40 tasks had 1,372,944 bytes, which no import takes.
#[test]
fn pages_of_large_tasks_are_cut_by_their_bytes() {
    let _world = Interleaving::new(0);
    let (service, other) = (Service::new(), Service::new());
    for number in 0..3 {
        create(&service, largest(number));
    }
    for number in 3..40 {
        create(
            &service,
            json!({ "title": format!("{number:03}"), "notes": "n".repeat(16 * 1024) }),
        );
    }
    let (mut titles, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = export(&service, &format!("limit=200{cursor}"));
        let size = page.to_string().len();
        assert!(size <= MAX_API_BODY, "{size} bytes");
        let items = page["items"].as_array().expect("items");
        assert!(!items.is_empty());
        titles.extend(
            items
                .iter()
                .filter_map(|task| task["title"].as_str())
                .map(str::to_owned),
        );
        let (status, answer) = other.send("me", Method::POST, "/api/tasks/import", &page);
        assert_eq!(
            (status, &answer["imported"]),
            (200, &json!(items.len())),
            "{answer}"
        );
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    titles.sort();
    titles.dedup();
    assert_eq!((titles.len(), pages), (40, 3 + 4));
}

/// An import takes as many tasks as a page of an export has at most.
///
/// Seen to fail: a page had up to 200 tasks, and an import took 100.
#[test]
fn pages_of_many_tasks_are_as_many_as_an_import_takes() {
    let _world = Interleaving::new(0);
    let (service, other) = (Service::new(), Service::new());
    for number in 0..130 {
        create(&service, json!({ "title": format!("{number}") }));
    }
    let page = export(&service, "limit=200");
    let (status, answer) = other.send("me", Method::POST, "/api/tasks/import", &page);
    assert_eq!((status, &answer["imported"]), (200, &json!(100)));
    let cursor = page["next_cursor"]
        .as_str()
        .expect("a further page")
        .to_owned();
    let page = export(&service, &format!("limit=200&cursor={cursor}"));
    assert_eq!(page["items"].as_array().map(Vec::len), Some(30));
    assert_eq!(page["next_cursor"], Value::Null);
}

fn item() -> Value {
    json!({
        "id": Uuid::new_v4(), "version": 1, "title": "x", "notes": "", "status": "open", "priority": 4, "labels": [],
        "list": "inbox", "checklist": [{ "text": "y", "done": false }],
        "due": { "date": "2031-01-01", "time_zone": "UTC" },
        "reminders": [{ "id": Uuid::new_v4(), "before_due_minutes": 5 }],
        "recurrence": { "rrule": "FREQ=DAILY", "recurrence_end": { "count": 3 }, "basis": "due" },
        "series_id": Uuid::new_v4(), "occurrence": 1, "series_start": "2031-01-01",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "completed_at": null,
    })
}

fn import(service: &Service, item: &Value) -> (u16, Value) {
    let body =
        json!({ "exported_at": "2026-01-01T00:00:00Z", "items": [item], "next_cursor": null });
    service.send("me", Method::POST, "/api/tasks/import", &body)
}

/// Seen to fail: versions, places in a series and instants out of range were taken, and unknown fields of a task.
#[test]
fn an_import_is_checked_as_a_creation_is_and_more() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    assert_eq!(
        import(&service, &item()),
        (200, json!({ "imported": 1, "skipped": 0 }))
    );
    let table = [
        ("/version", json!(0), "/version"),
        ("/version", json!(1_000_000_001_u64), "/version"),
        ("/version", json!(u64::MAX), "/version"),
        ("/version", json!(-1), "/version"),
        ("/version", json!(1.5), "/version"),
        ("/occurrence", json!(0), "/occurrence"),
        ("/occurrence", json!(10_000_001), "/occurrence"),
        ("/occurrence", json!(u32::MAX), "/occurrence"),
        ("/occurrence", json!(null), "/series_id"),
        ("/series_start", json!("1969-12-31"), "/series_start"),
        ("/series_start", json!("9001-01-01"), "/series_start"),
        ("/series_start", json!("-262143-01-01"), "/series_start"),
        ("/series_id", json!(null), "/series_id"),
        ("/created_at", json!("0001-01-01T00:00:00Z"), "/created_at"),
        (
            "/updated_at",
            json!("9999-12-31T23:59:59-01:00"),
            "/updated_at",
        ),
        (
            "/completed_at",
            json!("2026-01-01T00:00:60Z"),
            "/completed_at",
        ),
        (
            "/completed_at",
            json!("2026-01-01T00:00:00Z"),
            "/completed_at",
        ),
        ("/status", json!("completed"), "/completed_at"),
        ("/status", json!("archived"), "/status"),
        (
            "/reminders/0",
            json!({ "at": "0001-01-01T00:00:00Z" }),
            "/reminders/0/at",
        ),
        ("/due/date", json!("1970-01-01"), "/reminders/0"),
        ("/due/date", json!("9001-01-01"), "/due/date"),
        (
            "/checklist",
            json!(vec![json!({ "text": "x" }); 101]),
            "/checklist",
        ),
        ("/recurrence/basis", json!("moon"), "/recurrence/basis"),
        (
            "/recurrence/recurrence_end",
            json!({}),
            "/recurrence/recurrence_end",
        ),
        (
            "/recurrence/recurrence_end",
            json!({ "count": 3, "until": "2031-01-01" }),
            "/recurrence/recurrence_end",
        ),
        ("/unknown", json!(1), "/unknown"),
        ("/due/unknown", json!(1), "/due/unknown"),
        ("/checklist/0/unknown", json!(1), "/checklist/0/unknown"),
        ("/reminders/0/unknown", json!(1), "/reminders/0/unknown"),
        ("/recurrence/unknown", json!(1), "/recurrence/unknown"),
        (
            "/recurrence/recurrence_end/unknown",
            json!(1),
            "/recurrence/recurrence_end/unknown",
        ),
    ];
    for (place, value, pointer) in table {
        let mut item = item();
        if place == "/due/date" && value == "1970-01-01" {
            item["reminders"][0]["before_due_minutes"] = json!(40_320);
        }
        set(&mut item, place, value.clone());
        let (status, problem) = import(&service, &item);
        let named = &problem["errors"][0]["pointer"];
        assert_eq!(status, 422, "{place} {value}: {problem}");
        assert_eq!(
            named,
            &format!("/items/0{pointer}"),
            "{place} {value}: {problem}"
        );
    }
}

fn set(item: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    let parent = item.pointer_mut(parent).expect("the parent");
    match name.parse::<usize>() {
        Ok(at) => parent[at] = value,
        Err(_) => parent[name] = value,
    }
}

/// A recurring task without a place in a series begins one, or it would never come again.
///
/// Seen to fail: it had none.
#[test]
fn an_imported_recurrence_begins_a_series() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let mut item = item();
    for name in ["series_id", "occurrence", "series_start"] {
        item[name] = Value::Null;
    }
    assert_eq!(import(&service, &item).0, 200);
    let path = format!("/api/tasks/{}", item["id"].as_str().expect("an id"));
    let (_, task) = service.send("me", Method::GET, &path, &Value::Null);
    assert_eq!(
        (&task["occurrence"], &task["series_start"]),
        (&json!(1), &json!("2031-01-01"))
    );
    assert!(task["series_id"].is_string());
}

/// What the recurrence engine asks for has its limits too; what it says and is not known here is passed over, since it may
/// be of a newer version.
///
/// Seen to fail: `unknown field later`, a dead letter while versions change.
#[test]
fn the_next_occurrence_has_limits() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let body = |occurrence: u32, start: &str| {
        json!({
            "user_id": fake::user("me").to_string(), "id": Uuid::new_v4(), "series_id": Uuid::new_v4(),
            "occurrence": occurrence, "series_start": start, "later": 1,
            "correlation_id": Uuid::new_v4(), "causation_id": Uuid::new_v4(),
            "task": {
                "title": "x", "notes": "", "priority": 4, "labels": [], "list": "inbox",
                "checklist": [{ "text": "y", "done": false, "later": 1 }], "later": 1,
                "due": { "date": "2031-01-01", "time_zone": "UTC", "later": 1 },
                "reminders": [{ "at": "2031-01-01T00:00:00Z", "later": 1 }],
                "recurrence": { "rrule": "FREQ=DAILY", "basis": "due", "later": 1 },
            },
        })
    };
    let ask = |body: &Value| {
        let mut request = fake::dapr_request("/task-service/tasks", body);
        let caller = "recurrence-engine".parse().expect("a header");
        request.headers_mut().insert("dapr-caller-app-id", caller);
        dapr::fake::block_on(service.call(request))
    };
    let (status, task) = ask(&body(7, "1970-01-01"));
    assert_eq!((status, &task["occurrence"]), (201, &json!(7)), "{task}");
    for (occurrence, start, pointer) in [
        (0, "2031-01-01", "/occurrence"),
        (u32::MAX, "2031-01-01", "/occurrence"),
        (1, "-262143-01-01", "/series_start"),
    ] {
        let (status, problem) = ask(&body(occurrence, start));
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{problem}"
        );
    }
}

/// The limit of open tasks is for what people do: the next occurrence is let past it, or a series would end because
/// something else came into the place of the one that was completed.
///
/// Seen to fail: the next occurrence was limited, and refused with 422, which the recurrence engine takes for poison.
#[test]
fn people_are_limited_and_series_are_not() {
    use task_service::decide::{Change, Outcome};

    let task = |status| {
        let document: events::TaskDocument = serde_json::from_value(item()).expect("a task");
        let task = domain::Task::try_from(&document).expect("a task");
        domain::Task { status, ..task }
    };
    let (open, done) = (domain::task::Status::Open, domain::task::Status::Completed);
    let since = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let table = [
        (None, Some(Change::Created(task(open))), true),
        (
            None,
            Some(Change::Imported {
                task: task(open),
                since,
            }),
            true,
        ),
        (
            None,
            Some(Change::Imported {
                task: task(done),
                since,
            }),
            false,
        ),
        (Some(done), Some(Change::Reopened(task(open))), true),
        (Some(open), Some(Change::Completed(task(done))), false),
        (
            Some(open),
            Some(Change::Updated {
                task: task(open),
                changed: vec!["title"],
            }),
            false,
        ),
        (
            Some(open),
            Some(Change::Gone(events::DeleteReason::Deleted)),
            false,
        ),
        (Some(open), None, false),
        (None, Some(Change::Recurred(task(open))), false),
    ];
    for (before, change, expected) in table {
        let outcome = Outcome {
            task_id: task(open).id,
            before: before.map(task),
            change,
            stored: None,
        };
        assert_eq!(outcome.is_limited(), expected, "{outcome:?}");
    }
}
