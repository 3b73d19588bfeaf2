//! `task-events`: what became of tasks. Each carries the whole task, so that no consumer has to ask.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::TaskDocument;

payload! {
    /// A task was created.
    TaskCreated for TaskCreated {
        /// As it now is.
        task: TaskDocument,
    }
}

payload! {
    /// A task's fields changed.
    TaskUpdated for TaskUpdated {
        /// As it now is.
        task: TaskDocument,
        /// Names of the fields that changed.
        changed: Vec<String>,
    }
}

payload! {
    /// A task was done.
    TaskCompleted for TaskCompleted {
        /// As it now is, with `completed_at`.
        task: TaskDocument,
    }
}

payload! {
    /// A done task is to be done after all.
    TaskReopened for TaskReopened {
        /// As it now is.
        task: TaskDocument,
    }
}

payload! {
    /// A task was deleted.
    TaskDeleted for TaskDeleted {
        /// As it last was.
        task: TaskDocument,
        /// Why.
        reason: DeleteReason,
    }
}

/// Why a task is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeleteReason {
    /// Its owner deleted it.
    Deleted,
    /// Its predecessor in the series was reopened.
    Withdrawn,
    /// A reason that only a newer version knows.
    #[serde(untagged)]
    #[schemars(skip)]
    Unknown(String),
}
