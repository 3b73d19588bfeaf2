//! What a list shows of a task, and where in the list it stands.

use api::task::TaskSummary;
use chrono::{DateTime, NaiveTime, Utc};
use dapr::Json;
use dapr::ordered::Item;
use domain::{Due, Task, zone};

/// Sorts behind every instant: tasks without a due date come last.
pub(crate) const NO_DUE: &str = "~";

/// The item of an open task in the index, in order of (due, id).
pub(crate) fn open_item(task: &Task) -> Item {
    Item {
        key: open_key(task),
        value: summary(task),
    }
}

/// The item of a completed task in its month, in order of completion.
pub(crate) fn done_item(task: &Task, completed_at: DateTime<Utc>) -> Item {
    Item {
        key: format!("{}/{}", completed_at.format("%Y%m%d%H%M%S%3f"), task.id),
        value: summary(task),
    }
}

/// The index's sort key: an all-day task stands at the beginning of its day.
pub(crate) fn open_key(task: &Task) -> String {
    match &task.due {
        Some(due) => format!("{}/{}", instant_key(list_instant(due)), task.id),
        None => format!("{NO_DUE}/{}", task.id),
    }
}

/// The part of a sort key that stands for an instant.
pub(crate) fn instant_key(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%d%H%M").to_string()
}

pub(crate) fn month(completed_at: DateTime<Utc>) -> String {
    completed_at.format("%Y-%m").to_string()
}

fn list_instant(due: &Due) -> DateTime<Utc> {
    zone::resolve(due.date, due.time.unwrap_or(NaiveTime::MIN), due.zone)
}

/// The task without its long texts, and with what a list shows instead of them.
fn summary(task: &Task) -> Json {
    Json::of(&TaskSummary::from(api::task::Task::from(task)))
}
