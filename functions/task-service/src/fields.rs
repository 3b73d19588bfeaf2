//! What a person may say of a task: the fields of `POST /api/tasks`, and of `PATCH` after the merge.

use std::collections::BTreeSet;

use api::task::{NewTask, Recurrence, TaskPatch};
use domain::reminder::Reminder;
use domain::task::{ChecklistItem, MAX_CHECKLIST, MAX_LABELS, MAX_REMINDERS};
use domain::{Due, Label, ListName, Notes, Priority, ReminderId, ReminderRule, Task, Title};
use events::{DueDocument, RecurrenceDocument, ReminderDocument, Timestamp};
use function::{FieldError, Problem, from_json};
use serde_json::{Value, json};
use uuid::Uuid;

/// Fields that a person reads but can't write.
const READ_ONLY: [&str; 11] = [
    "id",
    "version",
    "status",
    "series_id",
    "occurrence",
    "series_start",
    "series_slot",
    "created_at",
    "updated_at",
    "completed_at",
    "revision",
];

/// The fields after all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFields {
    /// What is to be done.
    pub title: Title,
    /// Anything longer.
    pub notes: Notes,
    /// How urgent.
    pub priority: Priority,
    /// Without repeats.
    pub labels: Vec<Label>,
    /// The list.
    pub list: ListName,
    /// Small steps.
    pub checklist: Vec<ChecklistItem>,
    /// When.
    pub due: Option<Due>,
    /// When the person hears of it.
    pub reminders: Vec<Reminder>,
    /// How it comes again.
    pub recurrence: Option<domain::Recurrence>,
}

/// Reads the fields of a new task.
pub(crate) fn of_new(value: Value) -> Result<NewTask, Problem> {
    refuse_read_only(&value)?;
    from_json(value)
}

/// The fields of `task` after `patch` (RFC 7396).
pub(crate) fn of_patched(task: &Task, patch: &Value) -> Result<NewTask, Problem> {
    if !patch.is_object() {
        return Err(Problem::bad_request(
            "A merge patch of a task is a JSON object.",
        ));
    }
    refuse_read_only(patch)?;
    // A field that is unknown or of another type is refused by its place in the patch, also where null would take it out.
    from_json::<TaskPatch>(patch.clone())?;
    let mut target = json!(of_task(task));
    merge(&mut target, patch);
    from_json(target)
}

/// The fields of `task` as it is.
fn of_task(task: &Task) -> NewTask {
    let mut fields = api::task::Task::from(task).fields();
    // A patch may say another one than these come from.
    fields.recurrence = fields.recurrence.map(Recurrence::only_rule);
    fields
}

impl CheckedFields {
    /// Checks every field, and what they say of each other. `known` are the reminders that the task has: their ids
    /// are kept, all others are new.
    pub(crate) fn of(
        fields: NewTask,
        known: &[Reminder],
        new_id: impl Fn() -> Uuid,
    ) -> Result<CheckedFields, Problem> {
        let mut errors = Errors::default();
        let due_date = fields.due.as_ref().map(|due| due.date);
        let has_due = fields.due.is_some();
        let due = fields
            .due
            .map(DueDocument::from)
            .and_then(|due| errors.take(Due::try_from(&due).map_err(field)));
        let has_recurrence = fields.recurrence.is_some();
        let end = fields
            .recurrence
            .as_ref()
            .filter(|rule| rule.rrule.is_some())
            .and_then(|rule| rule.recurrence_end.as_ref());
        if end.is_some_and(|end| end.count.is_some() == end.until.is_some()) {
            errors.add(
                "/recurrence/recurrence_end",
                "needs exactly one of count and until",
            );
        }
        let recurrence = fields
            .recurrence
            .map(RecurrenceDocument::from)
            .and_then(|recurrence| errors.take(recurrence.parse(due_date).map_err(field)));
        if has_recurrence && !has_due {
            errors.add(
                "/recurrence",
                "needs a due date to count from; send due as well",
            );
        }
        let reminders = match fields.reminders {
            Some(reminders) => {
                let asked = reminders.into_iter().map(ReminderDocument::from);
                errors.reminders(asked, known, has_due, due.as_ref(), &new_id)
            }
            None => errors.default_reminders(due.as_ref(), new_id),
        };
        let title = errors.take(Title::parse(&fields.title).map_err(|error| at("/title", error)));
        let notes = errors.take(Notes::parse(&fields.notes).map_err(|error| at("/notes", error)));
        let priority = fields.priority.map_or(Some(Priority::default()), |level| {
            errors.take(Priority::parse(level).map_err(|error| at("/priority", error)))
        });
        let list = fields
            .list
            .as_deref()
            .map_or(Some(ListName::default()), |list| {
                errors.take(ListName::parse(list).map_err(|error| at("/list", error)))
            });
        let labels = errors.labels(&fields.labels);
        let checklist = errors.checklist(&fields.checklist);
        match (errors.0.is_empty(), title, notes, priority, list) {
            (true, Some(title), Some(notes), Some(priority), Some(list)) => Ok(Self {
                title,
                notes,
                priority,
                labels,
                list,
                checklist,
                due,
                reminders,
                recurrence,
            }),
            _ => Err(Problem::invalid(errors.0)),
        }
    }
}

