//! Which series a person has here: the document `user/{user}`, which every write of a series replaces as well, so that they
//! can be found and erased.

use chrono::{DateTime, Utc};
use dapr::erase::{Erase, Tombstone};
use dapr::ordered::{self, Change, Directory, Item};
use dapr::{Condition, Dapr, DaprError, Document, Json, Write};
use events::UnknownFields;
use serde::{Deserialize, Serialize};

/// Most transactions of one request.
const MOST_STEPS: u32 = 16;

/// The document `user/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    /// Where the list of their ids is.
    series: Directory,
    /// Set when everything of the person is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased: Option<Tombstone>,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// A person's series, read to be changed.
pub(crate) struct Known<'a> {
    user: &'a str,
    head: Head,
    document: Option<Document>,
}

pub(crate) fn key(user: &str) -> String {
    format!("user/{user}")
}

fn prefix(user: &str) -> String {
    format!("known/{user}")
}

impl<'a> Known<'a> {
    /// # Errors
    /// When the document is of another shape.
    pub(crate) fn of(user: &'a str, document: Option<Document>) -> Result<Self, DaprError> {
        let key = key(user);
        let head = document.as_ref().map(|document| document.read(&key));
        Ok(Self {
            user,
            head: head.transpose()?.unwrap_or_default(),
            document,
        })
    }

    /// Whether the person was erased, and nothing of theirs is to come back at `now`.
    pub(crate) fn is_erased(&self, now: DateTime<Utc>) -> bool {
        Tombstone::holds(self.head.erased, now)
    }

    /// The write that says nothing new, so that an erasure at the same time comes before all of the transaction or behind it.
    pub(crate) fn confirm(mut self) -> Vec<Write> {
        self.head.erased = None;
        vec![self.write()]
    }

    /// The writes that list the document with this key, or no longer do.
    ///
    /// # Errors
    /// What the store answered.
    pub(crate) async fn list<D: Dapr>(
        mut self,
        dapr: &D,
        key: &str,
        is_there: bool,
    ) -> Result<Vec<Write>, DaprError> {
        self.head.erased = None;
        let change = match is_there {
            true => Change::Put(Item {
                key: key.to_owned(),
                value: Json::of(&()),
            }),
            false => Change::Remove(key.to_owned()),
        };
        let (prefix, list) = (prefix(self.user), &mut self.head.series);
        // One of an earlier version is not listed: then nothing is taken out.
        let mut writes = ordered::edit(dapr, &prefix, list, &[change], &[])
            .await?
            .writes;
        writes.push(self.write());
        Ok(writes)
    }

    fn write(&self) -> Write {
        let condition = Condition::as_read(self.document.as_ref());
        Write::put(key(self.user), &self.head, condition)
    }
}

/// Erases a stretch of what this function has of a person; whether there is more.
///
/// # Errors
/// What the store answered; a conflict when somebody else came first.
pub(crate) async fn erase<D: Dapr>(
    dapr: &D,
    user: &str,
    tombstone: Tombstone,
    erase: &Erase,
) -> Result<bool, DaprError> {
    if !erase.task_ids.is_empty() || !erase.event_ids.is_empty() {
        return Ok(false);
    }
    for _ in 0..MOST_STEPS {
        let mut known = Known::of(user, dapr.get(&key(user)).await?)?;
        let is_new = known.head.erased.replace(tombstone) != Some(tombstone);
        let taken = ordered::erase(dapr, &prefix(user), &mut known.head.series).await?;
        if taken.is_none() && !is_new {
            return Ok(false);
        }
        let ordered::Taken { items, mut writes } = taken.unwrap_or_default();
        writes.push(known.write());
        let series = items.into_iter().map(|item| item.key);
        writes.extend(series.map(|key| Write::delete(key, Condition::Any)));
        dapr.transact(writes).await?;
    }
    Ok(true)
}
