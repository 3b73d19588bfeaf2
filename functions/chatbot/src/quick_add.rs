//! `POST /api/quick-add` and its preview: one task out of one text.

use chrono::Weekday;
use domain::zone::{self, Tz};
use events::{DueDocument, RecurrenceDocument, ReminderDocument, Timestamp};
use http_api::Problem;
use language::{Context, MAX_TEXT_CHARS, QuickAdd, SpanKind};
use serde::Deserialize;
use serde_json::{Value, json};

/// Body of both routes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    text: String,
    now: Option<Timestamp>,
    time_zone: Option<String>,
}

impl Body {
    /// The zone that the person says, if they say one.
    ///
    /// # Errors
    /// 422 when it is none.
    pub(crate) fn zone(&self) -> Result<Option<Tz>, Problem> {
        zone_of(self.time_zone.as_deref())
    }

    /// What the text says.
    ///
    /// # Errors
    /// 422 when there is too much of it.
    pub(crate) fn read(&self, now: Timestamp, zone: Tz) -> Result<QuickAdd, Problem> {
        check_length("/text", &self.text)?;
        let context = context(self.now.unwrap_or(now), zone);
        Ok(language::quick_add(&self.text, &context))
    }
}

/// A zone that a request names.
///
/// # Errors
/// 422 when it is none.
pub(crate) fn zone_of(name: Option<&str>) -> Result<Option<Tz>, Problem> {
    name.map(zone::parse)
        .transpose()
        .map_err(|error| Problem::invalid_field("/time_zone", error))
}

/// Refuses what is longer than the language reads.
///
/// # Errors
/// 422 with the limit.
pub(crate) fn check_length(pointer: &str, text: &str) -> Result<(), Problem> {
    let count = text.chars().count();
    if count > MAX_TEXT_CHARS {
        let detail = format!("has {count} characters; at most {MAX_TEXT_CHARS} are allowed");
        return Err(Problem::invalid_field(pointer, detail));
    }
    Ok(())
}

pub(crate) fn context(now: Timestamp, zone: Tz) -> Context {
    Context {
        now: now.utc(),
        zone,
        week_start: Weekday::Mon,
    }
}

/// The answer of the preview. What was not said is null.
pub(crate) fn preview(quick: &QuickAdd, zone: Tz) -> Value {
    let spans: Vec<Value> = quick
        .spans
        .iter()
        .map(|span| json!({ "start": span.start, "end": span.end, "kind": kind(span.kind) }))
        .collect();
    let reminders = quick.reminders.as_ref().map(|rules| {
        let documents = rules.iter().map(|&rule| ReminderDocument::from(rule));
        documents.collect::<Vec<_>>()
    });
    json!({
        "title": quick.title,
        "due": quick.due.as_ref().map(DueDocument::from),
        "time_zone": zone.name(),
        "reminders": reminders,
        "recurrence": quick.recurrence.as_ref().map(RecurrenceDocument::from),
        "recurrence_text": quick.recurrence.as_ref().map(domain::Recurrence::describe),
        "priority": quick.priority.map(|priority| priority.level()),
        "labels": quick.labels.iter().map(|label| label.as_str()).collect::<Vec<_>>(),
        "list": quick.list.as_ref().map(|list| list.as_str()),
        "spans": spans,
        "notes": quick.notes,
    })
}

fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Date => "date",
        SpanKind::Time => "time",
        SpanKind::Recurrence => "recurrence",
        SpanKind::Reminder => "reminder",
        SpanKind::Priority => "priority",
        SpanKind::Label => "label",
        SpanKind::List => "list",
    }
}
