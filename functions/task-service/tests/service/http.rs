//! What a person sees: routes, statuses, problem details.

use dapr::fake::Interleaving;
use function::fake;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::fixture::{Service, create, json_of, response, titles};

fn send(service: &Service, method: Method, path: &str, body: Value) -> (u16, Value) {
    service.send("me", method, path, &body)
}

fn berlin(date: &str, time: Option<&str>) -> Value {
    json!({ "date": date, "time": time, "time_zone": "Europe/Berlin" })
}

#[test]
fn a_task_is_created_read_changed_and_deleted() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let request = fake::request(
        "me",
        Method::POST,
        "/api/tasks",
        &json!({ "title": " Pay rent " }),
    );
    let response = response(&service, request);
    let task = json_of(&response);
    assert_eq!(response.status(), 201);
    let path = response.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(
        path,
        format!("/api/tasks/{}", task["id"].as_str().expect("an id"))
    );
    assert_eq!(response.headers()["etag"], "\"1\"");
    assert_eq!(
        (&task["title"], &task["status"]),
        (&json!("Pay rent"), &json!("open"))
    );

    let (status, changed) = send(
        &service,
        Method::PATCH,
        &path,
        json!({ "priority": 1, "notes": "by bank" }),
    );
    assert_eq!((status, &changed["version"]), (200, &json!(2)));
    assert_eq!(send(&service, Method::GET, &path, Value::Null).1, changed);
    assert_eq!(send(&service, Method::DELETE, &path, Value::Null).0, 204);
    assert_eq!(send(&service, Method::GET, &path, Value::Null).0, 404);
    assert_eq!(send(&service, Method::DELETE, &path, Value::Null).0, 404);
}

#[test]
fn a_merge_patch_removes_what_is_null_and_keeps_what_is_not_named() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let task = create(
        &service,
        json!({
            "title": "Water the plants", "labels": ["home"], "due": berlin("2026-03-05", Some("08:00")),
            "recurrence": { "recurrence_type": "daily", "recurrence_interval": 3 },
        }),
    );
    assert_eq!(
        task["reminders"][0]["before_due_minutes"], 0,
        "a due time rings by default"
    );
    let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
    let (_, moved) = send(
        &service,
        Method::PATCH,
        &path,
        json!({ "due": { "date": "2026-03-09" } }),
    );
    assert_eq!(moved["due"], berlin("2026-03-09", Some("08:00")));
    assert_eq!(
        (&moved["labels"], &moved["reminders"]),
        (&task["labels"], &task["reminders"])
    );
    let (_, ended) = send(
        &service,
        Method::PATCH,
        &path,
        json!({ "recurrence": null, "labels": null }),
    );
    assert_eq!(
        (&ended["recurrence"], &ended["labels"]),
        (&Value::Null, &json!([]))
    );
}

/// "In 20 minutes" rings to the second and is due to the minute. Where the task is moved, its reminder goes along, unless the
/// person says when it is to ring.
///
/// Seen to fail: by a reminder that stayed where it was, so that the moved task rang no more.
#[test]
fn a_reminder_of_the_minute_moves_along() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let rings = json!([{ "at": "2031-01-01T08:19:23Z" }]);
    let fields = json!({ "title": "Stretch", "due": berlin("2031-01-01", Some("09:20")), "reminders": rings });
    let (_, task) = send(&service, Method::POST, "/api/tasks", fields);
    let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
    let patch = |fields: Value| send(&service, Method::PATCH, &path, fields).1["reminders"].clone();
    let kept = patch(json!({ "title": "Stretch more" }));
    assert_eq!(kept[0]["at"], "2031-01-01T08:19:23.000Z");
    let moved = patch(json!({ "due": { "date": "2031-01-02" } }));
    assert_eq!(moved[0]["before_due_minutes"], 0, "{moved}");
    assert_eq!(moved[0]["id"], kept[0]["id"]);
    let said = patch(
        json!({ "due": { "date": "2031-01-03" }, "reminders": [{ "at": "2031-01-02T08:19:59Z" }] }),
    );
    assert_eq!(said[0]["at"], "2031-01-02T08:19:59.000Z");
    let far = patch(json!({ "due": { "date": "2031-01-04" } }));
    assert_eq!(far, said, "it was of another minute");
}

