//! Erasing a person: their wish, kept until it is fulfilled, and what this function itself has of them.
//!
//! The wish is one transaction: the tombstone in the person's head, which refuses all further commands; the last event of
//! theirs, behind which no other comes; and the document `erasure/{user}`, which the timetable leads to until all is done.
//! Then the audit service, which has every task on record, goes through all functions, a stretch at a time
//! (docs/decisions/0015-a-person-is-erased-everywhere.md).

use std::time::Duration;

use api::inner::{EraseStretch, ErasedStretch};
use chrono::{DateTime, Utc};
use dapr::erase::{Erase, Tombstone};
use dapr::ordered;
use dapr::outbox::{self, Relayed, relay_user};
use dapr::timetable::{Entry, Insert, Looked};
use dapr::{Condition, Dapr, DaprError, Document, Invocation, Target, Write};
use domain::{EventId, TaskId, UserId};
use events::{Chain, ErasureRequested, Event, Timestamp};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::check::task_of;
use crate::decide::SOURCE;
use crate::head::{self, Head};
use crate::record;

/// How often a transaction is tried again when others change the same documents.
const TRIES: u32 = 12;

/// Most transactions of one request for what the lists lead to.
const MOST_STEPS: u32 = 16;

/// How long the audit service may take over one stretch: less than a tick keeps the timetable for.
const STRETCH_SECONDS: u64 = 5;

/// How long a tick goes on with erasures, in milliseconds; the rest is left to the next one.
const TICK_MS: i64 = 3_000;

/// Most stretches that a tick goes through for one person, so that others get their turn.
const MOST_STRETCHES: u32 = 8;

/// The document `erasure/{user}`: an erasure that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Erasure {
    /// The person's last event.
    event_id: Uuid,
    requested_at: Timestamp,
    asked_by: String,
    until: Timestamp,
    /// Where the audit service goes on: `next` of its last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing of the person is left.
    Done,
    /// There is more to do.
    More,
    /// There is more to do once the person's last event has arrived.
    Waits,
}

/// Why an erasure does not come on.
#[derive(Debug)]
pub(crate) enum Stuck {
    /// Dapr did not do its part.
    Dapr(DaprError),
    /// The audit service refused.
    Refused(String),
}

impl From<DaprError> for Stuck {
    fn from(error: DaprError) -> Self {
        Self::Dapr(error)
    }
}

fn key(user: &UserId) -> String {
    format!("erasure/{user}")
}

/// The person whose erasure an owner in the timetable stands for.
pub(crate) fn user_of(owner: &str) -> Option<UserId> {
    UserId::parse(owner.strip_prefix("erasure/")?).ok()
}

/// Whose erasure is asked for, and by whom.
pub(crate) struct Wish<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) asked_by: &'a str,
    pub(crate) chain: Chain,
    pub(crate) event_id: EventId,
    pub(crate) now: DateTime<Utc>,
}

