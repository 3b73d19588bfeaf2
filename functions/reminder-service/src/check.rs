//! Whether the list of a person's reminders, the ids that lead to them and the timetable say what the tasks' books say.

use std::time::Instant;

use dapr::check::{Check, Report, let_commands_in};
use dapr::ordered::{self, Change, Checked, Edited, Forgotten, Item};
use dapr::timetable::{self, Entry as Due, Insert};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use domain::UserId;
use events::Timestamp;
use function::Problem;
use uuid::Uuid;

use crate::agenda::{self, Head, Pointer};
use crate::book::{Book, Entry};
use crate::schedule;

/// After how many items of the list a check ends and says where to go on.
const STRETCH: usize = 256;

/// How often a mend tries again when others change the same documents.
const TRIES: u32 = 12;

/// By how many seconds a reminder may be late before nothing is taken to be on its way to it.
const LATE_SECONDS: i64 = 120;

/// What stands behind an item of the list.
enum Behind {
    /// A reminder that is not over.
    Reminder,
    /// A task whose reminders are lost: the item is their last trace.
    Lost,
    /// Nothing that should be listed.
    Nothing,
}

/// Something that is derived of a reminder and does not say what its task's book says.
enum Wrong {
    /// The list does not have this item of the reminder.
    Listed(Item, Uuid),
    /// The document under this key does not lead to the reminder.
    Pointer(String, Uuid),
    /// The timetable does not lead to the reminder, which is to ring then.
    Planned(Timestamp, Uuid, &'static str),
}

/// A check of one person's reminders.
pub(crate) struct Checking<'a, D> {
    pub(crate) dapr: &'a D,
    pub(crate) user: &'a UserId,
    pub(crate) now: Timestamp,
    pub(crate) repair: bool,
}

