//! The wire form of a task: the same JSON in HTTP answers, in events and in the state store.

use chrono::{NaiveDate, NaiveTime};
use domain::limits;
use domain::recurrence::{End, Until};
use domain::reminder::Reminder;
use domain::task::{ChecklistItem, SeriesPlace, Status};
use domain::{
    Basis, Due, Label, ListName, Notes, Priority, Recurrence, ReminderId, ReminderRule, Rule,
    SeriesId, Task, TaskId, Title, zone,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Timestamp, UnknownFields, timestamp};

/// A task on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskDocument {
    /// UUID.
    pub id: Uuid,
    /// 1 when created, one more with every change.
    pub version: u64,
    /// 1 to 500 characters.
    pub title: String,
    /// Up to 16 KiB.
    pub notes: String,
    /// `open` or `completed`.
    pub status: StatusDocument,
    /// 1 (urgent) to 4 (none).
    pub priority: u8,
    /// Without `#`.
    pub labels: Vec<String>,
    /// The list's name.
    pub list: String,
    /// Small steps.
    pub checklist: Vec<ChecklistItemDocument>,
    /// When it is due.
    pub due: Option<DueDocument>,
    /// When the person hears of it.
    pub reminders: Vec<ReminderDocument>,
    /// How it comes again.
    pub recurrence: Option<RecurrenceDocument>,
    /// The series that it belongs to.
    pub series_id: Option<Uuid>,
    /// Number of this occurrence in its series, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<u32>,
    /// The date that the series counts from (RFC 5545 `DTSTART`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_start: Option<NaiveDate>,
    /// The date that the series has for this occurrence, which stays where the due date is moved. Absent: that of `due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_slot: Option<NaiveDate>,
    /// When it was created.
    #[serde(deserialize_with = "timestamp::clamped")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(deserialize_with = "timestamp::clamped")]
    pub updated_at: Timestamp,
    /// When it was completed.
    #[serde(default, deserialize_with = "timestamp::clamped_option")]
    pub completed_at: Option<Timestamp>,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

/// `open` or `completed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusDocument {
    /// To be done.
    Open,
    /// Done.
    Completed,
    /// What only a newer version knows.
    #[serde(untagged)]
    #[schemars(skip)]
    Unknown(String),
}

/// One step of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistItemDocument {
    /// What is to be done.
    pub text: String,
    /// Whether it is.
    #[serde(default)]
    pub done: bool,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

/// A due date: wall-clock, with the zone whose clocks are meant. Without `time` it is an all-day task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueDocument {
    /// `YYYY-MM-DD`
    pub date: NaiveDate,
    /// `HH:MM`
    #[serde(
        default,
        with = "hours_and_minutes",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub time: Option<NaiveTime>,
    /// An IANA name.
    pub time_zone: String,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

/// A reminder: exactly one of `at` and `before_due_minutes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReminderDocument {
    /// Given by the service; in a request only to keep a reminder that the task has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// A fixed instant.
    #[serde(
        default,
        deserialize_with = "timestamp::clamped_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub at: Option<Timestamp>,
    /// Minutes before the due time (0: at it); an all-day task counts as due at 09:00.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_due_minutes: Option<u32>,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

/// How a task comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecurrenceDocument {
    /// `daily`, `weekly`, `monthly`, `yearly`, or `custom` when only `rrule` tells it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence_type: Option<String>,
    /// Every so many days, weeks, months or years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence_interval: Option<u16>,
    /// When it ends; absent means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence_end: Option<RecurrenceEndDocument>,
    /// RFC 5545; always in an answer. In a request it wins over the simple fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// What the next date is counted from: `due` (the default) or `completion`.
    #[serde(default)]
    pub basis: BasisDocument,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

/// `due` or `completion`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Basis")]
pub enum BasisDocument {
    /// The dates of the rule.
    #[default]
    Due,
    /// The date of completion.
    Completion,
    /// What only a newer version knows.
    #[serde(untagged)]
    #[schemars(skip)]
    Unknown(String),
}

/// When a recurrence ends: exactly one of `count` and `until`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecurrenceEndDocument {
    /// After this many occurrences, the first included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// On this date, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// What a newer version says besides.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: UnknownFields,
}

/// A field of a task that is not as the contract says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct InvalidTask {
    /// JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// What is wrong and what to do.
    pub detail: String,
}

impl InvalidTask {
    /// An error at `pointer`, said by `detail`.
    pub fn new(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.to_string(),
        }
    }
}

