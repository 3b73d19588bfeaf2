//! What the chatbot asks of the task service, and how each is taken back.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Fields of a task that its owner can write: what a deleted task is made again from.
const WRITABLE: [&str; 9] = [
    "title",
    "notes",
    "priority",
    "labels",
    "list",
    "checklist",
    "due",
    "reminders",
    "recurrence",
];

/// One command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// A new task.
    Create {
        /// Body of `POST /api/tasks`.
        fields: Value,
    },
    /// Other fields.
    Patch {
        /// Which task.
        id: String,
        /// A merge patch (RFC 7396).
        changes: Value,
    },
    /// It is done.
    Complete {
        /// Which task.
        id: String,
    },
    /// It is to be done after all.
    Reopen {
        /// Which task.
        id: String,
    },
    /// It goes.
    Delete {
        /// Which task.
        id: String,
    },
}

impl Command {
    /// The task that the command is about; `None` for a new one.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        match self {
            Self::Create { .. } => None,
            Self::Patch { id, .. }
            | Self::Complete { id }
            | Self::Reopen { id }
            | Self::Delete { id } => Some(id),
        }
    }

    /// Method, path and body of the request.
    #[must_use]
    pub fn request(&self) -> (Method, String, Option<&Value>) {
        match self {
            Self::Create { fields } => (Method::POST, "/api/tasks".to_owned(), Some(fields)),
            Self::Patch { id, changes } => {
                (Method::PATCH, format!("/api/tasks/{id}"), Some(changes))
            }
            Self::Complete { id } => (Method::POST, format!("/api/tasks/{id}/complete"), None),
            Self::Reopen { id } => (Method::POST, format!("/api/tasks/{id}/reopen"), None),
            Self::Delete { id } => (Method::DELETE, format!("/api/tasks/{id}"), None),
        }
    }

    /// The `kind` of the action in an answer.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Create { .. } => "added",
            Self::Patch { changes, .. } if changes.get("due").is_some() => "moved",
            Self::Patch { changes, .. } if changes.get("title").is_some() => "renamed",
            Self::Patch { .. } => "changed",
            Self::Complete { .. } => "completed",
            Self::Reopen { .. } => "reopened",
            Self::Delete { .. } => "deleted",
        }
    }

    /// What takes the command back. `before` is the whole task as it was, `after` as it is.
    #[must_use]
    pub fn inverse(&self, before: Option<&Value>, after: Option<&Value>) -> Option<Self> {
        Some(match self {
            Self::Create { .. } => Self::Delete {
                id: after?.get("id")?.as_str()?.to_owned(),
            },
            Self::Patch { id, changes } => Self::Patch {
                id: id.clone(),
                changes: changes
                    .as_object()?
                    .keys()
                    .map(|name| {
                        let was = before?.get(name).cloned().unwrap_or(Value::Null);
                        Some((name.clone(), writable(name, was)))
                    })
                    .collect::<Option<Map<_, _>>>()?
                    .into(),
            },
            Self::Complete { id } => Self::Reopen { id: id.clone() },
            Self::Reopen { id } => Self::Complete { id: id.clone() },
            Self::Delete { .. } => Self::Create {
                fields: WRITABLE
                    .iter()
                    .filter_map(|&name| {
                        let was = before?.get(name).filter(|was| !was.is_null())?;
                        Some((name.to_owned(), writable(name, was.clone())))
                    })
                    .collect::<Map<_, _>>()
                    .into(),
            },
        })
    }
}

/// A field as it is read, made into what may be written.
fn writable(name: &str, was: Value) -> Value {
    match (name, was) {
        // The simple fields would contradict the rule when they are merged with another one's.
        ("recurrence", Value::Object(recurrence)) => recurrence
            .into_iter()
            .map(|(name, value)| {
                let is_said_by_rule = matches!(
                    name.as_str(),
                    "recurrence_type" | "recurrence_interval" | "recurrence_end"
                );
                (name, if is_said_by_rule { Value::Null } else { value })
            })
            .collect::<Map<_, _>>()
            .into(),
        // A merge patch leaves what it doesn't name: a due date without a time must say so.
        ("due", Value::Object(mut due)) => {
            due.entry("time").or_insert(Value::Null);
            due.into()
        }
        (_, was) => was,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_command_is_taken_back() {
        let task = json!({
            "id": "7", "version": 3, "title": "Pay rent", "notes": "", "status": "open", "priority": 4,
            "due": { "date": "2026-12-01", "time_zone": "Europe/Berlin" },
            "recurrence": { "rrule": "FREQ=DAILY", "recurrence_type": "daily", "basis": "due" },
        });
        let id = || "7".to_owned();
        let table = [
            (
                Command::Create { fields: json!({}) },
                json!({ "command": "delete", "id": "7" }),
            ),
            (
                Command::Complete { id: id() },
                json!({ "command": "reopen", "id": "7" }),
            ),
            (
                Command::Reopen { id: id() },
                json!({ "command": "complete", "id": "7" }),
            ),
            (
                Command::Patch {
                    id: id(),
                    changes: json!({ "due": { "date": "2027-01-01" }, "list": "home" }),
                },
                json!({ "command": "patch", "id": "7", "changes": {
                    "due": { "date": "2026-12-01", "time": null, "time_zone": "Europe/Berlin" }, "list": null,
                } }),
            ),
            (
                Command::Delete { id: id() },
                json!({ "command": "create", "fields": {
                    "title": "Pay rent", "notes": "", "priority": 4,
                    "due": { "date": "2026-12-01", "time": null, "time_zone": "Europe/Berlin" },
                    "recurrence": { "rrule": "FREQ=DAILY", "recurrence_type": null, "basis": "due" },
                } }),
            ),
        ];
        for (command, expected) in table {
            let inverse = command.inverse(Some(&task), Some(&task));
            let inverse = serde_json::to_value(inverse).expect("JSON");
            assert_eq!(inverse, expected, "{command:?}");
        }
    }
}
