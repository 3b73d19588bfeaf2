//! What a command comes to, and the events that tell of it.

use chrono::{DateTime, Utc};
use domain::reminder::Reminder;
use domain::task::Status;
use domain::{EventId, ReminderRule, Task, TaskId, UserId};
use events::{
    Chain, ClearReason, DeleteReason, Event, Payload, ScheduledReminder, TaskChanged,
    TaskCompleted, TaskCreated, TaskDeleted, TaskDocument, TaskDueSet, TaskReminderCleared,
    TaskReminderSet, TaskReopened, TaskUpdated, Timestamp, UnknownFields,
};
use uuid::Uuid;

/// The app-id that stands as `source` in the service's events.
pub(crate) const SOURCE: &str = "task-service";

/// Who asks, when, and in which chain.
pub struct Context<'a> {
    /// The person whose task it is.
    pub user: &'a UserId,
    /// Now.
    pub now: DateTime<Utc>,
    /// The chain that the command belongs to.
    pub chain: Chain,
    /// Makes ids of events and reminders.
    pub new_id: &'a dyn Fn() -> Uuid,
}

/// What a command comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The task it is about.
    pub task_id: TaskId,
    /// As it was in the open list or the completed ones, if it was there.
    pub before: Option<Task>,
    /// What becomes of it; `None` when all is already as the command wants it.
    pub change: Option<Change>,
    /// The document that `before` was read from. The new one, and those in the events for other functions, keep what it says
    /// and this version does not know. Whoever read it sets it; the decision does not look at it.
    pub stored: Option<Box<TaskDocument>>,
}

/// What becomes of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A person made it.
    Created(Task),
    /// Recurrence made it: the next occurrence of a series.
    Recurred(Task),
    /// It came from another Nudge, as it was there at `since`.
    Imported {
        /// As it now is.
        task: Task,
        /// What was to remind of it by then has done so.
        since: Timestamp,
    },
    /// Its fields changed.
    Updated {
        /// As it now is.
        task: Task,
        /// Which fields.
        changed: Vec<&'static str>,
    },
    /// It is as it was, and its place in the lists is found anew.
    Settled {
        /// The task.
        task: Task,
        /// Whether the rules of its time zone put it at other instants than before.
        has_moved: bool,
    },
    /// It is done.
    Completed(Task),
    /// It is to be done after all.
    Reopened(Task),
    /// It is gone.
    Gone(DeleteReason),
}

impl Outcome {
    /// Nothing to do: `task` is already as it should be.
    pub(super) fn unchanged(task: Task) -> Self {
        Self {
            task_id: task.id,
            before: Some(task),
            change: None,
            stored: None,
        }
    }

    /// Whether it makes a task.
    #[must_use]
    pub fn creates(&self) -> bool {
        matches!(
            self.change,
            Some(Change::Created(_) | Change::Recurred(_) | Change::Imported { .. })
        )
    }

    /// Whether a person opens one more task by it, and so is held to
    /// [`MAX_OPEN_TASKS`](domain::task::MAX_OPEN_TASKS). The next occurrence of a series is not: it takes the place of one
    /// that was completed, and a series must not end because something else came into that place first.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        let is_open = |task: &Task| task.status == Status::Open;
        let was_open = self.before.as_ref().is_some_and(is_open);
        let by_recurrence = matches!(self.change, Some(Change::Recurred(_)));
        !was_open && self.after().is_some_and(is_open) && !by_recurrence
    }

    /// The document of [`after`](Self::after), to be stored. What people are answered and screens are told is without what
    /// this version does not know: they would send it back, and requests are read strictly.
    #[must_use]
    pub fn document(&self) -> Option<TaskDocument> {
        self.after().map(|task| self.document_of(task))
    }

    fn document_of(&self, task: &Task) -> TaskDocument {
        let document = TaskDocument::from(task);
        match &self.stored {
            Some(stored) => document.with_unknown_of(stored),
            None => document,
        }
    }

    /// The task as it now is, unless it is gone.
    #[must_use]
    pub fn after(&self) -> Option<&Task> {
        match &self.change {
            None => self.before.as_ref(),
            Some(Change::Gone(_)) => None,
            Some(
                Change::Created(task)
                | Change::Recurred(task)
                | Change::Imported { task, .. }
                | Change::Updated { task, .. }
                | Change::Settled { task, .. }
                | Change::Completed(task)
                | Change::Reopened(task),
            ) => Some(task),
        }
    }

    /// The events that tell of the change, in order. `revision` is the user's before it.
    #[must_use]
    pub fn events(&self, context: &Context<'_>, revision: u64) -> Vec<Event> {
        let Some(change) = &self.change else {
            return Vec::new();
        };
        let has_moved = match change {
            Change::Settled { has_moved, .. } => *has_moved,
            _ => false,
        };
        if matches!(change, Change::Settled { .. }) && !has_moved {
            return Vec::new();
        }
        let mut told = Told {
            context,
            outcome: self,
            events: Vec::new(),
        };
        told.what_happened(change, self.before.as_ref());
        let (before, after) = (self.before.as_ref(), self.after());
        let due = (
            before.and_then(|task| task.due),
            after.and_then(|task| task.due),
        );
        if let Some(after) = after.filter(|_| due.0 != due.1 || has_moved) {
            told.push(&TaskDueSet {
                due: self.document_of(after).due,
                overdue_after: after.due.map(|due| Timestamp::clamped(due.overdue_after())),
            });
        }
        told.reminders(change, before, after);
        let revision_after = revision + told.events.len() as u64 + 1;
        told.push(&TaskChanged {
            revision: revision_after,
            previous_revision: revision,
            task: self.after().map(TaskDocument::from),
        });
        told.events
    }
}

