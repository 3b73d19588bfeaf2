//! What the recurrence engine asks for: the next occurrence, and to take one back.
//!
//! It may be of another version, so what this one does not know is passed over; but what is known has its limits.

use domain::task::SeriesPlace;
use domain::{SeriesId, TaskId, UserId};
use events::{Chain, ChecklistItemDocument, DueDocument, RecurrenceDocument, ReminderDocument};
use http_api::Problem;
use serde::Deserialize;
use uuid::Uuid;

use crate::fields::Fields;
use crate::transfer::series_place;

/// Body of `POST /task-service/tasks`.
#[derive(Debug, Deserialize)]
pub(crate) struct NextOccurrence {
    user_id: String,
    id: Uuid,
    series_id: Uuid,
    occurrence: u32,
    series_start: chrono::NaiveDate,
    task: Occurrence,
    correlation_id: Uuid,
    causation_id: Uuid,
}

/// What is to be done once more.
#[derive(Debug, Clone, Deserialize)]
struct Occurrence {
    title: String,
    notes: String,
    priority: u64,
    labels: Vec<String>,
    list: String,
    checklist: Vec<ChecklistItemDocument>,
    due: Option<DueDocument>,
    reminders: Vec<ReminderDocument>,
    recurrence: Option<RecurrenceDocument>,
}

/// Body of `POST /task-service/tasks/{id}/withdraw`.
#[derive(Debug, Deserialize)]
pub(crate) struct Withdraw {
    user_id: String,
    correlation_id: Uuid,
    causation_id: Uuid,
}

impl NextOccurrence {
    pub(crate) fn user(&self) -> Result<UserId, Problem> {
        user(&self.user_id)
    }

    pub(crate) fn task_id(&self) -> TaskId {
        TaskId(self.id)
    }

    pub(crate) fn series(&self) -> Result<SeriesPlace, Problem> {
        series_place(SeriesId(self.series_id), self.occurrence, self.series_start)
    }

    pub(crate) fn chain(&self) -> Chain {
        Chain {
            correlation_id: self.correlation_id,
            causation_id: Some(self.causation_id),
        }
    }

    pub(crate) fn fields(&self) -> Fields {
        let task = self.task.clone();
        Fields {
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
}

impl Withdraw {
    pub(crate) fn user(&self) -> Result<UserId, Problem> {
        user(&self.user_id)
    }

    pub(crate) fn chain(&self) -> Chain {
        Chain {
            correlation_id: self.correlation_id,
            causation_id: Some(self.causation_id),
        }
    }
}

fn user(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|error| Problem::invalid_field("/user_id", error))
}
