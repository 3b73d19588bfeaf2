//! A person changes a task's fields.

use domain::task::{SeriesPlace, Status};
use domain::{SeriesId, Task};
use http_api::Problem;

use super::{Change, Context, Outcome};
use crate::fields::CheckedFields;

/// Puts `fields` in place of the task's. A new rule counts from the due date; moving the due date of one occurrence
/// leaves the series as it is.
///
/// # Errors
/// 409 when the task is completed.
pub fn update(
    context: &Context<'_>,
    before: Task,
    fields: CheckedFields,
) -> Result<Outcome, Problem> {
    if before.status == Status::Completed {
        return Err(Problem::conflict(
            "The task is completed. Reopen it to change it.",
        ));
    }
    let series = series_after(context, &before, &fields);
    let changed = changed_fields(&before, &fields);
    if changed.is_empty() {
        return Ok(Outcome::unchanged(before));
    }
    let task = Task {
        version: before.next_version(),
        title: fields.title,
        notes: fields.notes,
        priority: fields.priority,
        labels: fields.labels,
        list: fields.list,
        checklist: fields.checklist,
        due: fields.due,
        reminders: fields.reminders,
        recurrence: fields.recurrence,
        series,
        updated_at: context.now,
        ..before.clone()
    };
    Ok(Outcome {
        task_id: before.id,
        before: Some(before),
        change: Some(Change::Updated { task, changed }),
        stored: None,
    })
}

fn series_after(
    context: &Context<'_>,
    before: &Task,
    fields: &CheckedFields,
) -> Option<SeriesPlace> {
    let (Some(recurrence), Some(due)) = (&fields.recurrence, &fields.due) else {
        return before.series;
    };
    if before.recurrence.as_ref() == Some(recurrence) {
        return before.series;
    }
    let id = before
        .series
        .map_or_else(|| SeriesId((context.new_id)()), |series| series.id);
    // The number goes on, so that ids of occurrences made by the old rule are not met again.
    let occurrence = before.series.map_or(1, |series| series.occurrence);
    Some(SeriesPlace {
        id,
        occurrence,
        start: due.date,
    })
}

fn changed_fields(before: &Task, fields: &CheckedFields) -> Vec<&'static str> {
    let differs = [
        ("title", before.title != fields.title),
        ("notes", before.notes != fields.notes),
        ("priority", before.priority != fields.priority),
        ("labels", before.labels != fields.labels),
        ("list", before.list != fields.list),
        ("checklist", before.checklist != fields.checklist),
        ("due", before.due != fields.due),
        ("reminders", before.reminders != fields.reminders),
        ("recurrence", before.recurrence != fields.recurrence),
    ];
    differs
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name)
        .collect()
}
