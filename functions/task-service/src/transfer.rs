//! A person's tasks on their way to another Nudge, or to a drawer: pages of whole tasks go out, and the same pages come in.

use api::task::{MAX_TRANSFERRED, TaskExport};
use chrono::{DateTime, NaiveDate, Utc};
use dapr::Dapr;
use domain::limits::{self, MAX_OCCURRENCE, MAX_VERSION};
use domain::reminder::Reminder;
use domain::task::{SeriesPlace, Status};
use domain::{ReminderId, ReminderRule, SeriesId, Task, TaskId, UserId};
use events::Timestamp;
use function::Problem;
use uuid::Uuid;

use crate::fields::CheckedFields;
use crate::list::{self, Listing};
use crate::record::{self, Found};

/// Most bytes of the tasks of a page, unless it is one task alone. That has at most 253 KiB by its limits, so that each
/// page is small enough to be brought in by one request ([`function::MAX_API_BODY`]).
const MOST_BYTES: usize = 192 * 1024;

/// How many tasks are read at a time.
const BATCH: usize = 16;

/// The tasks of a page of the list, each with all that it has: fewer than the listing asks for where these are large.
pub(crate) async fn export<D: Dapr>(
    dapr: &D,
    user: &UserId,
    mut listing: Listing,
    now: DateTime<Utc>,
) -> Result<TaskExport, Problem> {
    listing.paging.limit = listing.paging.limit.min(MAX_TRANSFERRED);
    loop {
        let page = list::list(dapr, user, &listing, now).await?;
        match read(dapr, user, &page).await? {
            Read::All(items) => {
                return Ok(TaskExport {
                    exported_at: Timestamp::clamped(now),
                    items,
                    next_cursor: page.next_cursor,
                });
            }
            // Again, for the cursor of the shorter page. At least one task is less than were asked for.
            Read::First(number) => listing.paging.limit = number,
        }
    }
}

enum Read {
    All(Vec<api::task::Task>),
    /// Only so many of the page's tasks are small enough together: at least one.
    First(usize),
}

async fn read<D: Dapr>(dapr: &D, user: &UserId, page: &list::Answer) -> Result<Read, Problem> {
    let keys: Vec<String> = list::ids(page)
        .into_iter()
        .map(|id| record::key(user, TaskId(id)))
        .collect();
    let (mut items, mut bytes) = (Vec::new(), 0);
    for (batch, keys) in keys.chunks(BATCH).enumerate() {
        for (at, (key, document)) in keys.iter().zip(dapr.get_many(keys).await?).enumerate() {
            // One that went meanwhile is not part of it.
            let Found::Live(task) = record::read(key, document.as_ref())? else {
                continue;
            };
            let item = exported(&task);
            bytes += serde_json::to_vec(&item).map_or(MOST_BYTES, |text| text.len());
            let before = batch * BATCH + at;
            if bytes > MOST_BYTES && before > 0 {
                return Ok(Read::First(before));
            }
            items.push(item);
        }
    }
    Ok(Read::All(items))
}

/// A task as an import takes it. What a newer version stored with it is not part of what this one promises.
fn exported(task: &Task) -> api::task::Task {
    api::task::Task {
        version: task.version.clamp(1, MAX_VERSION),
        ..api::task::Task::from(task)
    }
}

/// The tasks that are brought in, after the checks that a task meets which is made here.
///
/// # Errors
/// 422 that names what is wrong with which.
pub(crate) fn tasks(import: &TaskExport, new_id: fn() -> Uuid) -> Result<Vec<Task>, Problem> {
    if import.items.len() > MAX_TRANSFERRED {
        let detail = format!("has more than {MAX_TRANSFERRED} tasks; export with a smaller limit");
        return Err(Problem::invalid_field("/items", detail));
    }
    let mut tasks = Vec::new();
    for (number, item) in import.items.iter().enumerate() {
        let task = imported(item.clone(), new_id).map_err(|mut problem| {
            for error in &mut problem.errors {
                error.pointer.insert_str(0, &format!("/items/{number}"));
            }
            problem
        })?;
        tasks.push(task);
    }
    Ok(tasks)
}

