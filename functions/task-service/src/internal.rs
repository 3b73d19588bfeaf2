//! What the recurrence engine asks for: the next occurrence, and to take one back.

use domain::task::SeriesPlace;
use domain::{SeriesId, TaskId, UserId};
use events::Chain;
use http_api::Problem;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::fields::Fields;

/// Body of `POST /task-service/tasks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NextOccurrence {
    user_id: String,
    id: Uuid,
    series_id: Uuid,
    occurrence: u32,
    series_start: chrono::NaiveDate,
    task: Value,
    correlation_id: Uuid,
    causation_id: Uuid,
}

/// Body of `POST /task-service/tasks/{id}/withdraw`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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

    pub(crate) fn series(&self) -> SeriesPlace {
        SeriesPlace {
            id: SeriesId(self.series_id),
            occurrence: self.occurrence,
            start: self.series_start,
        }
    }

    pub(crate) fn chain(&self) -> Chain {
        Chain {
            correlation_id: self.correlation_id,
            causation_id: Some(self.causation_id),
        }
    }

    pub(crate) fn fields(&self) -> Result<Fields, Problem> {
        Fields::of_new(self.task.clone())
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
