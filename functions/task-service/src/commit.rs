//! From a decision to an acknowledged change: one state transaction with the task, the lists, the head, the events and
//! the answer. Publishing follows after the answer.

use dapr::ordered::{self, Change as ListChange, Directory, Item};
use dapr::outbox::{Numbered, Pending, ToPublish, relay_in_turn};
use dapr::timetable::{Entry, Insert};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use domain::task::MAX_OPEN_TASKS;
use domain::{TaskId, UserId};
use events::{Chain, DeleteReason, TaskDocument};
use function::{Fingerprint, Function, Problem, Rate, Request, idempotency_key, refuse_erased};
use serde::{Deserialize, Serialize};

use crate::decide::{Change, Context, Outcome};
use crate::head::{self, Head};
use crate::place::Place;
use crate::record::{self, Found, Record, Stored};

/// How often a command tries again when another of the same user's came first, or the store's answer was lost.
const TRIES: u32 = 12;

/// How long the answer to a command is kept: 24 hours.
const REQUEST_TTL_SECONDS: u32 = 24 * 60 * 60;

/// What a decision is told: whose task it is, the time, the chain, and where ids come from.
pub(crate) fn context<'a, D: Dapr>(
    function: &'a Function<D>,
    user: &'a UserId,
    chain: Chain,
) -> Context<'a> {
    Context {
        user,
        now: function.now(),
        chain,
        new_id: &function.new_id,
    }
}

/// A command that is to be carried out once, however often it is sent.
pub(crate) struct Command<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) task_id: TaskId,
    /// The caller's idempotency key, or a fresh id.
    pub(crate) request_key: String,
    /// Of the request; that of none where the key is a fresh id.
    pub(crate) fingerprint: Fingerprint,
    /// How many commands a person may give; absent for what no person asks for.
    pub(crate) rate: Option<Rate>,
}

/// What was committed, and what is still to be published.
#[derive(Debug)]
pub(crate) struct Committed {
    /// The task as it now is; `None` when it is gone.
    pub(crate) task: Option<TaskDocument>,
    /// Whether this very command made the task.
    pub(crate) created: bool,
    pub(crate) to_publish: ToPublish,
}

/// The answer kept under `request/{user}/{key}`.
#[derive(Serialize, Deserialize)]
struct Answered {
    fingerprint: Fingerprint,
    task: Option<TaskDocument>,
    created: bool,
}

impl<'a> Command<'a> {
    /// A command that a person gives.
    ///
    /// # Errors
    /// 400 when its idempotency key is none.
    pub(crate) fn of_person<D: Dapr>(
        function: &Function<D>,
        context: &'a Context<'a>,
        task_id: TaskId,
        request: &Request,
    ) -> Result<Self, Problem> {
        let key = idempotency_key(request.headers())?;
        Ok(Self {
            context,
            task_id,
            request_key: key.unwrap_or_else(|| function.fresh().to_string()),
            fingerprint: Fingerprint::of(request),
            rate: Some(function.limits.commands),
        })
    }

    /// A command that an event caused: event and task are its idempotency key, and the path of the request tells a creation
    /// from a withdrawal.
    pub(crate) fn of_event(context: &'a Context<'a>, task_id: TaskId, request: &Request) -> Self {
        let cause = context.chain.causation_id.unwrap_or_default();
        Self {
            context,
            task_id,
            request_key: format!("{cause}-{task_id}"),
            fingerprint: Fingerprint::of(request),
            rate: None,
        }
    }

    /// Loads, lets `decide` decide, and commits; again from the beginning when somebody else came first.
    pub(crate) async fn run<D: Dapr>(
        &self,
        dapr: &D,
        decide: impl Fn(Found) -> Result<Outcome, Problem>,
    ) -> Result<Committed, Problem> {
        let mut last = DaprError::Conflict;
        for _ in 0..TRIES {
            let loaded = self.load(dapr).await?;
            refuse_erased(loaded.head.erased, self.context.now)?;
            if let Some(answered) = loaded.answered {
                return self.repeat(answered);
            }
            let mut outcome = decide(loaded.found)?;
            outcome.stored = loaded.documents.stored.document.clone();
            match self
                .commit(dapr, loaded.head, loaded.documents, outcome)
                .await
            {
                Ok(committed) => return Ok(committed),
                Err(Failed::Refused(problem)) => return Err(*problem),
                // After a lost answer the next round finds the answer under the request's key, if it was committed.
                Err(Failed::Dapr(
                    error @ (DaprError::Conflict | DaprError::Unavailable { .. }),
                )) => last = error,
                Err(Failed::Dapr(error)) => return Err(error.into()),
            }
        }
        Err(last.into())
    }

    fn user(&self) -> &UserId {
        self.context.user
    }

    fn request_document_key(&self) -> String {
        format!("request/{}/{}", self.user(), self.request_key)
    }

