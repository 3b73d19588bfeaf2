//! What the recurrence engine asks for: the next occurrence, and to take one back.
//!
//! What it says has the limits of what a person says.

use api::inner::{NextOccurrence, Withdraw};
use api::task::NewTask;
use domain::task::SeriesPlace;
use domain::{SeriesId, UserId};
use events::Chain;
use http_api::Problem;

use crate::transfer::series_place;

/// The place of an occurrence in its series.
///
/// # Errors
/// 422 when a number or date is out of range.
pub(crate) fn series(next: &NextOccurrence) -> Result<SeriesPlace, Problem> {
    let slot = next.task.due.as_ref().map(|due| due.date);
    let id = SeriesId(next.series_id);
    series_place(id, next.occurrence, next.series_start, slot)
}

/// What is to be done once more.
pub(crate) fn fields(next: &NextOccurrence) -> NewTask {
    let task = next.task.clone();
    NewTask {
        title: task.title,
        notes: task.notes,
        priority: Some(task.priority),
        labels: task.labels,
        list: Some(task.list),
        checklist: task.checklist.into_iter().map(Into::into).collect(),
        due: task.due.map(Into::into),
        reminders: Some(task.reminders.into_iter().map(Into::into).collect()),
        recurrence: task.recurrence.map(Into::into),
    }
}

/// The chain that an occurrence belongs to.
pub(crate) fn chain_of_next(next: &NextOccurrence) -> Chain {
    Chain {
        correlation_id: next.correlation_id,
        causation_id: Some(next.causation_id),
    }
}

/// The chain that a withdrawal belongs to.
pub(crate) fn chain_of_withdrawal(withdraw: &Withdraw) -> Chain {
    Chain {
        correlation_id: withdraw.correlation_id,
        causation_id: Some(withdraw.causation_id),
    }
}

/// Whose task it is.
///
/// # Errors
/// 422 when that is nobody's id.
pub(crate) fn user(user_id: &str) -> Result<UserId, Problem> {
    UserId::parse(user_id).map_err(|error| Problem::invalid_field("/user_id", error))
}
