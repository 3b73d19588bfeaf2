//! A person's tasks on their way to another Nudge, or to a drawer: pages of whole tasks go out, and the same pages come in.

use dapr::{Dapr, DaprError};
use domain::{Task, TaskId, UserId};
use events::{TaskDocument, Timestamp};
use http_api::Problem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fields::Fields;
use crate::list;
use crate::record::{self, Found};

/// Most tasks that one request brings: each is a transaction of its own.
const MOST_TASKS: usize = 100;

/// A page of tasks, whole.
#[derive(Debug, Serialize)]
pub(crate) struct Export {
    /// When they were as they are here.
    exported_at: Timestamp,
    pub(crate) items: Vec<TaskDocument>,
    next_cursor: Option<String>,
}

/// The tasks of a page of the list, each with all that it has.
pub(crate) async fn export<D: Dapr>(
    dapr: &D,
    user: &UserId,
    page: list::Answer,
    now: Timestamp,
) -> Result<Export, DaprError> {
    let keys: Vec<String> = page
        .ids()
        .into_iter()
        .map(|id| record::key(user, TaskId(id)))
        .collect();
    let mut items = Vec::new();
    for (key, document) in keys.iter().zip(dapr.get_many(&keys).await?) {
        // One that went meanwhile is not part of it.
        if let Found::Live(task) = record::read(key, document.as_ref())? {
            items.push(TaskDocument::from(&*task));
        }
    }
    Ok(Export {
        exported_at: now,
        items,
        next_cursor: page.next_cursor,
    })
}

/// Body of `POST /api/tasks/import`: what an export answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Import {
    pub(crate) exported_at: Timestamp,
    items: Vec<TaskDocument>,
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
        let tasks = self.items.iter().enumerate().map(|(number, document)| {
            let place = format!("/items/{number}");
            task(document, new_id).map_err(|mut problem| {
                for error in &mut problem.errors {
                    error.pointer.insert_str(0, &place);
                }
                problem
            })
        });
        tasks.collect()
    }
}

fn task(document: &TaskDocument, new_id: fn() -> Uuid) -> Result<Task, Problem> {
    let task = Task::try_from(document)
        .map_err(|error| Problem::invalid_field(error.pointer, error.detail))?;
    let is_completed = task.status == domain::task::Status::Completed;
    if is_completed != task.completed_at.is_some() {
        let detail = "is there for a completed task, and for no other";
        return Err(Problem::invalid_field("/completed_at", detail));
    }
    Fields::of_task(&task).check(&task.reminders, new_id)?;
    Ok(task)
}
