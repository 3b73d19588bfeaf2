//! Reads lists as they are at one moment, while others edit them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow, RangeBounds};

use super::{Directory, Item, Order, chunk_key, read_chunk};
use crate::{Dapr, DaprError, Document};

/// How often a list is read again because somebody edited it meanwhile.
const TRIES: u32 = 12;

/// Most chunks that are read at a time.
const READ_AT_ONCE: usize = 16;

/// Most bytes of documents that are kept to be taken again: what is further read is read anew each time.
const MOST_KEPT: usize = 8 * 1024 * 1024;

/// What was read of lists so far. A document is kept with the number of its list's edit that it belongs to, and is read
/// again only after another edit.
pub struct Reading<'a, D> {
    dapr: &'a D,
    kept: RefCell<BTreeMap<String, Kept>>,
    bytes: Cell<usize>,
    reads: Cell<u64>,
}

struct Kept {
    edit: u64,
    document: Option<Document>,
}

impl Kept {
    fn bytes(&self) -> usize {
        let document = self.document.as_ref();
        document.map_or(0, |document| document.value.text().len())
    }
}

/// Reads something of lists whose directories are in the document under `key`, as it is at one moment.
///
/// A directory that is a moment old may lead to chunks that were split or joined since, whose items would be missing. So
/// `read`, which is given the document as `parse` reads it, is called again with the document's next version until it
/// needs no chunk that was not read before: those chunks are still as that version says.
///
/// # Errors
/// What `parse` and `read` say; [`DaprError::Conflict`] when others edited what is read each time.
pub async fn read_settled<D: Dapr, H, T>(
    dapr: &D,
    key: &str,
    parse: impl Fn(Option<&Document>) -> Result<H, DaprError>,
    read: impl AsyncFn(&H, &Reading<'_, D>) -> Result<T, DaprError>,
) -> Result<T, DaprError> {
    let reading = Reading::new(dapr);
    let mut document = dapr.get(key).await?;
    for _ in 0..TRIES {
        let head = parse(document.as_ref())?;
        let before = reading.reads.get();
        let found = read(&head, &reading).await?;
        if reading.reads.get() == before {
            return Ok(found);
        }
        let next = dapr.get(key).await?;
        let etag = |document: &Option<Document>| document.as_ref().map(|found| found.etag.clone());
        if etag(&next) == etag(&document) {
            return Ok(found);
        }
        document = next;
    }
    Err(DaprError::Conflict)
}

/// Gives `take` the items between two keys, until it breaks off. This is for those who write what comes of it on condition
/// that the directory's document is unchanged; others read within [`read_settled`].
///
/// # Errors
/// What the store answered; [`DaprError::Corrupt`] when a chunk is not a list of items.
pub async fn scan<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &Directory,
    range: (Bound<&str>, Bound<&str>),
    order: Order,
    take: impl FnMut(Item) -> ControlFlow<()>,
) -> Result<(), DaprError> {
    Reading::new(dapr)
        .scan(prefix, directory, range, order, take)
        .await
}

/// The item with `key`, if the list has it. For whom this is, [`scan`] says.
///
/// # Errors
/// As [`scan`].
pub async fn find<D: Dapr>(
    dapr: &D,
    prefix: &str,
    directory: &Directory,
    key: &str,
) -> Result<Option<Item>, DaprError> {
    Reading::new(dapr).find(prefix, directory, key).await
}

impl<'a, D: Dapr> Reading<'a, D> {
    fn new(dapr: &'a D) -> Self {
        Self {
            dapr,
            kept: RefCell::default(),
            bytes: Cell::default(),
            reads: Cell::default(),
        }
    }

    /// A directory in a document of its own, `edit` being a number that is another one after each edit of its list.
    ///
    /// # Errors
    /// What the store answered; [`DaprError::Corrupt`] when it is not a directory.
    pub async fn directory(&self, key: &str, edit: u64) -> Result<Option<Directory>, DaprError> {
        let is_kept = self.is_kept(key, edit);
        if !is_kept {
            // A list that ended and began anew counts its edits anew.
            let chunks = format!("{key}/");
            self.forget(|kept| kept.starts_with(&chunks));
        }
        let found = self.documents(&[(key.to_owned(), edit)]).await?;
        let document = found.into_iter().next().flatten();
        document.map(|document| document.read(key)).transpose()
    }

