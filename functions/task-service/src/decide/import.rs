//! A task that its owner brings from another Nudge, as it was there.

use domain::Task;
use events::Timestamp;

use super::{Change, Outcome};
use crate::record::Found;

/// Takes `task` in. One that is there stays as it is, and one that was deleted here stays deleted: so the same file may be
/// brought twice. What reminded of it by `since`, when it left the other Nudge, does not remind again.
#[must_use]
pub fn import(task: Task, since: Timestamp, found: Found) -> Outcome {
    let task_id = task.id;
    match found {
        Found::Nothing | Found::Withdrawn => Outcome {
            task_id,
            before: None,
            change: Some(Change::Imported { task, since }),
            stored: None,
        },
        Found::Live(task) => Outcome::unchanged(*task),
        Found::Deleted => Outcome {
            task_id,
            before: None,
            change: None,
            stored: None,
        },
    }
}