    async fn load<D: Dapr>(&self, dapr: &D) -> Result<Loaded, DaprError> {
        let task_key = record::key(self.user(), self.task_id);
        let request_key = self.request_document_key();
        let keys = [
            head::key(self.user()),
            request_key.clone(),
            task_key.clone(),
        ];
        let mut documents = dapr.get_many(&keys).await?.into_iter();
        let mut next = || documents.next().flatten();
        let (head_document, request, task_document) = (next(), next(), next());
        let (found, stored) = record::read_whole(&task_key, task_document.as_ref())?;
        Ok(Loaded {
            head: Head::read(self.user(), head_document.as_ref())?,
            answered: request
                .map(|document| document.read(&request_key))
                .transpose()?,
            found,
            documents: Documents {
                head: head_document,
                task: task_document,
                stored,
            },
        })
    }

    fn repeat(&self, answered: Answered) -> Result<Committed, Problem> {
        self.fingerprint.check(&answered.fingerprint)?;
        Ok(Committed {
            task: answered.task,
            created: answered.created,
            to_publish: ToPublish::default(),
        })
    }

    async fn commit<D: Dapr>(
        &self,
        dapr: &D,
        mut head: Head,
        documents: Documents,
        outcome: Outcome,
    ) -> Result<Committed, Failed> {
        let task = outcome.after().map(TaskDocument::from);
        if outcome.change.is_none() {
            return Ok(Committed {
                task,
                created: false,
                to_publish: ToPublish::default(),
            });
        }
        if let Some(rate) = self.rate {
            let taken = head.pace.take(rate, self.context.now);
            taken.map_err(|seconds| {
                Failed::Refused(Box::new(Problem::too_many_requests(seconds)))
            })?;
        }
        let created = outcome.creates();
        if outcome.is_limited() && head.open.len() >= MAX_OPEN_TASKS {
            let detail =
                format!("There are {MAX_OPEN_TASKS} open tasks. Complete or delete some first.");
            return Err(Failed::Refused(Box::new(Problem::limit(detail))));
        }
        let edit = Edit::of(&outcome, documents.stored.place.clone());
        let (mut writes, pending) = self.edit_lists(dapr, &mut head, &edit).await?;
        let may_publish = head.outbox.may_publish(&pending, self.context.now);
        let earlier = numbered(head.outbox.relayed_to + 1, &pending);

        let first = head.outbox.sequence + 1;
        let mut events = outcome.events(self.context, head.revision());
        writes.extend(head.outbox.append(self.user().as_str(), &mut events, true));
        let own = (first..)
            .zip(events)
            .map(|(number, event)| Numbered { number, event });
        let to_publish = match may_publish {
            true => ToPublish {
                earlier,
                own: own.collect(),
            },
            false => ToPublish::default(),
        };
        let (insert, entries) = self.plan_check(dapr, &mut head).await?;
        writes.extend(entries);
        let request_key = self.request_document_key();
        let (user, now) = (self.user().as_str(), self.context.now);
        writes.push(head.answers.keep(user, first, &request_key, now));
        head.erased = None;
        writes.push(Write::put(
            head::key(self.user()),
            &head,
            Condition::as_read(documents.head.as_ref()),
        ));
        writes.push(self.task_write(&outcome, &documents, edit));
        let answer = Answered {
            fingerprint: self.fingerprint.clone(),
            task: task.clone(),
            created,
        };
        writes.push(
            Write::put(request_key, &answer, Condition::Absent).with_ttl(REQUEST_TTL_SECONDS),
        );
        dapr.transact(writes).await?;
        if let Some(insert) = insert {
            insert.confirm(dapr).await?;
        }
        Ok(Committed {
            task,
            created,
            to_publish,
        })
    }

    /// Moves the task between the lists, and reads on the way what earlier commands may have left unpublished.
    async fn edit_lists<D: Dapr>(
        &self,
        dapr: &D,
        head: &mut Head,
        edit: &Edit,
    ) -> Result<(Vec<Write>, Vec<Pending>), DaprError> {
        let user = self.user().as_str();
        let prefix = head::open_prefix(self.user());
        let pending = head.outbox.pending_keys(user);
        let changes = edit.changes(None);
        let edited = ordered::edit(dapr, &prefix, &mut head.open, &changes, &pending).await?;
        edited.warn_of_drift("the list of open tasks", user);
        let mut writes = edited.writes;
        for month in edit.months() {
            writes.extend(self.edit_month(dapr, head, month, edit).await?);
        }
        let left: Vec<Pending> = pending
            .iter()
            .zip(&edited.beside)
            .map(|(key, document)| Pending::of(key, document.as_ref()))
            .collect();
        let gone = left
            .iter()
            .take_while(|pending| **pending == Pending::Published)
            .count();
        head.outbox.relayed_to += gone as u64;
        Ok((writes, left[gone..].to_vec()))
    }

