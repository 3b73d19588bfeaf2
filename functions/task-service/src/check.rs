//! Whether a person's lists say what their tasks say. The tasks are the source: what a list says otherwise is mended by
//! putting the task where it belongs, or by taking out what no task stands behind.

mod events;

use std::time::Instant;

use dapr::check::{Check, Report, let_commands_in};
use dapr::ordered::{
    self, Change as ListChange, Checked, Directory, Edited, Forgotten, Item, Reading,
};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use domain::{Task, TaskId, UserId};
use function::{Fingerprint, Problem};

use crate::commit::{Command, publish};
use crate::decide::{self, Context};
use crate::head::{self, Head};
use crate::place::Place;
use crate::record::{self, Found, Stored};

/// After how many items of the lists a check ends and says where to go on.
const STRETCH: usize = 256;

/// After how many findings it ends as well, since mending them takes time.
const MOST_FINDINGS: usize = 16;

/// How many records are read at a time.
const BATCH: usize = 32;

/// The kind of a finding: the rules of a task's time zone put it elsewhere than those by which it was put where it is.
const OTHER_RULES: &str = "other-rules";

/// How often a mend tries again when the person's own commands come first.
const TRIES: u32 = 12;

/// A check of one person's lists and tasks.
pub(crate) struct Checking<'a, D> {
    pub(crate) dapr: &'a D,
    pub(crate) context: &'a Context<'a>,
    pub(crate) repair: bool,
    report: Report,
}

/// A list: of open tasks, or of those that were completed in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
struct List {
    month: Option<String>,
}

/// What is wrong with an item of a list.
enum Wrong {
    /// The task's document, under this key, can't be read.
    Unreadable(String, String),
    /// Its task is gone.
    Lost(TaskId),
    /// It should not be there.
    Extra(&'static str),
    /// It does not show its task as that is: the kind of the finding, and a sentence.
    Differs(TaskId, &'static str, &'static str),
}

/// Where a check goes on: behind a key of a list.
struct From {
    list: List,
    after: Option<String>,
}

impl List {
    fn prefix(&self, user: &UserId) -> String {
        match &self.month {
            None => head::open_prefix(user),
            Some(month) => head::done_prefix(user, month),
        }
    }
}

impl From {
    /// Reads `open/{key}` or `YYYY-MM/{key}`.
    fn parse(text: &str) -> Option<Self> {
        let (list, after) = text.split_once('/')?;
        let month = match list {
            "open" => None,
            month => Some(month.to_owned()),
        };
        Some(Self {
            list: List { month },
            after: Some(after.to_owned()).filter(|after| !after.is_empty()),
        })
    }

    fn text(list: &List, after: &str) -> String {
        let month = list.month.as_deref().unwrap_or("open");
        format!("{month}/{after}")
    }
}

impl<'a, D: Dapr> Checking<'a, D> {
    pub(crate) fn new(dapr: &'a D, context: &'a Context<'a>, repair: bool) -> Self {
        Self {
            dapr,
            context,
            repair,
            report: Report::default(),
        }
    }

    /// Checks what is asked for: the tasks that are named, or a stretch of the lists.
    ///
    /// # Errors
    /// 422 for a `from` that no report named; else what the store answered.
    pub(crate) async fn run(mut self, check: &Check) -> Result<Report, Problem> {
        if !check.task_ids.is_empty() {
            for ids in check.task_ids.chunks(BATCH) {
                let ids: Vec<TaskId> = ids.iter().copied().map(TaskId).collect();
                self.tasks(&ids).await?;
            }
            return Ok(self.report);
        }
        let from = match &check.from {
            Some(text) => From::parse(text).ok_or_else(|| {
                Problem::invalid_field("/from", "takes what a report called `next`")
            })?,
            None => {
                self.numbers(check.last_sequence).await?;
                self.head().await?;
                From {
                    list: List { month: None },
                    after: None,
                }
            }
        };
        self.list(from).await?;
        Ok(self.report)
    }

    fn user(&self) -> &'a UserId {
        self.context.user
    }

    async fn read_head(&self) -> Result<(Head, Option<Document>), DaprError> {
        let document = self.dapr.get(&head::key(self.user())).await?;
        Ok((Head::read(self.user(), document.as_ref())?, document))
    }