#[test]
fn wrong_fields_are_all_named_at_once() {
    let _world = Interleaving::new(0);
    let (status, problem) = send(
        &Service::new(),
        Method::POST,
        "/api/tasks",
        json!({
            "title": " ", "priority": 9, "labels": ["ok", "two words"], "list": "a b",
            "due": { "date": "2026-03-05", "time_zone": "Mars/Olympus" },
            "checklist": [{ "text": "" }], "reminders": [{}],
        }),
    );
    assert_eq!(
        (status, &problem["type"]),
        (422, &json!("/problems/invalid"))
    );
    let errors = problem["errors"].as_array().expect("errors");
    let mut pointers: Vec<&str> = errors
        .iter()
        .filter_map(|e| e["pointer"].as_str())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/checklist/0/text",
            "/due/time_zone",
            "/labels/1",
            "/list",
            "/priority",
            "/reminders/0",
            "/title"
        ]
    );
}

#[test]
fn a_field_of_the_wrong_type_is_named_by_its_place() {
    let _world = Interleaving::new(0);
    let table = [
        (json!({ "title": 7 }), "/title"),
        (
            json!({ "title": "A", "due": { "date": "tomorrow" } }),
            "/due/date",
        ),
        (
            json!({ "title": "A", "due": { "date": "2026-03-05", "time": "9", "time_zone": "UTC" } }),
            "/due/time",
        ),
        (
            json!({ "title": "A", "checklist": [{ "text": "a" }, { "text": 1 }] }),
            "/checklist/1/text",
        ),
        (json!({ "title": "A", "colour": "red" }), "/colour"),
    ];
    for (body, pointer) in table {
        let (status, problem) = send(&Service::new(), Method::POST, "/api/tasks", body);
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{problem}"
        );
    }
}

#[test]
fn bad_requests_get_a_status_and_a_stable_type() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let task = create(&service, json!({ "title": "A" }));
    let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
    let no_body = Value::Null;
    let table = [
        (
            Method::POST,
            "/api/tasks",
            json!({ "title": "A", "colour": "red" }),
            422,
            "invalid",
        ),
        (
            Method::POST,
            "/api/tasks",
            json!({ "title": "A", "status": "completed" }),
            422,
            "invalid",
        ),
        (Method::POST, "/api/tasks", json!([]), 400, "bad-request"),
        (
            Method::POST,
            "/api/tasks",
            json!({ "title": "A", "recurrence": { "rrule": "FREQ=DAILY" } }),
            422,
            "invalid",
        ),
        (
            Method::PUT,
            "/api/tasks",
            no_body.clone(),
            405,
            "method-not-allowed",
        ),
        (
            Method::GET,
            "/api/tasks?limit=0",
            no_body.clone(),
            422,
            "invalid",
        ),
        (
            Method::GET,
            "/api/tasks?colour=red",
            no_body.clone(),
            422,
            "invalid",
        ),
        (
            Method::GET,
            "/api/tasks?cursor=%25",
            no_body.clone(),
            400,
            "bad-request",
        ),
        (
            Method::GET,
            "/api/tasks/nonsense",
            no_body.clone(),
            404,
            "not-found",
        ),
        (
            Method::GET,
            "/api/nothing",
            no_body.clone(),
            404,
            "not-found",
        ),
        (Method::PATCH, &path, json!("text"), 400, "bad-request"),
        (
            Method::PATCH,
            &path,
            json!({ "title": null }),
            422,
            "invalid",
        ),
        // Seen to fail: what is unknown was passed over where null takes it out.
        (
            Method::PATCH,
            &path,
            json!({ "titel": null }),
            422,
            "invalid",
        ),
        (
            Method::PATCH,
            &path,
            json!({ "due": { "date": "2026-03-09", "tmie": null } }),
            422,
            "invalid",
        ),
    ];
    for (method, path, body, status, kind) in table {
        let (actual, problem) = send(&service, method.clone(), path, body);
        assert_eq!(actual, status, "{method} {path}: {problem}");
        assert_eq!(
            problem["type"],
            format!("/problems/{kind}"),
            "{method} {path}"
        );
    }
}

#[test]
fn another_person_sees_nothing() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let task = create(&service, json!({ "title": "Mine" }));
    let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/complete")),
        (Method::POST, format!("{path}/reopen")),
    ] {
        let body = if method == Method::PATCH {
            json!({})
        } else {
            Value::Null
        };
        let response = response(
            &service,
            fake::request("somebody else", method.clone(), &path, &body),
        );
        assert_eq!(response.status(), 404, "{method} {path}");
    }
    assert_eq!(titles(&service, ""), ["Mine"]);
}