/// Gathers all that is wrong, so that a person mends it in one go.
#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn add(&mut self, pointer: impl Into<String>, detail: impl ToString) {
        self.0.push(at(pointer, detail));
    }

    fn take<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    fn limit(&mut self, pointer: &str, count: usize, limit: usize) {
        if count > limit {
            self.add(
                pointer,
                format!("has {count} entries; at most {limit} are allowed"),
            );
        }
    }

    fn labels(&mut self, labels: &[String]) -> Vec<Label> {
        self.limit("/labels", labels.len(), MAX_LABELS);
        let mut seen = BTreeSet::new();
        let parsed: Vec<Label> = labels
            .iter()
            .enumerate()
            .filter_map(|(i, label)| {
                self.take(Label::parse(label).map_err(|error| at(format!("/labels/{i}"), error)))
            })
            .collect();
        parsed
            .into_iter()
            .filter(|label| seen.insert(label.clone()))
            .collect()
    }

    fn checklist(&mut self, items: &[api::task::ChecklistItem]) -> Vec<ChecklistItem> {
        self.limit("/checklist", items.len(), MAX_CHECKLIST);
        let parse = |(i, item): (usize, &api::task::ChecklistItem)| {
            let text = Title::parse(&item.text)
                .map_err(|error| at(format!("/checklist/{i}/text"), error))?;
            Ok(ChecklistItem {
                text,
                done: item.done,
            })
        };
        items
            .iter()
            .enumerate()
            .filter_map(|numbered| self.take(parse(numbered)))
            .collect()
    }

    /// `due` is what the reminders count from; it may be missing for being wrong itself, although it `has_due`.
    fn reminders(
        &mut self,
        documents: impl ExactSizeIterator<Item = ReminderDocument>,
        known: &[Reminder],
        has_due: bool,
        due: Option<&Due>,
        new_id: &impl Fn() -> Uuid,
    ) -> Vec<Reminder> {
        self.limit("/reminders", documents.len(), MAX_REMINDERS);
        let mut reminders: Vec<Reminder> = Vec::new();
        for (i, document) in documents.enumerate() {
            let pointer = format!("/reminders/{i}");
            let Some(rule) = self.take(document.rule().map_err(|error| at(&pointer, error))) else {
                continue;
            };
            if matches!(rule, ReminderRule::BeforeDue(_)) && !has_due {
                self.add(&pointer, "counts from a due date; send due, or at");
            }
            self.instant(&pointer, rule, due);
            let kept = known
                .iter()
                .find(|reminder| Some(reminder.id.0) == document.id);
            let repeated =
                kept.is_some_and(|kept| reminders.iter().any(|reminder| reminder.id == kept.id));
            let id = kept
                .filter(|_| !repeated)
                .map_or_else(|| ReminderId(new_id()), |reminder| reminder.id);
            reminders.push(Reminder { id, rule });
        }
        reminders
    }

    /// A task that is due at a time is heard of at that time, unless the person says otherwise.
    fn default_reminders(&mut self, due: Option<&Due>, new_id: impl Fn() -> Uuid) -> Vec<Reminder> {
        match due {
            Some(Due { time: Some(_), .. }) => {
                let rule = ReminderRule::BeforeDue(0);
                self.instant("/due", rule, due);
                vec![Reminder {
                    id: ReminderId(new_id()),
                    rule,
                }]
            }
            _ => Vec::new(),
        }
    }

    /// Refuses a reminder that comes to an instant which there is not.
    fn instant(&mut self, pointer: &str, rule: ReminderRule, due: Option<&Due>) {
        if let Some(Err(error)) = rule.instant(due).map(Timestamp::new) {
            self.add(pointer, format!("comes to {error}"));
        }
    }
}

fn at(pointer: impl Into<String>, detail: impl ToString) -> FieldError {
    FieldError {
        pointer: pointer.into(),
        detail: detail.to_string(),
    }
}

fn field(error: events::InvalidTask) -> FieldError {
    at(error.pointer, error.detail)
}

fn refuse_read_only(value: &Value) -> Result<(), Problem> {
    let fields = value
        .as_object()
        .ok_or_else(|| Problem::bad_request("A task is a JSON object."))?;
    let errors: Vec<FieldError> = READ_ONLY
        .iter()
        .filter(|name| fields.contains_key(**name))
        .map(|name| match *name {
            "status" => at("/status", "is changed by POST …/complete and …/reopen"),
            _ => at(format!("/{name}"), "is read-only; leave it out"),
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(errors))
    }
}

/// JSON merge patch (RFC 7396 section 2).
fn merge(target: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(fields) = target.as_object_mut() else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}
