//! Versions side by side: what a newer one writes is read, and still there when this one writes it again.

use events::{
    BasisDocument, ClearReason, Event, EventType, NotificationDocument, ScheduledReminder,
    StatusDocument, TaskDocument, TaskReminderCleared, Topic, cloud_event, parse_delivery,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A task with everything that one can have.
fn task() -> Value {
    json!({
        "id": "00000000-0000-0000-0000-000000000001", "version": 3, "title": "Water the plants", "notes": "All of them",
        "status": "completed", "priority": 2, "labels": ["home"], "list": "garden",
        "checklist": [{ "text": "Ficus", "done": true }, { "text": "Cactus", "done": false }],
        "due": { "date": "2026-12-01", "time": "09:00", "time_zone": "Europe/Berlin" },
        "reminders": [
            { "id": "00000000-0000-0000-0000-000000000002", "before_due_minutes": 10 },
            { "id": "00000000-0000-0000-0000-000000000003", "at": "2026-12-01T07:00:00.000Z" },
        ],
        "recurrence": {
            "recurrence_type": "daily", "recurrence_interval": 1, "recurrence_end": { "count": 3 },
            "rrule": "FREQ=DAILY;COUNT=3", "basis": "due",
        },
        "series_id": "00000000-0000-0000-0000-000000000004", "occurrence": 1, "series_start": "2026-12-01",
        "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z",
        "completed_at": "2026-11-25T09:00:00.000Z",
    })
}

fn notification() -> Value {
    json!({
        "id": "00000000-0000-0000-0000-000000000005", "kind": "reminder", "title": "Water", "body": "Due today.",
        "task_id": null, "reminder_id": null, "due": task()["due"], "late": false, "read": true,
        "created_at": "2026-11-24T09:00:00.000Z",
    })
}

fn event(event_type: &str, payload: &Value) -> Value {
    json!({
        "event_id": "00000000-0000-0000-0000-000000000006", "event_type": event_type,
        "task_id": "00000000-0000-0000-0000-000000000001", "user_id": "u", "payload": payload,
        "metadata": {
            "source": "task-service", "version": "v1", "sequence": 7,
            "correlation_id": "00000000-0000-0000-0000-000000000007",
            "causation_id": "00000000-0000-0000-0000-000000000008",
        },
        "timestamp": "2026-11-25T09:00:00.000Z",
    })
}

/// How many objects there are in `value`; each gets one more field.
fn one_more_field(value: &mut Value) -> usize {
    match value {
        Value::Object(fields) => {
            let below: usize = fields.values_mut().map(one_more_field).sum();
            fields.insert("later".to_owned(), json!({ "deep": [1, "two", null] }));
            below + 1
        }
        Value::Array(items) => items.iter_mut().map(one_more_field).sum(),
        _ => 0,
    }
}

#[track_caller]
fn check<T: Serialize + DeserializeOwned>(mut document: Value, objects: usize) {
    assert_eq!(one_more_field(&mut document), objects);
    let read: T = serde_json::from_str(&document.to_string()).expect("what a newer version wrote");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), document);
    let read: T = serde_json::from_value(document.clone()).expect("what a newer version wrote");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), document);
}

/// Seen to fail: with `deny_unknown_fields` the document was not read, and without [`events::UnknownFields`] the fields of
/// the newer version were gone.
#[test]
fn fields_of_a_newer_version_come_out_as_they_went_in() {
    check::<TaskDocument>(task(), 8);
    let mut until = task();
    until["recurrence"]["recurrence_end"] = json!({ "until": "2027-01-01" });
    check::<TaskDocument>(until, 8);
    check::<NotificationDocument>(notification(), 2);
    check::<ScheduledReminder>(
        json!({ "id": "00000000-0000-0000-0000-000000000002", "at": "2026-12-01T07:00:00.000Z" }),
        1,
    );
    check::<Event>(event("TASK_COMPLETED", &json!({ "task": task() })), 11);
}

/// Each type's payload, with one more field at every level, is read as that type, and each document in it keeps the field.
#[test]
fn payloads_of_a_newer_version_are_read() {
    let due = task()["due"].clone();
    let id = "00000000-0000-0000-0000-000000000002";
    let reminder = json!({ "id": id, "at": "2026-12-01T07:00:00.000Z", "before_due_minutes": 5 });
    let audit = json!({ "notification_id": id, "channel": "email", "tries": 1, "reason": "no" });
    let series = json!({
        "series_id": id, "from_task_id": id, "next_task_id": id, "last_task_id": id, "occurrence": 2, "due": due,
        "skipped": 0, "title": "x", "rrule": "FREQ=DAILY",
    });
    let rang = json!({
        "reminder_id": id, "reminder_version": 1, "title": "x", "due": due, "until": "2026-12-01T07:00:00.000Z",
        "scheduled_at": "2026-12-01T07:00:00.000Z", "late_seconds": 0,
    });
    let operator = json!({
        "replayed_event_id": id, "discarded_event_id": id, "topic": "task-events", "operator": "x",
        "asked_by": "x", "through": 3,
    });
    let changed =
        json!({ "revision": 2, "previous_revision": 1, "task": task(), "changed": ["due"] });
    for event_type in EventType::ALL {
        let mut payload = match event_type {
            EventType::TaskDeleted => json!({ "task": task(), "reason": "deleted" }),
            EventType::TaskReminderCleared => json!({ "reason": "completed" }),
            EventType::TaskDueSet => json!({ "due": due, "overdue_after": null }),
            EventType::TaskReminderSet => {
                json!({ "title": "x", "due": due, "reminders": [reminder] })
            }
            EventType::ReminderTriggered
            | EventType::ReminderSnoozed
            | EventType::ReminderDismissed => rang.clone(),
            EventType::TaskRecurred | EventType::RecurrenceEnded => series.clone(),
            EventType::NotificationAdded => json!({ "notification": notification() }),
            EventType::NotificationsRead => json!({ "notification_ids": [id] }),
            EventType::NotificationDelivered
            | EventType::NotificationFailed
            | EventType::NotificationWithdrawn => audit.clone(),
            EventType::AccessDenied => json!({ "route": "GET /", "reason": "x" }),
            EventType::DataExported => json!({ "format": "json", "tasks": 1 }),
            EventType::EventReplayed
            | EventType::EventDiscarded
            | EventType::ErasureRequested
            | EventType::PersonErased => operator.clone(),
            _ => changed.clone(),
        };
        one_more_field(&mut payload);
        let read: Event =
            serde_json::from_value(event(event_type.name(), &payload)).expect("an event");
        assert_eq!(read.payload, payload);
        is_read(&read);
    }
}