impl<D: Dapr> Checking<'_, D> {
    /// Checks the tasks that are named, or a stretch of the list.
    ///
    /// # Errors
    /// What the store answered.
    pub(crate) async fn run(&self, check: &Check) -> Result<Report, Problem> {
        let mut report = Report::default();
        if check.task_ids.is_empty() && check.from.is_none() {
            self.numbers(&mut report).await?;
        }
        if check.task_ids.is_empty() {
            self.list(check.from.as_deref(), &mut report).await?;
        }
        for task in &check.task_ids {
            self.task(*task, &mut report).await?;
        }
        Ok(report)
    }

    async fn head(&self) -> Result<(Head, Option<Document>), DaprError> {
        let key = agenda::head_key(self.user.as_str());
        let document = self.dapr.get(&key).await?;
        Ok((Head::read(&key, document.as_ref())?, document))
    }

    /// Of the events of the person's own commands, none counts as published that was not made. On record they have no
    /// numbers.
    async fn numbers(&self, report: &mut Report) -> Result<(), DaprError> {
        let Some(detail) = self.head().await?.0.outbox.misnumbered(0) else {
            return Ok(());
        };
        let user = self.user.as_str();
        let renumber = async |dapr: &D, head: &mut Head| {
            if head.outbox.misnumbered(0).is_some() {
                head.outbox.renumber(dapr, user, 0).await?;
            }
            Ok(Edited::default())
        };
        let mended = self.repair && self.change(renumber).await?;
        report.find("misnumbered", agenda::head_key(user), detail, mended);
        Ok(())
    }

    /// Walks the list: behind each item stands a reminder that is not over.
    async fn list(&self, from: Option<&str>, report: &mut Report) -> Result<(), Problem> {
        let user = self.user.as_str();
        let prefix = agenda::prefix(user);
        if from.is_none() {
            self.forgotten(&prefix, report).await?;
        }
        let (mut after, mut looked_at, mut tries) = (from.map(str::to_owned), 0, 0);
        loop {
            let (head, document) = self.head().await?;
            let at = after
                .as_deref()
                .and_then(|after| head.agenda.position(after))
                .unwrap_or(0);
            let checked = ordered::check_chunk(self.dapr, &prefix, &head.agenda, at).await?;
            let Some(Checked { items, fault }) = checked else {
                return Ok(());
            };
            if fault.is_some() && self.head().await?.0.agenda != head.agenda {
                // Somebody changed the list between the two reads.
                continue;
            }
            let behind = head
                .agenda
                .chunks()
                .get(at + 1)
                .map(|next| next.first.clone());
            looked_at += items.len().max(1);
            if let Some(fault) = fault {
                let number = fault.number;
                let mend = async |dapr: &D, head: &mut Head| {
                    ordered::mend_chunk(dapr, &prefix, &mut head.agenda, number).await
                };
                let mended = self.repair && self.change(mend).await?;
                let place = ordered::chunk_key(&prefix, number);
                report.find("list-chunk", place, fault.what, mended);
            }
            let checked = items.len() as u64;
            let mut wrong = Vec::new();
            for item in items {
                let pointer = item.value.read::<Pointer>().ok();
                match self.stands_behind(&item.key, pointer.as_ref()).await? {
                    Behind::Reminder => {}
                    behind => wrong.push((item.key, behind)),
                }
            }
            if !wrong.is_empty() && self.head().await?.1 != document {
                // What was read belongs to several moments: it is read again, or left to the next check.
                tries += 1;
                if tries < TRIES {
                    continue;
                }
                wrong.clear();
            }
            tries = 0;
            report.checked += checked;
            for (key, behind) in wrong {
                self.extra(key, &behind, report).await?;
            }
            let Some(behind) = behind else {
                return Ok(());
            };
            if looked_at >= STRETCH {
                report.next = Some(behind);
                return Ok(());
            }
            after = Some(behind);
        }
    }

    /// Chunks that the directory no longer leads to.
    async fn forgotten(&self, prefix: &str, report: &mut Report) -> Result<(), DaprError> {
        let mut forgotten = Vec::new();
        for _ in 0..TRIES {
            let (head, _) = self.head().await?;
            forgotten = ordered::forgotten_chunks(self.dapr, prefix, &head.agenda).await?;
            if forgotten.is_empty() || self.head().await?.0.agenda == head.agenda {
                break;
            }
            // A chunk may have been added meanwhile.
            forgotten.clear();
        }
        for number in forgotten {
            // What reminders stand in it is found by the check of the books.
            let drop = async |dapr: &D, head: &mut Head| {
                let (agenda, what) = (&mut head.agenda, Forgotten::Drop);
                ordered::mend_forgotten(dapr, prefix, agenda, number, what).await
            };
            let mended = self.repair && self.change(drop).await?;
            let key = ordered::chunk_key(prefix, number);
            let detail = "the directory does not lead to it";
            report.find("forgotten-chunk", key, detail, mended);
        }
        Ok(())
    }

    async fn extra(
        &self,
        key: String,
        behind: &Behind,
        report: &mut Report,
    ) -> Result<(), DaprError> {
        if matches!(behind, Behind::Lost) {
            let detail = "its task's reminders are gone: a replay makes them again";
            report.find("lost-reminders", key, detail, false);
            return Ok(());
        }
        let prefix = agenda::prefix(self.user.as_str());
        let take_out = async |dapr: &D, head: &mut Head| {
            let changes = [Change::Remove(key.clone())];
            ordered::edit(dapr, &prefix, &mut head.agenda, &changes, &[]).await
        };
        let mended = self.repair && self.change(take_out).await?;
        let detail = "no reminder that is not over stands there";
        report.find("extra-in-list", key, detail, mended);
        Ok(())
    }

    async fn stands_behind(
        &self,
        key: &str,
        pointer: Option<&Pointer>,
    ) -> Result<Behind, DaprError> {
        let Some(pointer) = pointer else {
            return Ok(Behind::Nothing);
        };
        let book_key = schedule::key(self.user.as_str(), pointer.task_id);
        let document = self.dapr.get(&book_key).await?;
        let book = document.map(|document| document.read::<Book>(&book_key));
        let book = match book {
            None => return Ok(Behind::Lost),
            // It is found by the check of its task.
            Some(Err(_)) => return Ok(Behind::Reminder),
            Some(Ok(book)) => book,
        };
        let entry = book
            .reminders
            .iter()
            .find(|entry| entry.id == pointer.reminder_id);
        let item = entry.and_then(|entry| agenda::item(pointer.task_id, entry));
        Ok(match item {
            Some(item) if item.key == key => Behind::Reminder,
            _ => Behind::Nothing,
        })
    }

    /// A change of the list, with the head that has its directory.
    async fn change(
        &self,
        change: impl AsyncFn(&D, &mut Head) -> Result<Edited, DaprError>,
    ) -> Result<bool, DaprError> {
        let began = Instant::now();
        for _ in 0..TRIES {
            let (mut head, document) = self.head().await?;
            let Edited { mut writes, .. } = change(self.dapr, &mut head).await?;
            let key = agenda::head_key(self.user.as_str());
            writes.push(Write::put(
                key,
                &head,
                Condition::as_read(document.as_ref()),
            ));
            match self.dapr.transact(writes).await {
                Ok(()) => {
                    let_commands_in(self.dapr, began).await;
                    return Ok(true);
                }
                Err(DaprError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// A task's book: each reminder that is not over is listed, led to by its id, and waits in the timetable.
    async fn task(&self, task: Uuid, report: &mut Report) -> Result<(), Problem> {
        let key = schedule::key(self.user.as_str(), task);
        let mut found = self.dapr.get(&key).await?;
        report.checked += u64::from(found.is_some());
        for _ in 0..TRIES {
            let Some(document) = found else {
                return Ok(());
            };
            let (head, before) = self.head().await?;
            let book: Book = match document.read(&key) {
                Ok(book) => book,
                Err(error) => {
                    // The record has what it was made of: a replay makes it again.
                    report.find("unreadable-reminders", key, error.to_string(), false);
                    return Ok(());
                }
            };
            let wrong = self.wrong(task, &key, &head, &book).await?;
            if wrong.is_empty() {
                return Ok(());
            }
            let is_settled = self.head().await?.1 == before;
            found = self.dapr.get(&key).await?;
            if is_settled && found.as_ref() == Some(&document) {
                for wrong in wrong {
                    self.mend(task, &key, wrong, report).await?;
                }
                return Ok(());
            }
            // What was read belongs to several moments: it is read again, or left to the next check.
        }
        Ok(())
    }

    /// What is derived of a task's reminders and does not say what its book says.
    async fn wrong(
        &self,
        task: Uuid,
        key: &str,
        head: &Head,
        book: &Book,
    ) -> Result<Vec<Wrong>, DaprError> {
        let mut wrong = Vec::new();
        let prefix = agenda::prefix(self.user.as_str());
        for entry in &book.reminders {
            if let Some(item) = agenda::item(task, entry) {
                let found = ordered::find(self.dapr, &prefix, &head.agenda, &item.key).await;
                match found {
                    Ok(Some(found)) if found.value == item.value => {}
                    Ok(_) | Err(DaprError::Corrupt { .. }) => {
                        wrong.push(Wrong::Listed(item, entry.id));
                    }
                    Err(error) => return Err(error),
                }
            }
            let pointer_key = agenda::pointer_key(self.user.as_str(), entry.id);
            let stored = self.dapr.get(&pointer_key).await?;
            let stored = stored.and_then(|stored| stored.read::<Pointer>(&pointer_key).ok());
            let leads_here =
                |stored: &Pointer| (stored.task_id, stored.reminder_id) == (task, entry.id);
            if !stored.as_ref().is_some_and(leads_here) {
                wrong.push(Wrong::Pointer(pointer_key, entry.id));
            }
            if let Some(detail) = self.is_unplanned(key, entry).await? {
                wrong.push(Wrong::Planned(entry.at, entry.id, detail));
            }
        }
        Ok(wrong)
    }

    async fn mend(
        &self,
        task: Uuid,
        key: &str,
        wrong: Wrong,
        report: &mut Report,
    ) -> Result<(), DaprError> {
        match wrong {
            Wrong::Listed(item, reminder) => {
                let prefix = agenda::prefix(self.user.as_str());
                let put = async |dapr: &D, head: &mut Head| {
                    // It may have moved meanwhile.
                    let document = dapr.get(key).await?;
                    let book: Option<Book> = document.and_then(|found| found.read(key).ok());
                    let is_there = book.is_some_and(|book| {
                        let mut items = book.reminders.iter().filter_map(|e| agenda::item(task, e));
                        items.any(|other| other == item)
                    });
                    let changes = is_there.then(|| Change::Put(item.clone()));
                    let changes: Vec<Change> = changes.into_iter().collect();
                    ordered::edit(dapr, &prefix, &mut head.agenda, &changes, &[]).await
                };
                let mended = self.repair && self.change(put).await?;
                let detail = "the list does not have it";
                report.find("missing-from-list", reminder.to_string(), detail, mended);
            }
            Wrong::Pointer(key, reminder_id) => {
                let pointer = Pointer {
                    task_id: task,
                    reminder_id,
                };
                if self.repair {
                    let write = Write::put(key.as_str(), &pointer, Condition::Any);
                    self.dapr.transact(vec![write]).await?;
                }
                let detail = "its id does not lead to it";
                report.find("pointer", key, detail, self.repair);
            }
            Wrong::Planned(at, reminder, detail) => {
                let mended = self.repair && self.plan(key, at).await?;
                report.find("unplanned", reminder.to_string(), detail, mended);
            }
        }
        Ok(())
    }

    /// How the timetable does not lead to a reminder that waits, if it does not.
    async fn is_unplanned(
        &self,
        key: &str,
        entry: &Entry,
    ) -> Result<Option<&'static str>, DaprError> {
        let late = (self.now.utc() - entry.at.utc()).num_seconds();
        if !entry.state.waits() || (0..LATE_SECONDS).contains(&late) {
            return Ok(None);
        }
        let due = Due::new(entry.at.utc(), self.user.as_str(), key);
        let is_planned = timetable::is_planned(self.dapr, &due).await?;
        Ok(match late < 0 {
            true if is_planned => None,
            true => Some("nothing in the timetable leads to it"),
            false if is_planned && !timetable::is_closed(self.dapr, entry.at.utc()).await? => None,
            false => Some("it should have rung"),
        })
    }

    async fn plan(&self, key: &str, at: Timestamp) -> Result<bool, DaprError> {
        let due = Due::new(at.utc(), self.user.as_str(), key);
        for _ in 0..TRIES {
            let entries = vec![due.clone()];
            let (insert, writes) = Insert::plan(self.dapr, entries, self.now.utc()).await?;
            match self.dapr.transact(writes).await {
                Ok(()) => {
                    insert.confirm(self.dapr).await?;
                    return Ok(true);
                }
                Err(DaprError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
