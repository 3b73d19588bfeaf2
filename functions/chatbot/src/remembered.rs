//! Which documents the chatbot keeps of a person: the document `user/{user}`, which every write of them replaces as well, so
//! that they can be found and erased.

use chrono::{DateTime, Utc};
use dapr::erase::{Erase, Tombstone};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use events::{Timestamp, UnknownFields};
use serde::{Deserialize, Serialize};

/// How long a conversation is remembered after its last message, and an answer under its idempotency key: 24 hours.
pub(crate) const TTL_SECONDS: u32 = 24 * 60 * 60;

/// Most documents of a person at a time; where there would be more, the one that ends first goes.
const MOST_KEPT: usize = 500;

/// The document `user/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// What may still be there, by when it ends.
    #[serde(default)]
    documents: Vec<Kept>,
    /// Set when everything of the person is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased: Option<Tombstone>,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    key: String,
    until: Timestamp,
}

pub(crate) fn key(user: &str) -> String {
    format!("user/{user}")
}

impl Remembered {
    pub(crate) fn read(key: &str, document: Option<&Document>) -> Result<Self, DaprError> {
        document.map_or_else(|| Ok(Self::default()), |document| document.read(key))
    }

    /// Whether the person was erased, and nothing of theirs is to come back at `now`.
    pub(crate) fn is_erased(&self, now: DateTime<Utc>) -> bool {
        Tombstone::holds(self.erased, now)
    }

    /// Takes in that these documents are written now, and that `gone` is deleted; the writes that make room for them.
    pub(crate) fn keep(
        &mut self,
        keys: &[&str],
        gone: Option<&str>,
        now: DateTime<Utc>,
    ) -> Vec<Write> {
        self.erased = None;
        let ends = chrono::Duration::seconds(TTL_SECONDS.into());
        let is_known = |kept: &Kept| {
            let key = kept.key.as_str();
            !keys.contains(&key) && gone != Some(key)
        };
        self.documents
            .retain(|kept| kept.until.utc() > now && is_known(kept));
        self.documents.extend(keys.iter().map(|key| Kept {
            key: (*key).to_owned(),
            until: Timestamp::clamped(now + ends),
        }));
        let surplus = self.documents.len().saturating_sub(MOST_KEPT);
        let surplus = self.documents.drain(..surplus);
        surplus
            .map(|kept| Write::delete(kept.key, Condition::Any))
            .collect()
    }
}

/// Erases what is kept of a person: never so much that one request can't.
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
    let key = key(user);
    let document = dapr.get(&key).await?;
    let remembered = Remembered::read(&key, document.as_ref())?;
    let documents = remembered.documents.into_iter();
    let mut writes: Vec<Write> = documents
        .map(|kept| Write::delete(kept.key, Condition::Any))
        .collect();
    let erased = Remembered {
        erased: Some(tombstone),
        ..Remembered::default()
    };
    let condition = Condition::as_read(document.as_ref());
    writes.push(Write::put(key, &erased, condition));
    dapr.transact(writes).await?;
    Ok(false)
}