    async fn directory(&self, list: &List) -> Result<(Directory, Owner), DaprError> {
        let (head, head_document) = self.read_head().await?;
        let Some(month) = &list.month else {
            let open = head.open.clone();
            return Ok((
                open,
                Owner {
                    head,
                    head_document,
                    month: None,
                },
            ));
        };
        let key = head::done_prefix(self.user(), month);
        let document = self.dapr.get(&key).await?;
        let directory = document.as_ref().map(|document| document.read(&key));
        let directory = directory.transpose()?.unwrap_or_default();
        let month = Some((month.clone(), document));
        Ok((
            directory,
            Owner {
                head,
                head_document,
                month,
            },
        ))
    }

    async fn list(&mut self, from: From) -> Result<(), Problem> {
        let From { list, mut after } = from;
        let prefix = list.prefix(self.user());
        if after.is_none() {
            self.forgotten(&list, &prefix).await?;
        }
        let (mut looked_at, mut tries) = (0, 0);
        loop {
            let (directory, owner) = self.directory(&list).await?;
            let at = match &after {
                None => 0,
                Some(after) => directory.position(after).unwrap_or(0),
            };
            let Some(checked) = ordered::check_chunk(self.dapr, &prefix, &directory, at).await?
            else {
                self.report.next = owner.next_list(&list);
                return Ok(());
            };
            let behind = directory
                .chunks()
                .get(at + 1)
                .map(|next| next.first.clone());
            if checked.fault.is_some() && self.directory(&list).await?.0 != directory {
                // Somebody changed the list between the two reads.
                continue;
            }
            let Checked { items, fault } = checked;
            let mut wrong = Vec::new();
            for items in items.chunks(BATCH) {
                wrong.extend(self.wrong_items(&list, items).await?);
            }
            if !wrong.is_empty() && self.read_head().await?.1 != owner.head_document {
                // What was read belongs to several moments: it is read again, or left to the next check.
                tries += 1;
                if tries < TRIES {
                    continue;
                }
                wrong.clear();
            }
            tries = 0;
            self.report.checked += items.len() as u64;
            looked_at += items.len().max(1);
            if let Some(fault) = fault {
                let mended = self.repair && self.mend(&list, fault.number).await?;
                let place = ordered::chunk_key(&prefix, fault.number);
                self.report.find("list-chunk", place, fault.what, mended);
            }
            for (key, wrong) in wrong {
                self.mend_item(&list, key, wrong).await?;
            }
            let Some(behind) = behind else {
                let (_, owner) = self.directory(&list).await?;
                self.report.next = owner.next_list(&list);
                return Ok(());
            };
            after = Some(behind);
            if looked_at >= STRETCH || self.report.findings.len() >= MOST_FINDINGS {
                self.report.next = after.map(|after| From::text(&list, &after));
                return Ok(());
            }
        }
    }

    /// Chunks that the directory no longer leads to.
    async fn forgotten(&mut self, list: &List, prefix: &str) -> Result<(), Problem> {
        let mut forgotten = Vec::new();
        for _ in 0..TRIES {
            let (directory, _) = self.directory(list).await?;
            forgotten = ordered::forgotten_chunks(self.dapr, prefix, &directory).await?;
            if forgotten.is_empty() || self.directory(list).await?.0 == directory {
                break;
            }
            // A chunk may have been added meanwhile.
            forgotten.clear();
        }
        for number in forgotten {
            // What tasks stand in it is found by the check of the tasks.
            let drop = async |dapr: &D, prefix: &str, directory: &mut Directory| {
                ordered::mend_forgotten(dapr, prefix, directory, number, Forgotten::Drop).await
            };
            let mended = self.repair && self.change_list(list, drop).await?;
            let key = ordered::chunk_key(prefix, number);
            let detail = "the directory does not lead to it";
            self.report.find("forgotten-chunk", key, detail, mended);
        }
        Ok(())
    }

    /// Those items of a list behind which no task stands that is there and looks so.
    async fn wrong_items(
        &self,
        list: &List,
        items: &[Item],
    ) -> Result<Vec<(String, Wrong)>, DaprError> {
        let ids: Vec<Option<TaskId>> = items.iter().map(|item| task_of(&item.key)).collect();
        let keys: Vec<String> = ids
            .iter()
            .map(|id| record::key(self.user(), id.unwrap_or(TaskId(uuid::Uuid::nil()))))
            .collect();
        let documents = self.dapr.get_many(&keys).await?;
        let mut wrong = Vec::new();
        for (((item, id), key), document) in items.iter().zip(ids).zip(&keys).zip(documents) {
            let found = wrong_item(list, item, id, key, document.as_ref());
            wrong.extend(found.map(|found| (item.key.clone(), found)));
        }
        Ok(wrong)
    }

