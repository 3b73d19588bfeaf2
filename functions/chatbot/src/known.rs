//! A task as the task service shows it.

use domain::{Due, Recurrence};
use events::{DueDocument, RecurrenceDocument};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A task of a list or an answer: the JSON, and what the chatbot reads of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Known {
    /// The task's id, as it stands in paths.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// When.
    pub due: Option<Due>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// All of it, as the task service answered.
    pub value: Value,
}

impl Known {
    /// Reads a task; `None` when it has no id or title.
    #[must_use]
    pub fn read(value: Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let due = DueDocument::deserialize(&value["due"])
            .ok()
            .and_then(|due| Due::try_from(&due).ok());
        let recurrence = RecurrenceDocument::deserialize(&value["recurrence"])
            .ok()
            .and_then(|recurrence| recurrence.parse(due.map(|due| due.date)).ok());
        Some(Self {
            id: text("id")?,
            title: text("title")?,
            due,
            recurrence,
            value,
        })
    }

    /// The labels, without their `#`.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let labels = self.value["labels"].as_array();
        labels.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether it has a reminder of its own.
    #[must_use]
    pub fn has_reminders(&self) -> bool {
        self.value["reminders"]
            .as_array()
            .is_some_and(|reminders| !reminders.is_empty())
    }
}

impl TryFrom<Value> for Known {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        Self::read(value).ok_or("a task without id or title")
    }
}

impl From<Known> for Value {
    fn from(task: Known) -> Self {
        task.value
    }
}