struct Told<'a> {
    context: &'a Context<'a>,
    outcome: &'a Outcome,
    events: Vec<Event>,
}

impl Told<'_> {
    fn push<P: Payload>(&mut self, payload: &P) {
        let Context {
            user,
            now,
            chain,
            new_id,
        } = *self.context;
        let id = EventId(new_id());
        self.events.push(Event::new(
            id,
            SOURCE,
            user,
            Some(self.outcome.task_id),
            payload,
            chain,
            Timestamp::clamped(now),
        ));
    }

    fn what_happened(&mut self, change: &Change, before: Option<&Task>) {
        match change {
            Change::Created(task) | Change::Recurred(task) | Change::Imported { task, .. } => {
                self.push(&TaskCreated {
                    task: self.outcome.document_of(task),
                });
            }
            Change::Updated { task, changed } => {
                let changed = changed.iter().map(ToString::to_string).collect();
                self.push(&TaskUpdated {
                    task: self.outcome.document_of(task),
                    changed,
                });
            }
            Change::Completed(task) => self.push(&TaskCompleted {
                task: self.outcome.document_of(task),
            }),
            Change::Reopened(task) => self.push(&TaskReopened {
                task: self.outcome.document_of(task),
            }),
            Change::Settled { .. } => {}
            Change::Gone(reason) => {
                if let Some(task) = before {
                    self.push(&TaskDeleted {
                        task: self.outcome.document_of(task),
                        reason: reason.clone(),
                    });
                }
            }
        }
    }

    /// Says what the reminders are now, if the change touches them or the words that they are told in.
    fn reminders(&mut self, change: &Change, before: Option<&Task>, after: Option<&Task>) {
        let had =
            before.is_some_and(|task| task.completed_at.is_none() && !scheduled(task).is_empty());
        let now = self.context.now;
        let set = match (change, after) {
            (Change::Created(task) | Change::Recurred(task), _) => scheduled(task),
            (Change::Imported { task, .. }, _) if task.completed_at.is_some() => Vec::new(),
            (Change::Imported { task, since }, _) => after_instant(task, *since),
            (Change::Reopened(task), _) => {
                // A reminder whose time has passed has been given, or was made needless by completing the task.
                after_instant(task, Timestamp::clamped(now))
            }
            (Change::Updated { task, .. }, _)
                if before.is_some_and(|before| tells_the_same(before, task)) =>
            {
                return;
            }
            (Change::Updated { task, .. } | Change::Settled { task, .. }, _) => scheduled(task),
            _ => Vec::new(),
        };
        let same_times = matches!(change, Change::Settled { .. });
        match after {
            Some(task) if !set.is_empty() => self.push(&TaskReminderSet {
                title: task.title.to_string(),
                due: self.outcome.document_of(task).due,
                reminders: set,
                same_times,
            }),
            _ if had => {
                let reason = match change {
                    Change::Completed(_) => ClearReason::Completed,
                    Change::Gone(_) => ClearReason::Deleted,
                    _ => ClearReason::Removed,
                };
                self.push(&TaskReminderCleared { reason });
            }
            _ => {}
        }
    }
}

fn tells_the_same(before: &Task, after: &Task) -> bool {
    before.title == after.title && before.due == after.due && before.reminders == after.reminders
}

fn after_instant(task: &Task, instant: Timestamp) -> Vec<ScheduledReminder> {
    let mut reminders = scheduled(task);
    reminders.retain(|reminder| reminder.at > instant);
    reminders
}

/// The reminders that come to an instant. A completed task has none.
fn scheduled(task: &Task) -> Vec<ScheduledReminder> {
    let instant = |reminder: &Reminder| {
        let at = reminder.rule.instant(task.due.as_ref())?;
        let before_due_minutes = match reminder.rule {
            ReminderRule::BeforeDue(minutes) => Some(minutes),
            ReminderRule::At(_) => None,
        };
        Some(ScheduledReminder {
            id: reminder.id.0,
            at: Timestamp::clamped(at),
            before_due_minutes,
            unknown: UnknownFields::default(),
        })
    };
    task.reminders.iter().filter_map(instant).collect()
}
