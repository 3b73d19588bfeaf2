//! What is stored under a task's key: the task and where in the lists it stands, or what is left of it.

use dapr::{DaprError, Document};
use domain::{Task, TaskId, UserId};
use events::{TaskDocument, UnknownFields};
use serde::{Deserialize, Serialize};

use crate::place::Place;

/// For how long it is remembered that a task was deleted or taken back, in seconds: 90 days. Events that speak of it, and
/// may come again, are two weeks old at most.
pub(crate) const REMEMBERED_SECONDS: u32 = 90 * 24 * 60 * 60;

/// The document `task/{user}/{task}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Record {
    /// There is such a task.
    Live {
        /// As its owner sees it.
        task: Box<TaskDocument>,
        /// Where in the lists it stands. Absent in what older versions wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
        /// What a newer version says besides.
        #[serde(flatten)]
        unknown: UnknownFields,
    },
    /// Its owner deleted it; the id is not used again.
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

/// What is stored beside a task.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Stored {
    /// The document that it was read from.
    pub(crate) document: Option<Box<TaskDocument>>,
    /// Where in the lists it stands.
    pub(crate) place: Option<Place>,
    unknown: UnknownFields,
}

impl Stored {
    /// The record of `task`, which now stands at `place`.
    pub(crate) fn record_of(&self, task: TaskDocument, place: Place) -> Record {
        Record::Live {
            task: Box::new(task),
            place: Some(place),
            unknown: self.unknown.clone(),
        }
    }
}

pub(crate) fn key(user: &UserId, task: TaskId) -> String {
    format!("task/{user}/{task}")
}

pub(crate) fn read(key: &str, document: Option<&Document>) -> Result<Found, DaprError> {
    read_whole(key, document).map(|(found, _)| found)
}

/// What a command finds, and what is stored beside it.
pub(crate) fn read_whole(
    key: &str,
    document: Option<&Document>,
) -> Result<(Found, Stored), DaprError> {
    let Some(document) = document else {
        return Ok((Found::Nothing, Stored::default()));
    };
    let (task, place, unknown) = match document.read(key)? {
        Record::Live {
            task,
            place,
            unknown,
        } => (task, place, unknown),
        Record::Deleted => return Ok((Found::Deleted, Stored::default())),
        Record::Withdrawn => return Ok((Found::Withdrawn, Stored::default())),
    };
    let found = Task::try_from(&*task).map_err(|error| DaprError::Corrupt {
        key: key.to_owned(),
        detail: error.to_string(),
    })?;
    let stored = Stored {
        document: Some(task),
        place,
        unknown,
    };
    Ok((Found::Live(Box::new(found)), stored))
}
