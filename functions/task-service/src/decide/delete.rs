//! A task goes: its owner deletes it, or its reopened predecessor takes it back.

use domain::task::Status;
use domain::{Task, TaskId};
use events::DeleteReason;
use function::Problem;

use super::{Change, Outcome};
use crate::record::Found;

/// The owner deletes the task.
#[must_use]
pub fn delete(before: Task) -> Outcome {
    gone(before, DeleteReason::Deleted)
}

/// The predecessor in the series was reopened: an occurrence that nobody has touched goes.
///
/// # Errors
/// 409 when somebody has changed or completed it meanwhile: then it stays.
pub fn withdraw(id: TaskId, found: Found) -> Result<Outcome, Problem> {
    match found {
        Found::Live(task) if task.status == Status::Open && task.version == 1 => {
            Ok(gone(*task, DeleteReason::Withdrawn))
        }
        Found::Live(_) => Err(Problem::conflict(
            "The occurrence has been changed; it stays.",
        )),
        Found::Nothing | Found::Deleted | Found::Withdrawn => Ok(Outcome {
            task_id: id,
            before: None,
            change: None,
            stored: None,
        }),
    }
}

fn gone(before: Task, reason: DeleteReason) -> Outcome {
    Outcome {
        task_id: before.id,
        before: Some(before),
        change: Some(Change::Gone(reason)),
        stored: None,
    }
}
