//! A task stays as it is, and comes to where it belongs: a check found that a list, or an instant, does not say what it
//! says.

use domain::TaskId;

use super::{Change, Outcome};
use crate::record::Found;

/// Finds the task's place in the lists anew. When the rules of its time zone have changed, it `has_moved`: its wall-clock
/// times stay, and come to other instants, which those who keep instants are told.
#[must_use]
pub fn settle(task_id: TaskId, found: Found, has_moved: bool) -> Outcome {
    let task = match found {
        Found::Live(task) => Some(*task),
        Found::Nothing | Found::Deleted | Found::Withdrawn => None,
    };
    Outcome {
        task_id,
        before: task.clone(),
        change: task.map(|task| Change::Settled { task, has_moved }),
        stored: None,
    }
}
