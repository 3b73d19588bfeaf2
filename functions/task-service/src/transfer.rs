//! A person's tasks on their way to another Nudge, or to a drawer: pages of whole tasks go out, and the same pages come in.

use chrono::{DateTime, NaiveDate, Utc};
use dapr::Dapr;
use domain::limits::{self, MAX_OCCURRENCE, MAX_VERSION};
use domain::reminder::Reminder;
use domain::task::{SeriesPlace, Status};
use domain::{ReminderId, ReminderRule, SeriesId, Task, TaskId, UserId};
use events::{StatusDocument, TaskDocument, Timestamp};
use http_api::Problem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fields::{CheckedFields, Fields};
use crate::list::{self, Listing};
use crate::record::{self, Found};
use crate::request;

/// Most tasks of a page: each that a request brings is a transaction of its own.
const MOST_TASKS: usize = 100;

/// Most bytes of the tasks of a page, unless it is one task alone. That has at most 253 KiB by its limits, so that each
/// page is small enough to be brought in by one request ([`http_api::MAX_API_BODY`]).
const MOST_BYTES: usize = 192 * 1024;

/// How many tasks are read at a time.
const BATCH: usize = 16;

/// A page of tasks, whole.
#[derive(Debug, Serialize)]
pub(crate) struct Export {
    /// When they were as they are here.
    exported_at: Timestamp,
    pub(crate) items: Vec<TaskDocument>,
    next_cursor: Option<String>,
}

/// The tasks of a page of the list, each with all that it has: fewer than the listing asks for where these are large.
pub(crate) async fn export<D: Dapr>(
    dapr: &D,
    user: &UserId,
    mut listing: Listing,
    now: DateTime<Utc>,
) -> Result<Export, Problem> {
    listing.paging.limit = listing.paging.limit.min(MOST_TASKS);
    loop {
        let page = list::list(dapr, user, &listing, now).await?;
        match read(dapr, user, &page).await? {
            Read::All(items) => {
                return Ok(Export {
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
    All(Vec<TaskDocument>),
    /// Only so many of the page's tasks are small enough together: at least one.
    First(usize),
}

async fn read<D: Dapr>(dapr: &D, user: &UserId, page: &list::Answer) -> Result<Read, Problem> {
    let keys: Vec<String> = page
        .ids()
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
fn exported(task: &Task) -> TaskDocument {
    TaskDocument {
        version: task.version.clamp(1, MAX_VERSION),
        ..TaskDocument::from(task)
    }
}

/// Body of `POST /api/tasks/import`: what an export answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    pub(crate) exported_at: Timestamp,
    items: Vec<Item>,
    /// Of the export; it says nothing here.
    #[serde(default, rename = "next_cursor")]
    _next_cursor: Option<String>,
}

/// A task that comes in: what a person may say of one, and what else it was.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    id: Uuid,
    version: u64,
    title: String,
    notes: String,
    status: StatusDocument,
    priority: u64,
    labels: Vec<String>,
    list: String,
    checklist: Vec<request::ChecklistItem>,
    due: Option<request::Due>,
    reminders: Vec<request::Reminder>,
    recurrence: Option<request::Recurrence>,
    series_id: Option<Uuid>,
    occurrence: Option<u32>,
    series_start: Option<NaiveDate>,
    created_at: Timestamp,
    updated_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl Import {
    /// The tasks, after the checks that a task meets which is made here.
    ///
    /// # Errors
    /// 422 that names what is wrong with which.
    pub(crate) fn tasks(&self, new_id: fn() -> Uuid) -> Result<Vec<Task>, Problem> {
        if self.items.len() > MOST_TASKS {
            let detail = format!("has more than {MOST_TASKS} tasks; export with a smaller limit");
            return Err(Problem::invalid_field("/items", detail));
        }
        let mut tasks = Vec::new();
        for (number, item) in self.items.iter().enumerate() {
            let task = item.clone().task(new_id).map_err(|mut problem| {
                for error in &mut problem.errors {
                    error.pointer.insert_str(0, &format!("/items/{number}"));
                }
                problem
            })?;
            tasks.push(task);
        }
        Ok(tasks)
    }
}

impl Item {
    fn task(self, new_id: fn() -> Uuid) -> Result<Task, Problem> {
        if !(1..=MAX_VERSION).contains(&self.version) {
            let detail = format!("takes 1 to {MAX_VERSION}");
            return Err(Problem::invalid_field("/version", detail));
        }
        let status = match (&self.status, self.completed_at) {
            (StatusDocument::Open, None) => Status::Open,
            (StatusDocument::Completed, Some(_)) => Status::Completed,
            (StatusDocument::Unknown(name), _) => {
                let detail = format!("takes open or completed, not {name:?}");
                return Err(Problem::invalid_field("/status", detail));
            }
            _ => {
                let detail = "is there for a completed task, and for no other";
                return Err(Problem::invalid_field("/completed_at", detail));
            }
        };
        let (id, version) = (self.id, self.version);
        let (created_at, updated_at) = (self.created_at, self.updated_at);
        let completed_at = self.completed_at;
        let place = (self.series_id, self.occurrence, self.series_start);
        let fields = self.fields(new_id)?;
        let series = series(place, &fields, new_id)?;
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
    fn fields(self, new_id: fn() -> Uuid) -> Result<CheckedFields, Problem> {
        let known: Vec<Reminder> = self
            .reminders
            .iter()
            .filter_map(|reminder| reminder.id)
            .map(|id| Reminder {
                id: ReminderId(id),
                rule: ReminderRule::BeforeDue(0),
            })
            .collect();
        let fields = Fields {
            title: self.title,
            notes: self.notes,
            priority: Some(self.priority),
            labels: self.labels,
            list: Some(self.list),
            checklist: self.checklist,
            due: self.due,
            reminders: Some(self.reminders),
            recurrence: self.recurrence,
        };
        fields.check(&known, new_id)
    }
}

/// The place in a series. A task that recurs and has none begins one, as it does when it is made here.
fn series(
    place: (Option<Uuid>, Option<u32>, Option<NaiveDate>),
    fields: &CheckedFields,
    new_id: fn() -> Uuid,
) -> Result<Option<SeriesPlace>, Problem> {
    match place {
        (Some(id), Some(occurrence), Some(start)) => {
            series_place(SeriesId(id), occurrence, start).map(Some)
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
) -> Result<SeriesPlace, Problem> {
    if !(1..=MAX_OCCURRENCE).contains(&occurrence) {
        let detail = format!("takes 1 to {MAX_OCCURRENCE}");
        return Err(Problem::invalid_field("/occurrence", detail));
    }
    if !limits::is_due_date(start) {
        let detail = "must be a date of the years 1970 to 9000";
        return Err(Problem::invalid_field("/series_start", detail));
    }
    Ok(SeriesPlace {
        id,
        occurrence,
        start,
    })
}
