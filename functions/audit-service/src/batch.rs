//! Reading bodies in batches that fit into memory: a task may have a quarter of a megabyte, a function has 64.

use dapr::{Dapr, DaprError, Document};
use serde::de::DeserializeOwned;

use crate::chain::Record;
use crate::documents::{Entry, Erasure, body_key, event_key, record_key};

/// Most bytes of bodies that are read at once. One that is larger is read alone: it has at most 2 MiB, as a delivery has.
pub(crate) const BATCH_BYTES: usize = 1024 * 1024;
/// Most documents that are read at once.
const BATCH_DOCUMENTS: usize = 100;
/// What is reckoned with for a body of unknown length: a task at its limits.
const UNKNOWN_BYTES: usize = 256 * 1024;

/// Why a document is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Missing,
    Unreadable,
}

/// What is known of a record without its body.
pub(crate) struct Known {
    pub(crate) number: u64,
    pub(crate) record: Result<Record, Flaw>,
    /// `None` on records of earlier versions, and where the body was erased.
    pub(crate) entry: Option<Entry>,
    is_erased: bool,
}

impl Known {
    /// What to reckon with for its body.
    fn bytes(&self) -> usize {
        match &self.entry {
            Some(entry) => entry.bytes,
            None if self.is_erased => 0,
            None => UNKNOWN_BYTES,
        }
    }

    /// Whether its event may be of one of these types.
    pub(crate) fn may_be(&self, mut is_wanted: impl FnMut(&str) -> bool) -> bool {
        self.entry
            .as_ref()
            .is_none_or(|entry| is_wanted(&entry.event_type))
    }
}

/// What is known of the records with these numbers.
pub(crate) async fn known<D: Dapr>(
    dapr: &D,
    user: &str,
    numbers: &[u64],
    erasure: Option<&Erasure>,
) -> Result<Vec<Known>, DaprError> {
    let mut all = Vec::new();
    for numbers in numbers.chunks(BATCH_DOCUMENTS) {
        let keys: Vec<String> = numbers
            .iter()
            .map(|&number| record_key(user, number))
            .collect();
        let documents = dapr.get_many(&keys).await?;
        let records: Vec<Result<Record, Flaw>> = documents
            .iter()
            .map(|document| parsed(document.as_ref()))
            .collect();
        let event_keys: Vec<String> = records
            .iter()
            .flatten()
            .map(|record| event_key(user, record.event_id))
            .collect();
        let mut entries = dapr.get_many(&event_keys).await?.into_iter();
        for (&number, record) in numbers.iter().zip(records) {
            let entry = match &record {
                Ok(_) => entries.next().flatten(),
                Err(_) => None,
            };
            let entry: Option<Entry> = entry.and_then(|entry| entry.value.read().ok());
            let is_erased = entry.is_none() && erasure.is_some_and(|erasure| number < erasure.next);
            all.push(Known {
                number,
                record,
                entry,
                is_erased,
            });
        }
    }
    Ok(all)
}

/// A document as its type.
pub(crate) fn parsed<T: DeserializeOwned>(document: Option<&Document>) -> Result<T, Flaw> {
    let document = document.ok_or(Flaw::Missing)?;
    document.value.read().map_err(|_| Flaw::Unreadable)
}

/// The bodies of records, one batch after the other.
pub(crate) struct Bodies<'a> {
    rest: &'a [Known],
    /// Bytes of the bodies that were read.
    pub(crate) read: usize,
}

impl<'a> Bodies<'a> {
    pub(crate) fn of(known: &'a [Known]) -> Self {
        Self {
            rest: known,
            read: 0,
        }
    }

    /// The next records with their bodies: as many as fit into `most` bytes and a batch, and one at least. `None` when
    /// all were read.
    pub(crate) async fn next<D: Dapr>(
        &mut self,
        dapr: &D,
        user: &str,
        most: usize,
    ) -> Result<Option<Vec<(&'a Known, Option<Document>)>>, DaprError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (batch, rest) = self.rest.split_at(fitting(self.rest, most));
        self.rest = rest;
        let keys: Vec<String> = batch
            .iter()
            .map(|known| body_key(user, known.number))
            .collect();
        let bodies = dapr.get_many(&keys).await?;
        let lengths = bodies.iter().flatten().map(|body| body.value.text().len());
        self.read += lengths.sum::<usize>();
        Ok(Some(batch.iter().zip(bodies).collect()))
    }
}

/// How many of the first of `known` have bodies that fit into `most` bytes and a batch; one at least.
fn fitting(known: &[Known], most: usize) -> usize {
    let most = most.min(BATCH_BYTES);
    let mut bytes = 0_usize;
    let fits = |known: &&Known| {
        bytes = bytes.saturating_add(known.bytes());
        bytes <= most
    };
    let count = known.iter().take(BATCH_DOCUMENTS).take_while(fits).count();
    count.max(1)
}
