//! From a decision to an acknowledged change: one state transaction with the task, the lists, the head, the events and
//! the answer. Publishing follows after the answer.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dapr::ordered::{Directory, Editor, Item, chunk_key};
use dapr::outbox::{Numbered, ToPublish, relay_in_turn};
use dapr::timetable::{Entry, Insert};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use domain::task::{MAX_OPEN_TASKS, Status};
use domain::{Task, TaskId, UserId};
use events::TaskDocument;
use http_api::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::decide::{Change, Context, Outcome};
use crate::head::{self, Head};
use crate::record::{self, Found, Record};
use crate::summary;

/// How often a command tries again when another of the same user's came first, or the store's answer was lost.
const TRIES: u32 = 12;

/// How long the answer to a command is kept: 24 hours.
const REQUEST_TTL_SECONDS: u32 = 24 * 60 * 60;

/// A command that is to be carried out once, however often it is sent.
pub(crate) struct Command<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) task_id: TaskId,
    /// The caller's idempotency key, or a fresh id.
    pub(crate) request_key: String,
    /// What tells this command from another one sent by mistake under the same key.
    pub(crate) fingerprint: String,
}

/// What was committed, and what is still to be published.
#[derive(Debug)]
pub(crate) struct Committed {
    /// The task as it now is; `None` when it is gone.
    pub(crate) task: Option<Value>,
    /// Whether this very command made the task.
    pub(crate) created: bool,
    pub(crate) to_publish: ToPublish,
}

/// The answer kept under `request/{user}/{key}`.
#[derive(Serialize, Deserialize)]
struct Answered {
    fingerprint: String,
    task: Option<Value>,
    created: bool,
}

