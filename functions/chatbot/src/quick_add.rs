//! `POST /api/quick-add` and its preview: one task out of one text.

use api::chat::{QuickAdd, QuickAddPreview, Span, SpanKind};
use chrono::Weekday;
use domain::zone::{self, Tz};
use events::{DueDocument, RecurrenceDocument, ReminderDocument, Timestamp};
use function::Problem;
use language::{Context, MAX_TEXT_CHARS, QuickAdd as Understood};

use crate::intent;

/// What the text says.
///
/// # Errors
/// 422 when there is too much of it.
pub(crate) fn read(request: &QuickAdd, now: Timestamp, zone: Tz) -> Result<Understood, Problem> {
    check_length("/text", &request.text)?;
    let context = context(request.now.unwrap_or(now), zone);
    Ok(language::quick_add(&request.text, &context))
}

/// Whether the text is no new task after all.
pub(crate) fn asks_for_nothing(request: &QuickAdd, now: Timestamp, zone: Tz) -> bool {
    let context = context(request.now.unwrap_or(now), zone);
    intent::asks_for_nothing(&request.text, &context)
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
pub(crate) fn preview(quick: &Understood, zone: Tz) -> QuickAddPreview {
    let spans = quick.spans.iter().map(|span| Span {
        start: span.start,
        end: span.end,
        kind: kind(span.kind),
    });
    let reminders = quick.reminders.as_ref().map(|rules| {
        let reminders = rules
            .iter()
            .map(|&rule| ReminderDocument::from(rule).into());
        reminders.collect()
    });
    let labels = quick.labels.iter().map(ToString::to_string);
    QuickAddPreview {
        title: quick.title.clone(),
        due: quick.due.as_ref().map(|due| DueDocument::from(due).into()),
        time_zone: zone.name().to_owned(),
        reminders,
        recurrence: quick
            .recurrence
            .as_ref()
            .map(|recurrence| RecurrenceDocument::from(recurrence).into()),
        recurrence_text: quick.recurrence.as_ref().map(domain::Recurrence::describe),
        priority: quick.priority.map(|priority| priority.level()),
        labels: labels.collect(),
        list: quick.list.as_ref().map(ToString::to_string),
        spans: spans.collect(),
        notes: quick.notes.clone(),
    }
}

fn kind(kind: language::SpanKind) -> SpanKind {
    match kind {
        language::SpanKind::Date => SpanKind::Date,
        language::SpanKind::Time => SpanKind::Time,
        language::SpanKind::Recurrence => SpanKind::Recurrence,
        language::SpanKind::Reminder => SpanKind::Reminder,
        language::SpanKind::Priority => SpanKind::Priority,
        language::SpanKind::Label => SpanKind::Label,
        language::SpanKind::List => SpanKind::List,
    }
}
