//! What an event means to a person, in words.

use chrono::{DateTime, Utc};
use domain::{Due, EventId, zone};
use events::{
    Event, EventType, NotificationDocument, PayloadError, RecurrenceEnded, ReminderTriggered,
    UnknownFields,
};
use uuid::Uuid;

/// From how many seconds on a reminder says that it is late.
const LATE_SECONDS: u64 = 60;

/// The notification that `event` asks for; `None` when nobody needs to be told.
///
/// The same event makes the same notification, however often it comes.
///
/// # Errors
/// When the payload is malformed.
pub fn of(event: &Event) -> Result<Option<NotificationDocument>, PayloadError> {
    let notification = match event.event_type {
        EventType::ReminderTriggered => reminder(event, event.payload()?),
        EventType::RecurrenceEnded => ended(event, event.payload()?),
        _ => return Ok(None),
    };
    Ok(Some(notification))
}

fn reminder(event: &Event, payload: ReminderTriggered) -> NotificationDocument {
    let late = payload.late_seconds >= LATE_SECONDS;
    let due = payload
        .due
        .as_ref()
        .and_then(|document| Due::try_from(document).ok());
    let mut body = due.map_or_else(
        || "You asked to be reminded of this.".to_owned(),
        |due| {
            let words = language::describe::due(&due, today(&due, event.timestamp.utc()));
            format!("Due {words}.")
        },
    );
    if late {
        body.push_str(&lateness(payload.late_seconds));
    }
    NotificationDocument {
        kind: "reminder".to_owned(),
        title: payload.title,
        body,
        reminder_id: Some(payload.reminder_id),
        due: payload.due,
        late,
        ..blank(event)
    }
}

fn ended(event: &Event, payload: RecurrenceEnded) -> NotificationDocument {
    NotificationDocument {
        kind: "recurrence_ended".to_owned(),
        title: payload.title,
        body: "That was the last time: the repetition has come to its end.".to_owned(),
        ..blank(event)
    }
}

/// The id of the notification that an event makes.
pub(crate) fn id(event: EventId) -> Uuid {
    event.derive("notification").0
}

fn blank(event: &Event) -> NotificationDocument {
    NotificationDocument {
        id: id(event.id()),
        kind: String::new(),
        title: String::new(),
        body: String::new(),
        task_id: Uuid::try_parse(&event.task_id).ok(),
        reminder_id: None,
        due: None,
        late: false,
        read: false,
        created_at: event.timestamp,
        unknown: UnknownFields::default(),
    }
}

fn today(due: &Due, now: DateTime<Utc>) -> chrono::NaiveDate {
    zone::local(now, due.zone).date()
}

fn lateness(seconds: u64) -> String {
    let minutes = seconds / 60;
    let (amount, unit) = match minutes {
        0..=59 => (minutes, "minute"),
        60..=2879 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    let plural = if amount == 1 { "" } else { "s" };
    format!(" This reminder comes {amount} {unit}{plural} late: Nudge was not running.")
}
