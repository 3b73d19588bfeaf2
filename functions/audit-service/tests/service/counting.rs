//! A Dapr that counts what it hands out: how many documents were read, and how many bytes at once.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use dapr::fake::FakeDapr;
use dapr::{Binding, Dapr, DaprError, Document, Invocation, Write};
use events::{Event, Topic};
use http::Response;

/// Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Counting {
    /// Where everything is.
    pub(crate) dapr: FakeDapr,
    counts: Rc<Counts>,
}

#[derive(Default)]
struct Counts {
    calls: Cell<usize>,
    largest: Cell<usize>,
    bytes: Cell<usize>,
}

impl Counting {
    /// How many reads there were, how many bytes they had, and how many the largest of them, since the last time.
    pub(crate) fn take(&self) -> Taken {
        Taken {
            calls: self.counts.calls.take(),
            bytes: self.counts.bytes.take(),
            largest: self.counts.largest.take(),
        }
    }

    fn count(&self, documents: &[Option<Document>]) {
        let lengths = documents.iter().flatten().map(|one| one.value.text().len());
        let bytes: usize = lengths.sum();
        let counts = &self.counts;
        counts.calls.set(counts.calls.get() + 1);
        counts.bytes.set(counts.bytes.get() + bytes);
        counts.largest.set(counts.largest.get().max(bytes));
    }
}

/// What was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) calls: usize,
    pub(crate) bytes: usize,
    pub(crate) largest: usize,
}

impl Dapr for Counting {
    async fn get(&self, key: &str) -> Result<Option<Document>, DaprError> {
        let document = self.dapr.get(key).await?;
        self.count(std::slice::from_ref(&document));
        Ok(document)
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Document>>, DaprError> {
        let documents = self.dapr.get_many(keys).await?;
        if !keys.is_empty() {
            self.count(&documents);
        }
        Ok(documents)
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), DaprError> {
        self.dapr.transact(writes).await
    }

    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), DaprError> {
        self.dapr.publish(topic, events).await
    }

    async fn invoke(&self, call: Invocation) -> Result<Response<Vec<u8>>, DaprError> {
        self.dapr.invoke(call).await
    }

    async fn bind(&self, binding: Binding) -> Result<Vec<u8>, DaprError> {
        self.dapr.bind(binding).await
    }

    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        self.dapr.within(limit, work).await
    }

    async fn pause(&self, length: Duration) {
        self.dapr.pause(length).await;
    }
}