/// The fingerprint of a command: method, path and body.
pub(crate) fn fingerprint(method: &http::Method, path: &str, body: &[u8]) -> String {
    let mut digest = Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes(), body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

impl Command<'_> {
    /// Loads, lets `decide` decide, and commits; again from the beginning when somebody else came first.
    pub(crate) async fn run<D: Dapr>(
        &self,
        dapr: &D,
        decide: impl Fn(Found) -> Result<Outcome, Problem>,
    ) -> Result<Committed, Problem> {
        let mut last = DaprError::Conflict;
        for _ in 0..TRIES {
            let loaded = self.load(dapr).await?;
            if let Some(answered) = loaded.answered {
                return self.repeat(answered);
            }
            let outcome = Outcome {
                stored: loaded.stored,
                ..decide(loaded.found)?
            };
            match self
                .commit(
                    dapr,
                    loaded.head,
                    loaded.head_document,
                    loaded.task_document,
                    outcome,
                )
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
            stored,
            head_document,
            task_document,
        })
    }

    fn repeat(&self, answered: Answered) -> Result<Committed, Problem> {
        if answered.fingerprint != self.fingerprint {
            return Err(Problem::conflict(
                "This Idempotency-Key was used for another request. Use a new one.",
            ));
        }
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
        head_document: Option<Document>,
        task_document: Option<Document>,
        outcome: Outcome,
    ) -> Result<Committed, Failed> {
        let task = outcome
            .after()
            .map(|task| serde_json::to_value(TaskDocument::from(task)).unwrap_or_default());
        if outcome.change.is_none() {
            return Ok(Committed {
                task,
                created: false,
                to_publish: ToPublish::default(),
            });
        }
        let created = outcome.creates();
        if outcome.is_limited() && head.open.len() >= MAX_OPEN_TASKS {
            let detail =
                format!("There are {MAX_OPEN_TASKS} open tasks. Complete or delete some first.");
            return Err(Failed::Refused(Box::new(Problem::limit(detail))));
        }
        let (mut writes, pending) = self.edit_lists(dapr, &mut head, &outcome).await?;
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
        writes.push(Write::put(
            head::key(self.user()),
            &head,
            Condition::as_read(head_document.as_ref()),
        ));
        writes.push(self.task_write(&outcome, task_document.as_ref()));
        let answer = Answered {
            fingerprint: self.fingerprint.clone(),
            task: task.clone(),
            created,
        };
        writes.push(
            Write::put(self.request_document_key(), &answer, Condition::Absent)
                .with_ttl(REQUEST_TTL_SECONDS),
        );
        dapr.transact(writes).await?;
        if let Some(insert) = insert {
            insert.confirm(dapr, self.context.now).await?;
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
        outcome: &Outcome,
    ) -> Result<(Vec<Write>, Vec<Option<events::Event>>), DaprError> {
        let edit = Edit::of(outcome);
        let prefix = head::open_prefix(self.user());
        let numbers = head.open.needed(edit.keys(List::Open));
        let pending = head.outbox.pending_keys(self.user().as_str());
        let keys: Vec<String> = numbers
            .iter()
            .map(|&number| chunk_key(&prefix, number))
            .chain(pending.iter().cloned())
            .collect();
        let mut documents = dapr.get_many(&keys).await?;
        let outbox_documents = documents.split_off(numbers.len());

        let mut editor = Editor::new(&prefix, &mut head.open, numbers.into_iter().zip(documents))?;
        edit.apply(List::Open, &mut editor);
        let mut writes = editor.writes();
        for month in edit.months() {
            writes.extend(self.edit_month(dapr, head, &month, &edit).await?);
        }
        let left: Vec<Option<events::Event>> = pending
            .iter()
            .zip(&outbox_documents)
            .map(|(key, document)| {
                document
                    .as_ref()
                    .map(|document| document.read(key))
                    .transpose()
            })
            .collect::<Result<_, _>>()?;
        let gone = left.iter().take_while(|event| event.is_none()).count();
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
        let numbers = directory.needed(edit.keys(List::Done));
        let keys: Vec<String> = numbers
            .iter()
            .map(|&number| chunk_key(&prefix, number))
            .collect();
        let chunks = dapr.get_many(&keys).await?;
        let mut editor = Editor::new(&prefix, &mut directory, numbers.into_iter().zip(chunks))?;
        edit.apply(List::Done, &mut editor);
        let mut writes = editor.writes();
        if directory.is_empty() {
            head.done_months.retain(|other| other != month);
        } else if let Err(place) = head
            .done_months
            .binary_search_by(|other| other.as_str().cmp(month))
        {
            head.done_months.insert(place, month.to_owned());
        }
        writes.push(Write::put(
            prefix,
            &directory,
            Condition::as_read(document.as_ref()),
        ));
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

    fn task_write(&self, outcome: &Outcome, document: Option<&Document>) -> Write {
        let record = match (&outcome.change, outcome.document()) {
            (_, Some(task)) => Record::Live {
                task: Box::new(task),
            },
            (Some(Change::Gone(events::DeleteReason::Withdrawn)), None) => Record::Withdrawn,
            (_, None) => Record::Deleted,
        };
        Write::put(
            record::key(self.user(), self.task_id),
            &record,
            Condition::as_read(document),
        )
    }
}

/// Publishes what a command committed. What fails here is published by a later command or by the timetable's check.
pub(crate) async fn publish<D: Dapr>(dapr: &D, user: &UserId, to_publish: ToPublish) {
    if let Err(error) = relay_in_turn(dapr, user.as_str(), to_publish).await {
        eprintln!("the events of {user} stay in the outbox for now: {error}");
    }
}

fn numbered(first: u64, pending: &[Option<events::Event>]) -> Vec<Numbered> {
    (first..)
        .zip(pending)
        .filter_map(|(number, event)| event.clone().map(|event| Numbered { number, event }))
        .collect()
}

struct Loaded {
    head: Head,
    head_document: Option<Document>,
    answered: Option<Answered>,
    found: Found,
    stored: Option<Box<TaskDocument>>,
    task_document: Option<Document>,
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Open,
    Done,
}

/// What a change takes out of the lists and what it puts in.
struct Edit {
    out: Option<(List, String, String)>,
    into: Option<(List, Item, String)>,
}

impl Edit {
    fn of(outcome: &Outcome) -> Self {
        Self {
            out: outcome.before.as_ref().map(|task| {
                let (list, item, month) = place(task);
                (list, item.key, month)
            }),
            into: outcome.after().map(place),
        }
    }

    /// The sort keys that change in `list`.
    fn keys(&self, list: List) -> impl Iterator<Item = &str> {
        let out = self
            .out
            .iter()
            .filter(move |(of, ..)| *of == list)
            .map(|(_, key, _)| key.as_str());
        let into = self
            .into
            .iter()
            .filter(move |(of, ..)| *of == list)
            .map(|(_, item, _)| item.key.as_str());
        out.chain(into)
    }

    fn months(&self) -> Vec<String> {
        let out = self
            .out
            .iter()
            .filter(|(list, ..)| *list == List::Done)
            .map(|(.., month)| month.clone());
        let into = self
            .into
            .iter()
            .filter(|(list, ..)| *list == List::Done)
            .map(|(.., month)| month.clone());
        let mut months: Vec<String> = out.chain(into).collect();
        months.dedup();
        months
    }

    fn apply(&self, list: List, editor: &mut Editor<'_>) {
        if let Some((_, key, _)) = self.out.as_ref().filter(|(of, ..)| *of == list) {
            editor.remove(key);
        }
        if let Some((_, item, _)) = self.into.as_ref().filter(|(of, ..)| *of == list) {
            editor.insert(item.clone());
        }
    }
}

fn place(task: &Task) -> (List, Item, String) {
    match (task.status, task.completed_at) {
        (Status::Completed, Some(at)) => {
            (List::Done, summary::done_item(task, at), summary::month(at))
        }
        _ => (List::Open, summary::open_item(task), String::new()),
    }
}