    async fn mend_item(&mut self, list: &List, key: String, wrong: Wrong) -> Result<(), Problem> {
        match wrong {
            Wrong::Unreadable(key, detail) => {
                self.report.find("unreadable-task", key, detail, false);
            }
            Wrong::Lost(id) => {
                // That it was would be known for 90 days if it had been deleted: it was lost, and this is its last trace.
                let detail = "its document is gone: a backup has it, and the record what it was";
                self.report.find("lost-task", id.to_string(), detail, false);
            }
            Wrong::Extra(detail) => self.extra(list, &key, detail).await?,
            Wrong::Differs(id, kind, detail) => {
                let mended = self.settle(id, kind == OTHER_RULES).await?;
                self.report.find(kind, key, detail, mended);
            }
        }
        Ok(())
    }

    async fn extra(&mut self, list: &List, key: &str, detail: &str) -> Result<(), Problem> {
        let mended = self.repair
            && self
                .change_list(list, async |dapr, prefix, directory| {
                    let changes = [ListChange::Remove(key.to_owned())];
                    ordered::edit(dapr, prefix, directory, &changes, &[]).await
                })
                .await?;
        self.report.find("extra-in-list", key, detail, mended);
        Ok(())
    }

    async fn mend(&self, list: &List, number: u32) -> Result<bool, Problem> {
        self.change_list(list, async |dapr, prefix, directory| {
            ordered::mend_chunk(dapr, prefix, directory, number).await
        })
        .await
    }