    /// Gives `take` the items between two keys, until it breaks off.
    ///
    /// # Errors
    /// What the store answered; [`DaprError::Corrupt`] when a chunk is not a list of items.
    pub async fn scan(
        &self,
        prefix: &str,
        directory: &Directory,
        range: (Bound<&str>, Bound<&str>),
        order: Order,
        mut take: impl FnMut(Item) -> ControlFlow<()>,
    ) -> Result<(), DaprError> {
        let mut chunks: Vec<_> = directory.between(range.0, range.1).iter().collect();
        if order == Order::Descending {
            chunks.reverse();
        }
        let lies_between = |item: &Item| RangeBounds::<str>::contains(&range, item.key.as_str());
        let (mut rest, mut batch) = (chunks.as_slice(), 1);
        while !rest.is_empty() {
            let (chunks, further) = rest.split_at(rest.len().min(batch));
            let wanted: Vec<(String, u64)> = chunks
                .iter()
                .map(|chunk| (chunk_key(prefix, chunk.number), chunk.edit))
                .collect();
            for (chunk, document) in chunks.iter().zip(self.documents(&wanted).await?) {
                let mut items = read_chunk(prefix, chunk.number, document.as_ref())?;
                if order == Order::Descending {
                    items.reverse();
                }
                for item in items.into_iter().filter(lies_between) {
                    if take(item).is_break() {
                        return Ok(());
                    }
                }
            }
            (rest, batch) = (further, (batch * 2).min(READ_AT_ONCE));
        }
        Ok(())
    }

    /// The item with `key`, if the list has it.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn find(
        &self,
        prefix: &str,
        directory: &Directory,
        key: &str,
    ) -> Result<Option<Item>, DaprError> {
        let mut found = None;
        let exactly = (Bound::Included(key), Bound::Included(key));
        self.scan(prefix, directory, exactly, Order::Ascending, |item| {
            found = Some(item);
            ControlFlow::Break(())
        })
        .await?;
        Ok(found)
    }

    /// The documents, those from the store that are not kept as they were after the edit.
    async fn documents(
        &self,
        wanted: &[(String, u64)],
    ) -> Result<Vec<Option<Document>>, DaprError> {
        let missing: Vec<&(String, u64)> = wanted
            .iter()
            .filter(|(key, edit)| !self.is_kept(key, *edit))
            .collect();
        let keys: Vec<String> = missing.iter().map(|(key, _)| key.clone()).collect();
        let mut read = BTreeMap::new();
        if !keys.is_empty() {
            self.reads.set(self.reads.get() + 1);
            let documents = self.dapr.get_many(&keys).await?;
            for ((key, edit), document) in missing.into_iter().zip(documents) {
                self.keep(key, *edit, document.as_ref());
                read.insert(key.as_str(), document);
            }
        }
        let kept = self.kept.borrow();
        let document = |(key, _): &(String, u64)| match read.remove(key.as_str()) {
            Some(document) => document,
            None => kept.get(key).and_then(|kept| kept.document.clone()),
        };
        Ok(wanted.iter().map(document).collect())
    }

    fn is_kept(&self, key: &str, edit: u64) -> bool {
        let kept = self.kept.borrow();
        kept.get(key).is_some_and(|kept| kept.edit == edit)
    }

    fn keep(&self, key: &str, edit: u64, document: Option<&Document>) {
        self.forget(|kept| kept == key);
        let document = document.cloned();
        let kept = Kept { edit, document };
        let bytes = self.bytes.get() + kept.bytes();
        if bytes <= MOST_KEPT {
            self.bytes.set(bytes);
            self.kept.borrow_mut().insert(key.to_owned(), kept);
        }
    }

    fn forget(&self, is_meant: impl Fn(&str) -> bool) {
        self.kept.borrow_mut().retain(|key, kept| {
            let is_meant = is_meant(key);
            if is_meant {
                self.bytes.set(self.bytes.get() - kept.bytes());
            }
            !is_meant
        });
    }
}