fn imported(item: api::task::Task, new_id: fn() -> Uuid) -> Result<Task, Problem> {
    if !(1..=MAX_VERSION).contains(&item.version) {
        let detail = format!("takes 1 to {MAX_VERSION}");
        return Err(Problem::invalid_field("/version", detail));
    }
    let status = match (item.status, item.completed_at) {
        (api::task::Status::Open, None) => Status::Open,
        (api::task::Status::Completed, Some(_)) => Status::Completed,
        _ => {
            let detail = "is there for a completed task, and for no other";
            return Err(Problem::invalid_field("/completed_at", detail));
        }
    };
    let (id, version) = (item.id, item.version);
    let (created_at, updated_at) = (item.created_at, item.updated_at);
    let completed_at = item.completed_at;
    let place = (item.series_id, item.occurrence, item.series_start);
    let slot = item.series_slot;
    let fields = fields(item, new_id)?;
    let series = series(place, slot, &fields, new_id)?;
    Ok(Task {
        id: TaskId(id),
        version,
        title: fields.title,
        notes: fields.notes,
        status,
        priority: fields.priority,
        labels: fields.labels,
        list: fields.list,
        checklist: fields.checklist,
        due: fields.due,
        reminders: fields.reminders,
        recurrence: fields.recurrence,
        series,
        created_at: created_at.utc(),
        updated_at: updated_at.utc(),
        completed_at: completed_at.map(Timestamp::utc),
    })
}

/// What a person may say of a task, checked as if they said it. Its reminders keep their ids.
fn fields(item: api::task::Task, new_id: fn() -> Uuid) -> Result<CheckedFields, Problem> {
    let known: Vec<Reminder> = item
        .reminders
        .iter()
        .filter_map(|reminder| reminder.id)
        .map(|id| Reminder {
            id: ReminderId(id),
            rule: ReminderRule::BeforeDue(0),
        })
        .collect();
    CheckedFields::of(item.fields(), &known, new_id)
}

/// The place in a series. A task that recurs and has none begins one, as it does when it is made here.
fn series(
    place: (Option<Uuid>, Option<u32>, Option<NaiveDate>),
    slot: Option<NaiveDate>,
    fields: &CheckedFields,
    new_id: fn() -> Uuid,
) -> Result<Option<SeriesPlace>, Problem> {
    match place {
        (Some(id), Some(occurrence), Some(start)) => {
            let slot = slot.or(fields.due.as_ref().map(|due| due.date));
            series_place(SeriesId(id), occurrence, start, slot).map(Some)
        }
        (None, None, None) => {
            let begins = fields.recurrence.as_ref().and(fields.due.as_ref());
            Ok(begins.map(|due| SeriesPlace::first(SeriesId(new_id()), due.date)))
        }
        _ => {
            let detail = "goes with occurrence and series_start: all three, or none";
            Err(Problem::invalid_field("/series_id", detail))
        }
    }
}

/// A place in a series, as a request says it.
///
/// # Errors
/// 422 that names the field which is out of range, and what it takes.
pub(crate) fn series_place(
    id: SeriesId,
    occurrence: u32,
    start: NaiveDate,
    slot: Option<NaiveDate>,
) -> Result<SeriesPlace, Problem> {
    if !(1..=MAX_OCCURRENCE).contains(&occurrence) {
        let detail = format!("takes 1 to {MAX_OCCURRENCE}");
        return Err(Problem::invalid_field("/occurrence", detail));
    }
    for (pointer, date) in [("/series_start", Some(start)), ("/series_slot", slot)] {
        if date.is_some_and(|date| !limits::is_due_date(date)) {
            let detail = "must be a date of the years 1970 to 9000";
            return Err(Problem::invalid_field(pointer, detail));
        }
    }
    Ok(SeriesPlace {
        id,
        occurrence,
        start,
        slot,
    })
}
