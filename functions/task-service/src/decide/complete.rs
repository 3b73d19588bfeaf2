//! A task is done, or to be done after all.

use domain::Task;
use domain::task::Status;

use super::{Change, Context, Outcome};

/// Completes a task; a completed one stays as it is.
#[must_use]
pub fn complete(context: &Context<'_>, before: Task) -> Outcome {
    if before.status == Status::Completed {
        return Outcome::unchanged(before);
    }
    let task = Task {
        version: before.next_version(),
        status: Status::Completed,
        updated_at: context.now,
        completed_at: Some(context.now),
        ..before.clone()
    };
    Outcome {
        task_id: before.id,
        before: Some(before),
        change: Some(Change::Completed(task)),
        stored: None,
    }
}

/// Reopens a task; an open one stays as it is.
#[must_use]
pub fn reopen(context: &Context<'_>, before: Task) -> Outcome {
    if before.status == Status::Open {
        return Outcome::unchanged(before);
    }
    let task = Task {
        version: before.next_version(),
        status: Status::Open,
        updated_at: context.now,
        completed_at: None,
        ..before.clone()
    };
    Outcome {
        task_id: before.id,
        before: Some(before),
        change: Some(Change::Reopened(task)),
        stored: None,
    }
}