impl Wish<'_> {
    /// Makes the wish durable. One that is not fulfilled yet stays as it is; one that is begins anew.
    ///
    /// # Errors
    /// What the store answered.
    pub(crate) async fn keep<D: Dapr>(&self, dapr: &D) -> Result<(), DaprError> {
        let mut last = DaprError::Conflict;
        for _ in 0..TRIES {
            match self.attempt(dapr).await {
                Ok(()) => return Ok(()),
                // After a lost answer the next round finds the erasure, if it was committed.
                Err(error @ (DaprError::Conflict | DaprError::Unavailable { .. })) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    async fn attempt<D: Dapr>(&self, dapr: &D) -> Result<(), DaprError> {
        let (user, now) = (self.user, self.now);
        let keys = [head::key(user), key(user)];
        let mut documents = dapr.get_many(&keys).await?.into_iter();
        let (head_document, erasure) = (documents.next().flatten(), documents.next().flatten());
        if erasure.is_some() {
            return Ok(());
        }
        let mut head = Head::read(user, head_document.as_ref())?;
        let tombstone = Tombstone::from(now);
        head.erased = Some(tombstone);
        let payload = ErasureRequested {
            asked_by: self.asked_by.to_owned(),
        };
        let (id, at) = (self.event_id, Timestamp::clamped(now));
        let mut events = [Event::new(id, SOURCE, user, None, &payload, self.chain, at)];
        let mut writes = head.outbox.append(user.as_str(), &mut events, true);
        let check = head.outbox.plan_check(now);
        let entries = check
            .map(|at| Entry::new(at, user.as_str(), user.as_str()))
            .into_iter()
            .chain([Entry::new(now, user.as_str(), key(user))]);
        let (insert, entries) = Insert::plan(dapr, entries.collect(), now).await?;
        writes.extend(entries);
        writes.push(Write::put(
            head::key(user),
            &head,
            Condition::as_read(head_document.as_ref()),
        ));
        let erasure = Erasure {
            event_id: id.0,
            requested_at: at,
            asked_by: self.asked_by.to_owned(),
            until: tombstone.until,
            from: None,
        };
        writes.push(Write::put(key(user), &erasure, Condition::Absent));
        dapr.transact(writes).await?;
        insert.confirm(dapr).await
    }
}

/// Goes on with the erasures among `entries`, each for a few stretches, as long as this tick has time for them. Nobody
/// else waits for what one of them waits for.
pub(crate) async fn go_on<D: Dapr>(
    dapr: &D,
    entries: &[Entry],
    clock: fn() -> DateTime<Utc>,
    began: DateTime<Utc>,
    looked: &mut Looked,
) {
    for entry in entries {
        let Some(user) = user_of(&entry.owner) else {
            continue;
        };
        for stretch in 0.. {
            let spent = (clock() - began).num_milliseconds();
            if !(0..TICK_MS).contains(&spent) || stretch == MOST_STRETCHES {
                looked.again.push(entry.owner.clone());
                break;
            }
            match advance(dapr, &user).await {
                Ok(Progress::Done) => break,
                Ok(Progress::More) => {}
                Ok(Progress::Waits) => {
                    looked.again.push(entry.owner.clone());
                    break;
                }
                Err(Stuck::Dapr(error @ (DaprError::Conflict | DaprError::Unavailable { .. }))) => {
                    eprintln!("the erasure of {user} waits: {error}");
                    looked.again.push(entry.owner.clone());
                    break;
                }
                Err(Stuck::Dapr(error)) => {
                    looked
                        .put_off
                        .push((entry.owner.clone(), error.to_string()));
                    break;
                }
                Err(Stuck::Refused(reason)) => {
                    looked.put_off.push((entry.owner.clone(), reason));
                    break;
                }
            }
        }
    }
}

/// One stretch of an erasure. Two at once do the same things twice, which does no harm.
///
/// # Errors
/// Why it does not come on for now.
pub(crate) async fn advance<D: Dapr>(dapr: &D, user: &UserId) -> Result<Progress, Stuck> {
    let key = key(user);
    let Some(document) = dapr.get(&key).await? else {
        return Ok(Progress::Done);
    };
    let erasure: Erasure = document.read(&key)?;
    // What is in the outbox names tasks that the record must know of.
    if relay_user(dapr, user.as_str(), &head::key(user)).await? == Relayed::More {
        return Ok(Progress::More);
    }
    let stretch = ask(dapr, user, &erasure).await?;
    if stretch.waits {
        return Ok(Progress::Waits);
    }
    let unchanged = Condition::Unchanged(document.etag);
    let is_done = stretch.next.is_none();
    let write = match is_done {
        true => Write::delete(key, unchanged),
        false => {
            let from = stretch.next;
            Write::put(key, &Erasure { from, ..erasure }, unchanged)
        }
    };
    dapr.transact(vec![write]).await?;
    Ok(match is_done {
        true => Progress::Done,
        false => Progress::More,
    })
}

async fn ask<D: Dapr>(dapr: &D, user: &UserId, erasure: &Erasure) -> Result<ErasedStretch, Stuck> {
    let body = EraseStretch {
        user_id: user.to_string(),
        asked_by: erasure.asked_by.clone(),
        event_id: erasure.event_id,
        requested_at: erasure.requested_at,
        until: erasure.until,
        from: erasure.from.clone(),
    };
    let call = Invocation {
        target: Target::App("audit-service".to_owned()),
        method: Method::POST,
        path: "/audit-service/erase/everywhere".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: serde_json::to_vec(&body).expect("a body with string keys"),
    };
    let unavailable = |detail: String| DaprError::Unavailable {
        what: "invoke",
        detail,
    };
    let limit = Duration::from_secs(STRETCH_SECONDS);
    let Some(response) = dapr.within(limit, dapr.invoke(call)).await else {
        let detail = format!("audit-service took longer than {STRETCH_SECONDS} s");
        return Err(unavailable(detail).into());
    };
    let response = response?;
    let status = response.status();
    if status.is_success() {
        let stretch = serde_json::from_slice(response.body());
        return stretch.map_err(|error| Stuck::Refused(format!("audit-service's answer: {error}")));
    }
    let said = String::from_utf8_lossy(response.body()).into_owned();
    match dapr::may_pass(status) && status != StatusCode::INTERNAL_SERVER_ERROR {
        true => Err(unavailable(format!("audit-service answered {status}: {said}")).into()),
        false => Err(Stuck::Refused(format!(
            "audit-service refused it with {status}: {said}"
        ))),
    }
}

/// Erases a stretch of what this function has of a person; whether there is more.
///
/// # Errors
/// What the store answered; a conflict when somebody else came first.
pub(crate) async fn erase<D: Dapr>(
    dapr: &D,
    user: &UserId,
    tombstone: Tombstone,
    erase: &Erase,
) -> Result<bool, DaprError> {
    if !erase.task_ids.is_empty() {
        let keys = erase
            .task_ids
            .iter()
            .map(|id| record::key(user, TaskId(*id)));
        let deletes = keys.map(|key| Write::delete(key, Condition::Any));
        dapr.transact(deletes.collect()).await?;
    }
    if !erase.task_ids.is_empty() || !erase.event_ids.is_empty() {
        return Ok(false);
    }
    for _ in 0..MOST_STEPS {
        let document = dapr.get(&head::key(user)).await?;
        let head = Head::read(user, document.as_ref())?;
        let Some(writes) = step(dapr, user, head, tombstone, document.as_ref()).await? else {
            return Ok(false);
        };
        dapr.transact(writes).await?;
    }
    Ok(true)
}

/// The writes of one step: the outbox, a stretch of a list with its tasks, or answers; `None` once the head has nothing but
/// numbers and the tombstone.
async fn step<D: Dapr>(
    dapr: &D,
    user: &UserId,
    mut head: Head,
    tombstone: Tombstone,
    document: Option<&Document>,
) -> Result<Option<Vec<Write>>, DaprError> {
    let is_new = head.erased.replace(tombstone) != Some(tombstone);
    let (sequence, unreadable) = (head.outbox.sequence, head.outbox.unreadable.clone());
    let mut writes = if !unreadable.is_empty() {
        head.outbox.unreadable.clear();
        let keys = unreadable
            .into_iter()
            .map(|number| outbox::key(user.as_str(), number));
        keys.map(|key| Write::delete(key, Condition::Any)).collect()
    } else if let Some(taken) =
        ordered::erase(dapr, &head::open_prefix(user), &mut head.open).await?
    {
        of_list(user, taken)
    } else if let Some(month) = head.done_months.last().cloned() {
        erase_month(dapr, user, &mut head, &month).await?
    } else if let Some(writes) = head.answers.erase(dapr, user.as_str(), sequence).await? {
        writes
    } else if is_new {
        Vec::new()
    } else {
        return Ok(None);
    };
    let condition = Condition::as_read(document);
    writes.push(Write::put(head::key(user), &head, condition));
    Ok(Some(writes))
}

async fn erase_month<D: Dapr>(
    dapr: &D,
    user: &UserId,
    head: &mut Head,
    month: &str,
) -> Result<Vec<Write>, DaprError> {
    let key = head::done_prefix(user, month);
    let document = dapr.get(&key).await?;
    let mut directory: ordered::Directory = match &document {
        Some(document) => document.read(&key)?,
        None => ordered::Directory::default(),
    };
    if let Some(taken) = ordered::erase(dapr, &key, &mut directory).await? {
        let mut writes = of_list(user, taken);
        let condition = Condition::as_read(document.as_ref());
        writes.push(Write::put(key, &directory, condition));
        return Ok(writes);
    }
    head.list_month(month, false);
    Ok(document
        .map(|document| Write::delete(key, Condition::Unchanged(document.etag)))
        .into_iter()
        .collect())
}

/// The writes that remove a stretch of a list, with the tasks that stood there.
fn of_list(user: &UserId, taken: ordered::Taken) -> Vec<Write> {
    let ids = taken.items.iter().filter_map(|item| task_of(&item.key));
    let mut keys: Vec<String> = ids.map(|id| record::key(user, id)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut writes = taken.writes;
    writes.extend(
        keys.into_iter()
            .map(|key| Write::delete(key, Condition::Any)),
    );
    writes
}