impl From<&Task> for TaskDocument {
    fn from(task: &Task) -> Self {
        Self {
            id: task.id.0,
            version: task.version,
            title: task.title.to_string(),
            notes: task.notes.to_string(),
            status: match task.status {
                Status::Open => StatusDocument::Open,
                Status::Completed => StatusDocument::Completed,
            },
            priority: task.priority.level(),
            labels: task.labels.iter().map(ToString::to_string).collect(),
            list: task.list.to_string(),
            checklist: task
                .checklist
                .iter()
                .map(|item| ChecklistItemDocument {
                    text: item.text.to_string(),
                    done: item.done,
                    unknown: UnknownFields::default(),
                })
                .collect(),
            due: task.due.as_ref().map(DueDocument::from),
            reminders: task.reminders.iter().map(ReminderDocument::from).collect(),
            recurrence: task.recurrence.as_ref().map(RecurrenceDocument::from),
            series_id: task.series.map(|series| series.id.0),
            occurrence: task.series.map(|series| series.occurrence),
            series_start: task.series.map(|series| series.start),
            series_slot: task.series.and_then(|series| series.slot),
            created_at: Timestamp::clamped(task.created_at),
            updated_at: Timestamp::clamped(task.updated_at),
            completed_at: task.completed_at.map(Timestamp::clamped),
            unknown: UnknownFields::default(),
        }
    }
}

impl TryFrom<&TaskDocument> for Task {
    type Error = InvalidTask;

    /// Reads a stored document or one of an event. Earlier versions checked neither the place in a series nor the instants
    /// of reminders: what is out of range is read as the nearest that is not, as [`limits`] says.
    fn try_from(document: &TaskDocument) -> Result<Self, InvalidTask> {
        let due = document.due.as_ref().map(Due::try_from).transpose()?;
        let series = match (
            document.series_id,
            document.occurrence,
            document.series_start,
        ) {
            (Some(id), Some(occurrence), Some(start)) => Some(SeriesPlace {
                id: SeriesId(id),
                occurrence: occurrence.clamp(1, limits::MAX_OCCURRENCE),
                start: limits::clamp_date(start),
                slot: document.series_slot.map(limits::clamp_date),
            }),
            _ => None,
        };
        Ok(Self {
            id: TaskId(document.id),
            version: document.version,
            title: Title::parse(&document.title)
                .map_err(|error| InvalidTask::new("/title", error))?,
            notes: Notes::parse(&document.notes)
                .map_err(|error| InvalidTask::new("/notes", error))?,
            status: document.status.read(document.completed_at),
            priority: Priority::parse(document.priority.into())
                .map_err(|error| InvalidTask::new("/priority", error))?,
            labels: each(&document.labels, "/labels", |label| Label::parse(label))?,
            list: ListName::parse(&document.list)
                .map_err(|error| InvalidTask::new("/list", error))?,
            checklist: each(&document.checklist, "/checklist", |item| {
                Title::parse(&item.text).map(|text| ChecklistItem {
                    text,
                    done: item.done,
                })
            })?,
            due,
            reminders: each(&document.reminders, "/reminders", |reminder| {
                let id = reminder.id.ok_or("has no id")?;
                reminder.rule().map(|rule| Reminder {
                    id: ReminderId(id),
                    rule: within_limits(rule, due.as_ref()),
                })
            })?,
            recurrence: document
                .recurrence
                .as_ref()
                .map(|recurrence| recurrence.known().parse(due.map(|due| due.date)))
                .transpose()?,
            series,
            created_at: document.created_at.utc(),
            updated_at: document.updated_at.utc(),
            completed_at: document.completed_at.map(Timestamp::utc),
        })
    }
}

/// The rule, or the nearest instant to the one that it comes to.
fn within_limits(rule: ReminderRule, due: Option<&Due>) -> ReminderRule {
    match rule.instant(due) {
        Some(at) if !limits::is_instant(at) => ReminderRule::At(limits::clamp_instant(at)),
        _ => rule,
    }
}

/// Converts every element, naming the one that is wrong.
fn each<T, U, E: ToString>(
    items: &[T],
    field: &str,
    parse: impl Fn(&T) -> Result<U, E>,
) -> Result<Vec<U>, InvalidTask> {
    items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            parse(item).map_err(|error| InvalidTask::new(format!("{field}/{at}"), error))
        })
        .collect()
}

