//! A person changes a task's fields.

use domain::reminder::Reminder;
use domain::task::{SeriesPlace, Status};
use domain::{Due, ReminderRule, SeriesId, Task};
use function::Problem;

use super::{Change, Context, Outcome};
use crate::fields::CheckedFields;

/// Puts `fields` in place of the task's. A new rule counts from the due date; moving the due date of one occurrence
/// leaves the series as it is. A reminder within the minute before the due time, which "in 20 minutes" makes, moves along.
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
    let fields = CheckedFields {
        reminders: reminders_after(&before, &fields),
        ..fields
    };
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

fn reminders_after(before: &Task, fields: &CheckedFields) -> Vec<Reminder> {
    let (Some(was), Some(_)) = (&before.due, &fields.due) else {
        return fields.reminders.clone();
    };
    let is_moved = before.due != fields.due && before.reminders == fields.reminders;
    let after = |reminder: &Reminder| match is_moved && reminder.rule.is_fixed_at(was) {
        true => Reminder {
            rule: ReminderRule::BeforeDue(0),
            ..*reminder
        },
        false => *reminder,
    };
    fields.reminders.iter().map(after).collect()
}

fn series_after(
    context: &Context<'_>,
    before: &Task,
    fields: &CheckedFields,
) -> Option<SeriesPlace> {
    let date = |due: &Option<Due>| due.map(|due| due.date);
    let (Some(recurrence), Some(due)) = (&fields.recurrence, &fields.due) else {
        return before.series;
    };
    if before.recurrence.as_ref() == Some(recurrence) {
        let is_moved = date(&before.due) != date(&fields.due);
        // A version before this one has not said which date it is.
        let slot = |place: SeriesPlace| place.slot.or(date(&before.due).filter(|_| is_moved));
        return before.series.map(|place| SeriesPlace {
            slot: slot(place),
            ..place
        });
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
        slot: Some(due.date),
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
