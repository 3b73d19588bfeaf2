//! A new task, made by a person or by recurrence.

use domain::task::{SeriesPlace, Status};
use domain::{SeriesId, Task, TaskId};
use function::Problem;

use super::{Change, Context, Outcome};
use crate::fields::CheckedFields;
use crate::record::Found;

/// A person makes a task. A recurring one begins a series, which counts from its due date.
#[must_use]
pub fn create(context: &Context<'_>, id: TaskId, fields: CheckedFields) -> Outcome {
    let series = match (&fields.recurrence, &fields.due) {
        (Some(_), Some(due)) => Some(SeriesPlace::first(SeriesId((context.new_id)()), due.date)),
        _ => None,
    };
    created(context, id, fields, series, Change::Created)
}

/// Recurrence makes the next occurrence. One that exists stays as it is; one that its predecessor took back is made
/// again.
///
/// # Errors
/// 409 when its owner deleted it: it must not come back.
pub fn create_next(
    context: &Context<'_>,
    id: TaskId,
    fields: CheckedFields,
    series: SeriesPlace,
    found: Found,
) -> Result<Outcome, Problem> {
    match found {
        Found::Nothing | Found::Withdrawn => {
            Ok(created(context, id, fields, Some(series), Change::Recurred))
        }
        Found::Live(task) => Ok(Outcome::unchanged(*task)),
        Found::Deleted => Err(Problem::conflict(
            "This occurrence was deleted by its owner.",
        )),
    }
}

fn created(
    context: &Context<'_>,
    id: TaskId,
    fields: CheckedFields,
    series: Option<SeriesPlace>,
    change: fn(Task) -> Change,
) -> Outcome {
    let task = Task {
        id,
        version: 1,
        title: fields.title,
        notes: fields.notes,
        status: Status::Open,
        priority: fields.priority,
        labels: fields.labels,
        list: fields.list,
        checklist: fields.checklist,
        due: fields.due,
        reminders: fields.reminders,
        recurrence: fields.recurrence,
        series,
        created_at: context.now,
        updated_at: context.now,
        completed_at: None,
    };
    Outcome {
        task_id: id,
        before: None,
        change: Some(change(task)),
        stored: None,
    }
}