impl From<&Due> for DueDocument {
    fn from(due: &Due) -> Self {
        Self {
            date: due.date,
            time: due.time,
            time_zone: due.zone.name().to_owned(),
            unknown: UnknownFields::default(),
        }
    }
}

impl TryFrom<&DueDocument> for Due {
    type Error = InvalidTask;

    fn try_from(document: &DueDocument) -> Result<Self, InvalidTask> {
        if !limits::is_due_date(document.date) {
            return Err(InvalidTask::new(
                "/due/date",
                "must be a date of the years 1970 to 9000",
            ));
        }
        let zone = zone::parse(&document.time_zone)
            .map_err(|error| InvalidTask::new("/due/time_zone", error))?;
        Ok(Self {
            date: document.date,
            time: document.time,
            zone,
        })
    }
}

impl From<&Reminder> for ReminderDocument {
    fn from(reminder: &Reminder) -> Self {
        Self {
            id: Some(reminder.id.0),
            ..Self::from(reminder.rule)
        }
    }
}

impl From<ReminderRule> for ReminderDocument {
    /// A reminder that has no id yet.
    fn from(rule: ReminderRule) -> Self {
        let (at, before_due_minutes) = match rule {
            ReminderRule::At(instant) => (Some(Timestamp::clamped(instant)), None),
            ReminderRule::BeforeDue(minutes) => (None, Some(minutes)),
        };
        Self {
            id: None,
            at,
            before_due_minutes,
            unknown: UnknownFields::default(),
        }
    }
}

impl ReminderDocument {
    /// The rule that the document says.
    ///
    /// # Errors
    /// A sentence that says what to do, when both or none of the fields are there or the minutes are over four weeks.
    pub fn rule(&self) -> Result<ReminderRule, &'static str> {
        match (self.at, self.before_due_minutes) {
            (Some(at), None) => Ok(ReminderRule::At(at.utc())),
            (None, Some(minutes)) if minutes <= domain::reminder::MAX_MINUTES_BEFORE => {
                Ok(ReminderRule::BeforeDue(minutes))
            }
            (None, Some(_)) => Err("before_due_minutes must be at most 40320 (four weeks)"),
            _ => Err("needs exactly one of at and before_due_minutes"),
        }
    }
}

impl From<&Recurrence> for RecurrenceDocument {
    fn from(recurrence: &Recurrence) -> Self {
        let rule = &recurrence.rule;
        Self {
            recurrence_type: Some(rule.simple_kind().name().to_owned()),
            recurrence_interval: Some(rule.interval),
            recurrence_end: match rule.end {
                // A moment is what only the rule itself can say.
                End::Never | End::Until(Until::Local(_) | Until::Instant(_)) => None,
                End::Count(count) => Some(RecurrenceEndDocument {
                    count: Some(count),
                    ..RecurrenceEndDocument::default()
                }),
                End::Until(Until::Date(date)) => Some(RecurrenceEndDocument {
                    until: Some(date),
                    ..RecurrenceEndDocument::default()
                }),
            },
            rrule: Some(rule.to_string()),
            basis: match recurrence.basis {
                Basis::Due => BasisDocument::Due,
                Basis::Completion => BasisDocument::Completion,
            },
            unknown: UnknownFields::default(),
        }
    }
}

impl RecurrenceDocument {
    /// With a basis that this version knows: the default in the place of another one.
    fn known(&self) -> Self {
        let mut known = self.clone();
        if matches!(known.basis, BasisDocument::Unknown(_)) {
            known.basis = BasisDocument::default();
        }
        known
    }

    /// The recurrence that the document says: by `rrule`, else by the simple fields, which count from `due`.
    ///
    /// # Errors
    /// [`InvalidTask`] with a pointer below `/recurrence`.
    pub fn parse(&self, due: Option<NaiveDate>) -> Result<Recurrence, InvalidTask> {
        let rule = match (&self.rrule, &self.recurrence_type) {
            (Some(text), _) => text
                .parse::<Rule>()
                .map_err(|error| InvalidTask::new("/recurrence/rrule", error))?,
            (None, Some(kind)) => self.simple(kind, due)?,
            (None, None) => {
                return Err(InvalidTask::new(
                    "/recurrence",
                    "needs rrule or recurrence_type",
                ));
            }
        };
        let basis = match &self.basis {
            BasisDocument::Due => Basis::Due,
            BasisDocument::Completion => Basis::Completion,
            BasisDocument::Unknown(name) => {
                let detail = format!("takes due or completion, not {name:?}");
                return Err(InvalidTask::new("/recurrence/basis", detail));
            }
        };
        Ok(Recurrence { rule, basis })
    }

