//! Instants at the edges of what there is.

use chrono::{DateTime, TimeDelta, Utc};
use events::{TaskDocument, Timestamp};
use serde_json::{Value, json};

const FIRST: &str = "1970-01-01T00:00:00.000Z";
const LAST: &str = "9999-12-31T23:59:59.999Z";

#[test]
fn instants_of_the_years_1970_to_9999_are_read_and_no_others() {
    let table = [
        ("1970-01-01T00:00:00Z", Some(FIRST)),
        ("1970-01-01T14:00:00+14:00", Some(FIRST)),
        ("1970-01-01T00:00:00.0009Z", Some(FIRST)),
        ("1969-12-31T23:59:59.999Z", None),
        ("1970-01-01T00:00:00+00:01", None),
        ("0001-01-01T00:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59.999Z", Some(LAST)),
        ("9999-12-31T23:59:59.999000000Z", Some(LAST)),
        // What is smaller than a millisecond is left out, but not where that would bring it within the limit.
        ("9999-12-31T23:59:59.9990001Z", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("9999-12-31T23:59:60Z", None),
        ("2016-12-31T23:59:60Z", None),
        ("2016-12-31T23:59:60.5Z", None),
        ("+10000-01-01T00:59:59Z", None),
        ("10000-01-01T00:00:00Z", None),
        ("-0001-01-01T00:00:00Z", None),
        ("2026-02-29T00:00:00Z", None),
        ("2026-02-28t09:00:00z", Some("2026-02-28T09:00:00.000Z")),
        (
            "2026-02-28T09:00:00.123456789+05:45",
            Some("2026-02-28T03:15:00.123Z"),
        ),
        ("2026-02-28T09:00:00", None),
        ("2026-02-28", None),
        ("", None),
    ];
    for (text, expected) in table {
        let read: Result<Timestamp, _> = serde_json::from_value(json!(text));
        let read = read.map(|read| read.to_string()).ok();
        assert_eq!(read.as_deref(), expected, "{text}");
    }
    for wrong in [json!(0), json!(null), json!(["2026-02-28T09:00:00Z"])] {
        assert!(serde_json::from_value::<Timestamp>(wrong).is_err());
    }
}

#[test]
fn clocks_that_are_anywhere_come_to_the_nearest_instant() {
    let at = |instant: DateTime<Utc>| Timestamp::clamped(instant).to_string();
    assert_eq!(at(DateTime::<Utc>::MIN_UTC), FIRST);
    assert_eq!(at(DateTime::<Utc>::MAX_UTC), LAST);
    let last = Timestamp::clamped(DateTime::<Utc>::MAX_UTC).utc();
    assert_eq!(
        Timestamp::new(last).map(|last| last.to_string()).as_deref(),
        Ok(LAST)
    );
    assert!(Timestamp::new(last + TimeDelta::nanoseconds(1)).is_err());
}

/// What an earlier version stored can still be read, and so changed, deleted and taken out.
///
/// Seen to fail: `"+10000-01-01T00:59:59.000Z" is not an RFC 3339 instant`, a 500 for every route of that task.
#[test]
fn stored_instants_out_of_range_are_read_as_the_nearest() {
    let mut stored = json!({
        "id": "00000000-0000-0000-0000-000000000001", "version": 1, "title": "x", "notes": "", "status": "completed",
        "priority": 4, "labels": [], "list": "inbox", "checklist": [],
        "due": { "date": "1970-01-01", "time_zone": "UTC" },
        "reminders": [
            { "id": "00000000-0000-0000-0000-000000000002", "at": "+10000-01-01T00:59:59.000Z" },
            { "id": "00000000-0000-0000-0000-000000000003", "at": "0001-01-01T00:00:00.000Z" },
            { "id": "00000000-0000-0000-0000-000000000004", "at": "-0001-12-31T23:00:00.000Z" },
            { "id": "00000000-0000-0000-0000-000000000005", "before_due_minutes": 40320 },
        ],
        "recurrence": { "rrule": "FREQ=DAILY" }, "series_id": "00000000-0000-0000-0000-000000000006",
        "occurrence": u32::MAX, "series_start": "-262143-01-01", "created_at": "0001-01-01T00:00:00.000Z",
        "updated_at": "+10000-01-01T00:59:59.000Z", "completed_at": "+10000-01-01T00:59:59.000Z",
    });
    let read = |stored: &Value| -> TaskDocument {
        let document: TaskDocument = serde_json::from_value(stored.clone()).expect("a document");
        let task = domain::Task::try_from(&document).expect("a task");
        TaskDocument::from(&task)
    };
    let document = serde_json::to_value(read(&stored)).expect("JSON");
    let ats: Vec<&Value> = (0..4).map(|at| &document["reminders"][at]["at"]).collect();
    assert_eq!(ats, [LAST, FIRST, FIRST, FIRST]);
    let others = ["created_at", "updated_at", "completed_at"].map(|name| &document[name]);
    assert_eq!(others, [FIRST, LAST, LAST]);
    let place = (&document["occurrence"], &document["series_start"]);
    assert_eq!(place, (&json!(10_000_000), &json!("1970-01-01")));
    stored["series_start"] = json!("+262142-12-31");
    assert_eq!(
        serde_json::to_value(read(&stored)).expect("JSON")["series_start"],
        "9000-12-31"
    );
    for nonsense in ["yesterday", "+", "+1", "é", ""] {
        stored["created_at"] = json!(nonsense);
        assert!(
            serde_json::from_value::<TaskDocument>(stored.clone()).is_err(),
            "{nonsense}"
        );
    }
}