#[test]
fn if_match_and_idempotency_keys() {
    let _world = Interleaving::new(0);
    let service = Service::new();
    let create = |title: &str| {
        let mut request =
            fake::request("me", Method::POST, "/api/tasks", &json!({ "title": title }));
        request
            .headers_mut()
            .insert("idempotency-key", HeaderValue::from_static("k"));
        response(&service, request)
    };
    let (first, again, other) = (create("A"), create("A"), create("B"));
    assert_eq!(
        (first.status().as_u16(), again.status().as_u16()),
        (201, 201)
    );
    assert_eq!(json_of(&first), json_of(&again));
    assert_eq!(other.status(), 409);
    assert_eq!(titles(&service, ""), ["A"]);

    let path = format!(
        "/api/tasks/{}",
        json_of(&first)["id"].as_str().expect("an id")
    );
    let patch = |tag: &'static str| {
        let mut request = fake::request("me", Method::PATCH, &path, &json!({ "priority": 2 }));
        request
            .headers_mut()
            .insert("if-match", HeaderValue::from_static(tag));
        response(&service, request).status().as_u16()
    };
    assert_eq!(
        [
            patch("\"7\""),
            patch("7"),
            patch("\"1\""),
            patch("\"1\""),
            patch("*")
        ],
        [412, 400, 200, 412, 200]
    );
}

#[test]
fn lists_by_date_label_and_text_in_pages() {
    let _world = Interleaving::new(0); // 1 March 2026, 13:00 in Berlin: a Sunday
    let service = Service::new();
    for (title, due, label) in [
        ("Overdue", Some(("2026-02-27", None)), "x"),
        ("Earlier today", Some(("2026-03-01", Some("09:00"))), "home"),
        ("Later today", Some(("2026-03-01", Some("20:00"))), "home"),
        ("Tomorrow", Some(("2026-03-02", None)), "x"),
        ("Next week", Some(("2026-03-09", None)), "x"),
        ("Some day", None, "home"),
    ] {
        let due = due.map(|(date, time)| berlin(date, time));
        create(
            &service,
            json!({ "title": title, "due": due, "labels": [label] }),
        );
    }
    assert_eq!(
        titles(&service, ""),
        [
            "Overdue",
            "Earlier today",
            "Later today",
            "Tomorrow",
            "Next week",
            "Some day"
        ]
    );
    assert_eq!(
        titles(&service, "?due=today"),
        ["Earlier today", "Later today"]
    );
    assert_eq!(
        titles(&service, "?due=overdue"),
        ["Overdue", "Earlier today"]
    );
    assert_eq!(titles(&service, "?due=none"), ["Some day"]);
    assert_eq!(titles(&service, "?due=2026-03-02"), ["Tomorrow"]);
    assert_eq!(
        titles(&service, "?label=home&text=TODAY"),
        ["Earlier today", "Later today"]
    );
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let (_, page) = send(
            &service,
            Method::GET,
            &format!("/api/tasks?limit=2{cursor}"),
            Value::Null,
        );
        let items = page["items"].as_array().expect("items").clone();
        seen.extend(
            items
                .iter()
                .filter_map(|t| t["title"].as_str().map(str::to_owned)),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, titles(&service, ""));
}

/// As many commands as one person may give; the next is refused, leaves nothing behind, and is taken later. Others, and what
/// recurrence asks for, are not held up.
#[test]
fn one_person_gives_so_many_commands_a_minute() {
    let mut world = dapr::fake::Interleaving::new(0);
    let limits = function::Limits {
        commands: function::Rate::per_minute(20),
        ..function::Limits::default()
    };
    let service = Service::new().with_limits(limits);
    for n in 0..20 {
        create(&service, json!({ "title": format!("task {n}") }));
    }
    let body = json!({ "title": "one more" });
    let request = function::fake::request("me", Method::POST, "/api/tasks", &body);
    let refused = response(&service, request);
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "3");
    assert_eq!(json_of(&refused)["type"], "/problems/too-many-requests");
    assert_eq!(titles(&service, "?limit=200").len(), 20);
    let (status, _) = service.send("you", Method::POST, "/api/tasks", &body);
    assert_eq!(status, 201);
    world.wait_ms(3_000);
    create(&service, body);
}