    fn simple(&self, kind: &str, due: Option<NaiveDate>) -> Result<Rule, InvalidTask> {
        let kind = kind
            .parse()
            .map_err(|error| InvalidTask::new("/recurrence/recurrence_type", error))?;
        let end = self
            .recurrence_end
            .as_ref()
            .map_or(Ok(End::Never), RecurrenceEndDocument::read)?;
        Rule::from_simple(kind, self.recurrence_interval.unwrap_or(1), end, due)
            .map_err(|error| InvalidTask::new("/recurrence", error))
    }
}

impl RecurrenceEndDocument {
    fn read(&self) -> Result<End, InvalidTask> {
        match (self.count, self.until) {
            (Some(count), None) => Ok(End::Count(count)),
            (None, Some(date)) => Ok(End::Until(Until::Date(date))),
            _ => Err(InvalidTask::new(
                "/recurrence/recurrence_end",
                "needs exactly one of count and until",
            )),
        }
    }
}

impl StatusDocument {
    /// One of a newer version is taken for what it is nearest to: whether the task was completed.
    fn read(&self, completed_at: Option<Timestamp>) -> Status {
        match (self, completed_at) {
            (Self::Completed, _) | (Self::Unknown(_), Some(_)) => Status::Completed,
            (Self::Open, _) | (Self::Unknown(_), None) => Status::Open,
        }
    }
}

impl TaskDocument {
    /// The document with all that `older` says and this version does not know: for a task that this version read, changed
    /// and writes again. A status stays as long as the task is neither completed nor reopened, a basis as long as the rule
    /// does. The due date, the recurrence and its end keep theirs as long as there is one; a reminder keeps
    /// them by its id, a step of the checklist by its text, the first of several with the same text first.
    #[must_use]
    pub fn with_unknown_of(mut self, older: &Self) -> Self {
        self.unknown.keep(&older.unknown);
        let is_completed = self.completed_at.is_some();
        if matches!(older.status, StatusDocument::Unknown(_))
            && is_completed == older.completed_at.is_some()
        {
            self.status = older.status.clone();
        }
        if let (Some(due), Some(older)) = (&mut self.due, &older.due) {
            due.unknown.keep(&older.unknown);
        }
        if let (Some(recurrence), Some(older)) = (&mut self.recurrence, &older.recurrence) {
            recurrence.unknown.keep(&older.unknown);
            if matches!(older.basis, BasisDocument::Unknown(_)) && recurrence.rrule == older.rrule {
                recurrence.basis = older.basis.clone();
            }
            let ends = (&mut recurrence.recurrence_end, &older.recurrence_end);
            if let (Some(end), Some(older)) = ends {
                end.unknown.keep(&older.unknown);
            }
        }
        for reminder in &mut self.reminders {
            let is_it = |older: &&ReminderDocument| older.id.is_some() && older.id == reminder.id;
            if let Some(older) = older.reminders.iter().find(is_it) {
                reminder.unknown.keep(&older.unknown);
            }
        }
        let mut left: Vec<&ChecklistItemDocument> = older.checklist.iter().collect();
        for item in &mut self.checklist {
            if let Some(at) = left.iter().position(|older| older.text == item.text) {
                item.unknown.keep(&left.remove(at).unknown);
            }
        }
        self
    }
}

/// `HH:MM`; seconds are read and must be zero, as nothing in Nudge is due to the second.
pub mod hours_and_minutes {
    use chrono::{NaiveTime, Timelike};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes `HH:MM`, or null.
    ///
    /// # Errors
    /// Those of the serializer.
    // The signature is serde's.
    #[allow(clippy::ref_option)]
    pub fn serialize<S: Serializer>(
        time: &Option<NaiveTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(&time.format("%H:%M")),
            None => serializer.serialize_none(),
        }
    }

    /// Reads `HH:MM` or `HH:MM:00`, or null.
    ///
    /// # Errors
    /// When it is no such text.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<NaiveTime>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let time = NaiveTime::parse_from_str(&text, "%H:%M")
            .or_else(|_| NaiveTime::parse_from_str(&text, "%H:%M:%S"))
            .ok()
            .filter(|time| time.second() == 0 && text.len() >= 5);
        time.map(Some)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is not a time such as 09:00")))
    }
}