    async fn change_list(
        &self,
        list: &List,
        change: impl AsyncFn(&D, &str, &mut Directory) -> Result<Edited, DaprError>,
    ) -> Result<bool, Problem> {
        let prefix = list.prefix(self.user());
        let began = Instant::now();
        for _ in 0..TRIES {
            let (mut directory, owner) = self.directory(list).await?;
            let edited = change(self.dapr, &prefix, &mut directory).await?;
            let mut writes = edited.writes;
            writes.extend(owner.writes(self.user(), directory));
            match self.dapr.transact(writes).await {
                Ok(()) => {
                    let_commands_in(self.dapr, began).await;
                    return Ok(true);
                }
                Err(DaprError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// Tasks: each is in the list where it says that it stands.
    async fn tasks(&mut self, ids: &[TaskId]) -> Result<(), Problem> {
        let keys: Vec<String> = ids.iter().map(|id| record::key(self.user(), *id)).collect();
        let documents = self.dapr.get_many(&keys).await?;
        for ((id, key), document) in ids.iter().zip(&keys).zip(documents) {
            self.report.checked += 1;
            self.task(*id, key, document).await?;
        }
        Ok(())
    }

    async fn task(
        &mut self,
        id: TaskId,
        key: &str,
        mut document: Option<Document>,
    ) -> Result<(), Problem> {
        for _ in 0..TRIES {
            let (found, stored) = match record::read_whole(key, document.as_ref()) {
                Ok(read) => read,
                Err(error) => {
                    self.report
                        .find("unreadable-task", key, error.to_string(), false);
                    return Ok(());
                }
            };
            let Found::Live(task) = found else {
                return Ok(());
            };
            let Some((kind, detail)) = self.misplaced(&task, &stored).await? else {
                return Ok(());
            };
            let now = self.dapr.get(key).await?;
            if now == document {
                let mended = self.settle(id, kind == OTHER_RULES).await?;
                self.report.find(kind, id.to_string(), detail, mended);
                return Ok(());
            }
            // Somebody changed the task meanwhile.
            document = now;
        }
        Ok(())
    }

    /// How the list where a task says that it stands does not show it, if it does not.
    async fn misplaced(
        &self,
        task: &Task,
        stored: &Stored,
    ) -> Result<Option<(&'static str, &'static str)>, DaprError> {
        let (today, expected) = Place::of(task);
        let place = stored.place.clone().unwrap_or_else(|| today.clone());
        let list = List {
            month: place.month.clone(),
        };
        let (prefix, key) = (list.prefix(self.user()), head::key(self.user()));
        let parse = |document: Option<&Document>| Head::read(self.user(), document);
        let read = async |head: &Head, reading: &Reading<'_, D>| {
            let directory = match &place.month {
                None => Some(head.open.clone()),
                Some(month) if head.done_months.contains(month) => {
                    reading.directory(&prefix, head.done_edits).await?
                }
                Some(_) => None,
            };
            match directory {
                Some(directory) => reading.find(&prefix, &directory, &place.key).await,
                None => Ok(None),
            }
        };
        Ok(
            match ordered::read_settled(self.dapr, &key, parse, read).await {
                Ok(Some(item)) => difference(stored, &today, &expected, &item),
                Ok(None) => Some(("missing-from-list", "no list has it")),
                // The walk through the list finds and mends the chunk.
                Err(DaprError::Corrupt { .. }) => {
                    Some(("missing-from-list", "its chunk is corrupt"))
                }
                Err(error) => return Err(error),
            },
        )
    }

    /// Puts a task where it belongs by the rules of today.
    async fn settle(&self, id: TaskId, has_moved: bool) -> Result<bool, Problem> {
        if !self.repair {
            return Ok(false);
        }
        let request = (self.context.new_id)();
        let command = Command {
            context: self.context,
            task_id: id,
            request_key: request.to_string(),
            fingerprint: Fingerprint::default(),
            rate: None,
        };
        let decide = |found| Ok(decide::settle(id, found, has_moved));
        let began = Instant::now();
        match command.run(self.dapr, decide).await {
            Ok(committed) => {
                publish(self.dapr, self.user(), committed.to_publish).await;
                let_commands_in(self.dapr, began).await;
                Ok(true)
            }
            // A chunk that is corrupt: the walk through the lists mends it first.
            Err(problem) if problem.status == 500 => Ok(false),
            Err(problem) => Err(problem),
        }
    }
}

/// Who keeps a list's directory, as it was read.
struct Owner {
    head: Head,
    head_document: Option<Document>,
    /// The month and its document, for a list of completed tasks.
    month: Option<(String, Option<Document>)>,
}

impl Owner {
    /// The list after this one: the months of completed tasks follow the open ones, the newest first.
    fn next_list(&self, list: &List) -> Option<String> {
        let mut months = self.head.done_months.iter().rev();
        let next = match &list.month {
            None => months.next(),
            Some(month) => months.find(|other| *other < month),
        };
        let month = Some(next?.clone());
        Some(From::text(&List { month }, ""))
    }

    fn writes(self, user: &UserId, directory: Directory) -> Vec<Write> {
        let Self {
            mut head,
            head_document,
            month,
        } = self;
        let condition = Condition::as_read(head_document.as_ref());
        let Some((month, document)) = month else {
            head.open = directory;
            return vec![Write::put(head::key(user), &head, condition)];
        };
        let is_empty = directory.is_empty();
        head.list_month(&month, !is_empty);
        let key = head::done_prefix(user, &month);
        let unchanged = Condition::as_read(document.as_ref());
        let write = match is_empty {
            true => document.is_some().then(|| Write::delete(key, unchanged)),
            false => Some(Write::put(key, &directory, unchanged)),
        };
        let mut writes = vec![Write::put(head::key(user), &head, condition)];
        writes.extend(write);
        writes
    }
}

/// What is wrong with an item, `document` being that of its task.
fn wrong_item(
    list: &List,
    item: &Item,
    id: Option<TaskId>,
    key: &str,
    document: Option<&Document>,
) -> Option<Wrong> {
    let read = match record::read_whole(key, document) {
        Ok(read) => read,
        Err(error) => return Some(Wrong::Unreadable(key.to_owned(), error.to_string())),
    };
    if let (Some(id), (Found::Nothing, _)) = (id, &read) {
        return Some(Wrong::Lost(id));
    }
    let (Some(id), (Found::Live(task), stored)) = (id, read) else {
        return Some(Wrong::Extra("there is no such task"));
    };
    let here = |place: &Place| place.month == list.month && place.key == item.key;
    let (place, expected) = Place::of(&task);
    let is_here = match &stored.place {
        Some(stored) => here(stored),
        None => here(&place),
    };
    if !is_here {
        return Some(Wrong::Extra("its task stands elsewhere"));
    }
    let difference = difference(&stored, &place, &expected, item);
    difference.map(|(kind, detail)| Wrong::Differs(id, kind, detail))
}

/// What the list shows of a task that is not as the task is now, by the rules of today.
fn difference(
    stored: &Stored,
    today: &Place,
    expected: &Item,
    item: &Item,
) -> Option<(&'static str, &'static str)> {
    match &stored.place {
        None => Some(("older-document", "it does not say where it stands")),
        Some(place) if place.key != today.key || place.due_at != today.due_at => {
            Some((OTHER_RULES, "the rules of its time zone have changed"))
        }
        Some(_) if item.value.value() != expected.value.value() => {
            Some(("stale-in-list", "the list shows an older state of it"))
        }
        Some(_) => None,
    }
}

/// The task that a sort key ends with.
pub(crate) fn task_of(key: &str) -> Option<TaskId> {
    key.rsplit('/').next()?.parse().ok()
}
