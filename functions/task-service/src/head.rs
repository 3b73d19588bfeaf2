//! A user's head: the one document that every command of theirs reads and writes, so that commands take turns.

use dapr::erase::{Answers, Tombstone};
use dapr::ordered::Directory;
use dapr::outbox::OutboxHead;
use dapr::{DaprError, Document};
use domain::UserId;
use events::UnknownFields;
use function::Pace;
use serde::{Deserialize, Serialize};

/// The user's head, `user/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Numbers the user's events; its last number is also the user's revision.
    pub(crate) outbox: OutboxHead,
    /// Where the summaries of open tasks are.
    pub(crate) open: Directory,
    /// The months (`YYYY-MM`, UTC) in which tasks were completed, ascending.
    #[serde(default)]
    pub(crate) done_months: Vec<String>,
    /// How many edits of the lists of these months there were.
    #[serde(default)]
    pub(crate) done_edits: u64,
    /// How much of what a person may do at a time is used up.
    #[serde(default, skip_serializing_if = "Pace::is_unused")]
    pub(crate) pace: Pace,
    /// Where the answers to the last day's commands are.
    #[serde(default)]
    pub(crate) answers: Answers,
    /// Set when everything of the person is erased, or about to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erased: Option<Tombstone>,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

impl Head {
    pub(crate) fn read(user: &UserId, document: Option<&Document>) -> Result<Self, DaprError> {
        document.map_or_else(|| Ok(Self::default()), |document| document.read(&key(user)))
    }

    /// Says after an edit of a month's list whether it has any tasks.
    pub(crate) fn list_month(&mut self, month: &str, is_listed: bool) {
        self.done_edits += 1;
        let place = self
            .done_months
            .binary_search_by(|other| other.as_str().cmp(month));
        match (is_listed, place) {
            (false, Ok(place)) => {
                self.done_months.remove(place);
            }
            (true, Err(place)) => self.done_months.insert(place, month.to_owned()),
            (false, Err(_)) | (true, Ok(_)) => {}
        }
    }

    /// What a screen compares to know whether it missed something.
    pub(crate) fn revision(&self) -> u64 {
        self.outbox.sequence
    }
}

pub(crate) fn key(user: &UserId) -> String {
    format!("user/{user}")
}

pub(crate) fn open_prefix(user: &UserId) -> String {
    format!("index/{user}")
}

/// The chunks of a month are below it, its directory is the document itself.
pub(crate) fn done_prefix(user: &UserId, month: &str) -> String {
    format!("done/{user}/{month}")
}