    async fn edit_month<D: Dapr>(
        &self,
        dapr: &D,
        head: &mut Head,
        month: &str,
        edit: &Edit,
    ) -> Result<Vec<Write>, DaprError> {
        let prefix = head::done_prefix(self.user(), month);
        let document = dapr.get(&prefix).await?;
        let mut directory: Directory = document
            .as_ref()
            .map(|document| document.read(&prefix))
            .transpose()?
            .unwrap_or_default();
        let changes = edit.changes(Some(month));
        let edited = ordered::edit(dapr, &prefix, &mut directory, &changes, &[]).await?;
        edited.warn_of_drift(&format!("the list of {month}"), self.user().as_str());
        let mut writes = edited.writes;
        let condition = Condition::as_read(document.as_ref());
        head.list_month(month, !directory.is_empty());
        if !directory.is_empty() {
            writes.push(Write::put(prefix, &directory, condition));
        } else if document.is_some() {
            writes.push(Write::delete(prefix, condition));
        }
        Ok(writes)
    }

    async fn plan_check<D: Dapr>(
        &self,
        dapr: &D,
        head: &mut Head,
    ) -> Result<(Option<Insert>, Vec<Write>), DaprError> {
        let Some(at) = head.outbox.plan_check(self.context.now) else {
            return Ok((None, Vec::new()));
        };
        let entry = Entry::new(at, self.user().as_str(), self.user().as_str());
        let (insert, writes) = Insert::plan(dapr, vec![entry], self.context.now).await?;
        Ok((Some(insert), writes))
    }

    fn task_write(&self, outcome: &Outcome, documents: &Documents, edit: Edit) -> Write {
        let (key, condition) = (
            record::key(self.user(), self.task_id),
            Condition::as_read(documents.task.as_ref()),
        );
        let gone = |record: Record| {
            Write::put(key.as_str(), &record, condition.clone())
                .with_ttl(record::REMEMBERED_SECONDS)
        };
        match (outcome.document(), edit.into, &outcome.change) {
            (Some(task), Some((place, _)), _) => {
                Write::put(key, &documents.stored.record_of(task, place), condition)
            }
            (_, _, Some(Change::Gone(DeleteReason::Withdrawn))) => gone(Record::Withdrawn),
            _ => gone(Record::Deleted),
        }
    }
}

/// Publishes what a command committed. What fails here is published by a later command or by the timetable's check.
pub(crate) async fn publish<D: Dapr>(dapr: &D, user: &UserId, to_publish: ToPublish) {
    if let Err(error) = relay_in_turn(dapr, user.as_str(), to_publish).await {
        eprintln!("the events of {user} stay in the outbox for now: {error}");
    }
}

fn numbered(first: u64, pending: &[Pending]) -> Vec<Numbered> {
    let numbered = |(number, pending): (u64, &Pending)| match pending {
        Pending::Event(event) => Some(Numbered {
            number,
            event: (**event).clone(),
        }),
        Pending::Published | Pending::Unreadable => None,
    };
    (first..).zip(pending).filter_map(numbered).collect()
}

struct Loaded {
    head: Head,
    answered: Option<Answered>,
    found: Found,
    documents: Documents,
}

/// The documents that a command replaces, as they were read.
struct Documents {
    head: Option<Document>,
    task: Option<Document>,
    stored: Stored,
}

enum Failed {
    Dapr(DaprError),
    Refused(Box<Problem>),
}

impl From<DaprError> for Failed {
    fn from(error: DaprError) -> Self {
        Self::Dapr(error)
    }
}

/// Where a change takes a task out of the lists, and where it puts it in.
struct Edit {
    out: Option<Place>,
    into: Option<(Place, Item)>,
}

impl Edit {
    /// The edit that brings the lists from what `outcome` found to what it comes to. The task stands at `place`, or, if an
    /// older version put it there, where today's rules say.
    fn of(outcome: &Outcome, place: Option<Place>) -> Self {
        let before = outcome.before.as_ref();
        Self {
            out: before.map(|task| place.unwrap_or_else(|| Place::of(task).0)),
            into: outcome.after().map(Place::of),
        }
    }

    /// What changes in the list of a month, or of open tasks.
    fn changes(&self, month: Option<&str>) -> Vec<ListChange> {
        let is_of_list = |place: &Place| place.month.as_deref() == month;
        let out = self.out.iter().filter(|place| is_of_list(place));
        let into = self.into.iter().filter(|(place, _)| is_of_list(place));
        out.map(|place| ListChange::Remove(place.key.clone()))
            .chain(into.map(|(_, item)| ListChange::Put(item.clone())))
            .collect()
    }

    fn months(&self) -> Vec<&str> {
        let out = self.out.iter();
        let into = self.into.iter().map(|(place, _)| place);
        let mut months: Vec<&str> = out
            .chain(into)
            .filter_map(|place| place.month.as_deref())
            .collect();
        months.dedup();
        months
    }
}