/// Reads the payload as its type.
fn is_read(event: &Event) {
    macro_rules! as_types {
        ($($name:ident),*) => {
            match event.event_type {
                $(EventType::$name => event.payload::<events::$name>().map(|_| ()),)*
                EventType::Unknown(_) => Ok(()),
            }
        };
    }
    let read = as_types!(
        TaskCreated,
        TaskUpdated,
        TaskCompleted,
        TaskReopened,
        TaskDeleted,
        TaskDueSet,
        TaskReminderSet,
        TaskReminderCleared,
        ReminderTriggered,
        ReminderSnoozed,
        ReminderDismissed,
        TaskRecurred,
        RecurrenceEnded,
        TaskChanged,
        NotificationAdded,
        NotificationsRead,
        NotificationDelivered,
        NotificationFailed,
        NotificationWithdrawn,
        AccessDenied,
        DataExported,
        EventReplayed,
        EventDiscarded,
        ErasureRequested,
        PersonErased
    );
    read.unwrap_or_else(|error| panic!("{error}: {}", error.source));
}

/// Seen to fail: `unknown variant TASK_EATEN`, so that the audit had a hole and an outbox stood still.
#[test]
fn a_type_of_a_newer_version_goes_on_as_it_is() {
    let sent = event("TASK_EATEN", &json!({ "by": "goat" }));
    let read: Event = serde_json::from_value(sent.clone()).expect("an event");
    assert_eq!(read.event_type, EventType::Unknown("TASK_EATEN".to_owned()));
    assert_eq!(
        (read.event_type.topic(), read.topic()),
        (None, Topic::TaskEvents)
    );
    assert_eq!(serde_json::to_value(&read).expect("JSON"), sent);
    let envelope = cloud_event(&read, None);
    assert_eq!(
        (&envelope["type"], &envelope["data"]),
        (&json!("TASK_EATEN"), &sent)
    );
    let delivered = parse_delivery(envelope.to_string().as_bytes());
    assert_eq!(delivered.map_err(|(_, error)| error.to_string()), Ok(read));
    for event_type in EventType::ALL {
        let read: EventType = serde_json::from_value(json!(event_type.name())).expect("a type");
        assert_eq!((&read, read.topic().is_some()), (event_type, true));
    }
}

#[test]
fn values_of_a_newer_version_keep_their_name() {
    let cleared: TaskReminderCleared =
        serde_json::from_value(json!({ "reason": "archived" })).expect("a payload");
    assert_eq!(cleared.reason, ClearReason::Unknown("archived".to_owned()));
    let mut sent = task();
    sent["status"] = json!("archived");
    sent["recurrence"]["basis"] = json!("moon");
    let read: TaskDocument = serde_json::from_value(sent.clone()).expect("a task");
    assert_eq!(read.status, StatusDocument::Unknown("archived".to_owned()));
    let basis = read.recurrence.as_ref().map(|recurrence| &recurrence.basis);
    assert_eq!(basis, Some(&BasisDocument::Unknown("moon".to_owned())));
    assert_eq!(serde_json::to_value(&read).expect("JSON"), sent);
    // It is still a task, and what it says stays when it is written again.
    let task = domain::Task::try_from(&read).expect("a task");
    assert_eq!(task.status, domain::task::Status::Completed);
    assert_eq!(TaskDocument::from(&task).with_unknown_of(&read), read);
}

/// A task that goes through the domain and back has all that it had, but where a part of it is gone or another one.
#[test]
fn a_rewritten_task_keeps_what_is_unknown() {
    let mut stored = task();
    one_more_field(&mut stored);
    let stored: TaskDocument = serde_json::from_value(stored).expect("a task");
    let read = domain::Task::try_from(&stored).expect("a task");
    assert_eq!(TaskDocument::from(&read).with_unknown_of(&stored), stored);

    let mut changed = read;
    changed.checklist.swap(0, 1);
    changed.checklist[0].done = true;
    changed.checklist.push(changed.checklist[1].clone());
    changed.reminders.remove(0);
    changed.due = None;
    let written =
        serde_json::to_value(TaskDocument::from(&changed).with_unknown_of(&stored)).expect("JSON");
    let has = |pointer: &str| written.pointer(pointer).is_some();
    assert!(has("/later") && has("/checklist/0/later") && has("/checklist/1/later"));
    assert!(
        !has("/checklist/2/later"),
        "a second one of the same text is new"
    );
    assert!(has("/reminders/0/later") && has("/recurrence/recurrence_end/later"));
    assert_eq!(written["due"], Value::Null);
}
