//! Where in the lists a task stands. It is kept with the task: what puts it there are rules (the clocks of a time zone among
//! them) that may be others by the time the task leaves that place.

use dapr::ordered::Item;
use domain::Task;
use domain::task::Status;
use events::{Timestamp, UnknownFields};
use serde::{Deserialize, Serialize};

use crate::summary;

/// Where a task stands, and which instants that was found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The month (`YYYY-MM`, UTC) in whose list of completed tasks it is; absent in the list of open ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) month: Option<String>,
    /// Its sort key there.
    pub(crate) key: String,
    /// The instant that its reminders count from, as of when it came there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<Timestamp>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub(crate) unknown: UnknownFields,
}

impl Place {
    /// Where `task` stands by the rules of today, and what a list shows of it.
    pub(crate) fn of(task: &Task) -> (Self, Item) {
        let (month, item) = match (task.status, task.completed_at) {
            (Status::Completed, Some(at)) => {
                (Some(summary::month(at)), summary::done_item(task, at))
            }
            _ => (None, summary::open_item(task)),
        };
        let due_at = task
            .due
            .filter(|_| month.is_none())
            .map(|due| Timestamp::clamped(due.reminder_instant()));
        let place = Self {
            month,
            key: item.key.clone(),
            due_at,
            unknown: UnknownFields::default(),
        };
        (place, item)
    }
}
