//! Tasks, as people ask for them and as they come back.

use std::fmt;

use serde_json::{Value, json};

/// A task that somebody is about to create.
#[derive(Debug, Clone)]
pub struct NewTask(Value);

/// A task called `title`.
#[must_use]
pub fn task(title: &str) -> NewTask {
    NewTask(json!({ "title": title }))
}

impl NewTask {
    /// Due on a day (`2026-04-01`).
    #[must_use]
    pub fn due_on(self, date: &str, zone: &str) -> Self {
        self.with("due", json!({ "date": date, "time_zone": zone }))
    }

    /// Due at a time of a day (`09:00`); the person is reminded then.
    #[must_use]
    pub fn due_at(self, date: &str, time: &str, zone: &str) -> Self {
        self.with(
            "due",
            json!({ "date": date, "time": time, "time_zone": zone }),
        )
    }

    /// Comes again by a rule (RFC 5545).
    #[must_use]
    pub fn again(self, rrule: &str) -> Self {
        self.with("recurrence", json!({ "rrule": rrule }))
    }

    /// The person is reminded so many seconds from now.
    #[must_use]
    pub fn reminded_in(self, seconds: i64) -> Self {
        let at = chrono::Utc::now() + chrono::Duration::seconds(seconds);
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        self.with("reminders", json!([{ "at": at }]))
    }

    /// Any other field.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.0[field] = value;
        self
    }

    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.0
    }
}

/// A task as the API shows it.
#[derive(Clone, PartialEq)]
pub struct Task(Value);

impl From<Value> for Task {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Task {
    /// Its id.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text("/id")
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0["version"].as_u64().unwrap_or_default()
    }

    /// Whether it is to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0["status"] == "open"
    }

    /// When it is due: `2026-04-01`, or `2026-04-01 09:00`.
    #[must_use]
    pub fn due(&self) -> String {
        let due = &self.0["due"];
        [&due["date"], &due["time"]]
            .iter()
            .filter_map(|part| part.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// A text, by JSON pointer.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        match self.0.pointer(pointer).and_then(Value::as_str) {
            Some(text) => text,
            None => panic!("no text at {pointer} in {}", self.0),
        }
    }

    /// All of it.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.0
    }
}
