//! What is stored under a task's key: the task, or what is left of it.

use dapr::{DaprError, Document};
use domain::{Task, TaskId, UserId};
use events::TaskDocument;
use serde::{Deserialize, Serialize};

/// The document `task/{user}/{task}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Record {
    /// There is such a task.
    Live {
        /// As its owner sees it.
        task: Box<TaskDocument>,
    },
    /// Its owner deleted it; the id is never used again.
    Deleted,
    /// Its reopened predecessor took it back; it may be created again under its id.
    Withdrawn,
}

/// What a command finds under a task's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing yet.
    Nothing,
    /// A task.
    Live(Box<Task>),
    /// It was deleted.
    Deleted,
    /// It was taken back.
    Withdrawn,
}

pub(crate) fn key(user: &UserId, task: TaskId) -> String {
    format!("task/{user}/{task}")
}

pub(crate) fn read(key: &str, document: Option<&Document>) -> Result<Found, DaprError> {
    read_whole(key, document).map(|(found, _)| found)
}

/// With the task's document, which may say more than this version knows.
pub(crate) fn read_whole(
    key: &str,
    document: Option<&Document>,
) -> Result<(Found, Option<Box<TaskDocument>>), DaprError> {
    let Some(document) = document else {
        return Ok((Found::Nothing, None));
    };
    match document.read(key)? {
        Record::Live { task } => Task::try_from(&*task)
            .map(|read| (Found::Live(Box::new(read)), Some(task)))
            .map_err(|error| DaprError::Corrupt {
                key: key.to_owned(),
                detail: error.to_string(),
            }),
        Record::Deleted => Ok((Found::Deleted, None)),
        Record::Withdrawn => Ok((Found::Withdrawn, None)),
    }
}
