//! A Dapr in memory for tests: it can fail or crash at any operation, and lets other work in between operations.

mod interleaving;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use events::{Event, Topic};
use http::Response;
use serde_json::Value;
use serde_json::value::RawValue;

pub use interleaving::{Interleaving, clock};

use crate::{Binding, Condition, Dapr, DaprError, Document, Invocation, Json, Write};

/// Answers an invocation in place of another function.
pub type Responder = Box<dyn Fn(&Invocation) -> Result<Response<Vec<u8>>, DaprError>>;

/// Says whether an output binding takes what it is given.
type Taker = Box<dyn Fn(&Binding) -> bool>;

/// A Dapr in memory. Clones share everything.
#[derive(Clone, Default)]
pub struct FakeDapr {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Default)]
struct Inner {
    state: BTreeMap<String, (Json, u64)>,
    next_etag: u64,
    published: Vec<(Topic, Event)>,
    invocations: Vec<Invocation>,
    bindings: Vec<Binding>,
    responder: Option<Responder>,
    takes: Option<Taker>,
    binding_turns: u32,
    bindings_at_once: u32,
    most_bindings_at_once: u32,
    operations: u64,
    reads: u64,
    most_documents: usize,
    fault: Option<Fault>,
}

/// What goes wrong, at the operation with this number (the first is 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// That operation answers "not available" and does nothing.
    FailAt(u64),
    /// That operation is done, but its answer is lost.
    LoseAnswerAt(u64),
    /// That operation and all after it do nothing: the process is dead.
    CrashAt(u64),
}

impl FakeDapr {
    /// An empty one, on which everything works.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets something go wrong, counted from now on.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut inner = self.inner.borrow_mut();
        inner.operations = 0;
        inner.fault = fault;
    }

    /// Answers invocations; without a responder every one is answered 200 with an empty object.
    pub fn respond(
        &self,
        responder: impl Fn(&Invocation) -> Result<Response<Vec<u8>>, DaprError> + 'static,
    ) {
        self.inner.borrow_mut().responder = Some(Box::new(responder));
    }

    /// Says whether an output binding takes what it is given; without it every one does.
    pub fn respond_to_bindings(&self, takes: impl Fn(&Binding) -> bool + 'static) {
        self.inner.borrow_mut().takes = Some(Box::new(takes));
    }

    /// Lets others run so many times while an output binding is at work.
    pub fn let_bindings_take_turns(&self, turns: u32) {
        self.inner.borrow_mut().binding_turns = turns;
    }

    /// How many output bindings were at work at once at most.
    #[must_use]
    pub fn most_bindings_at_once(&self) -> u32 {
        self.inner.borrow().most_bindings_at_once
    }

    /// How many operations there were since the fault was last set.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.inner.borrow().operations
    }

    /// How many documents were asked for.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.inner.borrow().reads
    }

    /// Counts anew how many documents one operation hands over at most.
    pub fn start_counting_documents(&self) {
        self.inner.borrow_mut().most_documents = 0;
    }

    /// How many documents one read has handed over at most.
    #[must_use]
    pub fn most_documents(&self) -> usize {
        self.inner.borrow().most_documents
    }

    /// All that was published, in order.
    #[must_use]
    pub fn published(&self) -> Vec<(Topic, Event)> {
        self.inner.borrow().published.clone()
    }

    /// All calls, in order.
    #[must_use]
    pub fn invocations(&self) -> Vec<Invocation> {
        self.inner.borrow().invocations.clone()
    }

    /// All that output bindings were given, in order.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        self.inner.borrow().bindings.clone()
    }

    /// The keys that begin with `prefix`.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.inner
            .borrow()
            .state
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }

    /// A document as it stands.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<Value> {
        self.inner
            .borrow()
            .state
            .get(key)
            .map(|(value, _)| value.value())
    }

    /// Changes a document behind everybody's back.
    pub fn tamper(&self, key: &str, value: Value) {
        let mut inner = self.inner.borrow_mut();
        inner.next_etag += 1;
        let etag = inner.next_etag;
        inner.state.insert(key.to_owned(), (Json::of(&value), etag));
    }

    /// Changes a part of a document behind everybody's back.
    ///
    /// # Panics
    /// When there is none.
    pub fn alter(&self, key: &str, change: impl FnOnce(&mut Value)) {
        let mut value = self.value(key).expect("a document");
        change(&mut value);
        self.tamper(key, value);
    }

    /// The first document whose key begins with `prefix`.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn first_key(&self, prefix: &str) -> String {
        self.keys(prefix).first().expect("a document").clone()
    }

    /// Takes a document away behind everybody's back.
    pub fn remove(&self, key: &str) {
        self.inner.borrow_mut().state.remove(key);
    }

    /// One operation: others may run before and after it, and the fault may strike.
    async fn operation<T>(
        &self,
        apply: impl FnOnce(&mut Inner) -> Result<T, DaprError>,
    ) -> Result<T, DaprError> {
        yield_now().await;
        let result = self.strike(apply);
        yield_now().await;
        result
    }

    fn strike<T>(
        &self,
        apply: impl FnOnce(&mut Inner) -> Result<T, DaprError>,
    ) -> Result<T, DaprError> {
        let unavailable = || DaprError::Unavailable {
            what: "fake",
            detail: "a planned fault".to_owned(),
        };
        let mut inner = self.inner.borrow_mut();
        inner.operations += 1;
        let number = inner.operations;
        match inner.fault {
            Some(Fault::FailAt(at)) if at == number => Err(unavailable()),
            Some(Fault::CrashAt(at)) if number >= at => Err(unavailable()),
            Some(Fault::LoseAnswerAt(at)) if at == number => {
                apply(&mut inner).ok();
                Err(unavailable())
            }
            _ => apply(&mut inner),
        }
    }
}

impl Inner {
    fn read(&mut self, key: &str) -> Option<Document> {
        self.reads += 1;
        self.state.get(key).map(|(value, etag)| Document {
            value: value.clone(),
            etag: etag.to_string(),
        })
    }

    fn holds(&self, write: &Write) -> bool {
        match (&write.condition, self.state.get(&write.key)) {
            (Condition::Any, _) | (Condition::Absent, None) => true,
            (Condition::Unchanged(etag), Some((_, now))) => *etag == now.to_string(),
            _ => false,
        }
    }

    fn write(&mut self, write: Write) {
        self.next_etag += 1;
        match write.value {
            Some(value) => self
                .state
                .insert(write.key, (written_otherwise(&value), self.next_etag)),
            None => self.state.remove(&write.key),
        };
    }
}

/// The same JSON as another store writes it: PostgreSQL's `jsonb` puts short names first, and white space between things.
fn written_otherwise(json: &Json) -> Json {
    let Ok(text) = RawValue::from_string(text_of(&json.value())) else {
        return json.clone();
    };
    Json::of(&text)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text_of).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| (name.len(), *name));
            let fields = fields.into_iter().map(|(name, value)| {
                let name = Value::from(name.as_str());
                format!("{name}: {}", text_of(value))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

impl Dapr for FakeDapr {
    async fn get(&self, key: &str) -> Result<Option<Document>, DaprError> {
        self.operation(|inner| Ok(inner.read(key))).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Document>>, DaprError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.operation(|inner| {
            let found: Vec<_> = keys.iter().map(|key| inner.read(key)).collect();
            let documents = found.iter().flatten().count();
            inner.most_documents = inner.most_documents.max(documents);
            Ok(found)
        })
        .await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), DaprError> {
        let mut keys: Vec<&str> = writes.iter().map(|write| write.key.as_str()).collect();
        keys.sort_unstable();
        assert!(
            keys.windows(2).all(|pair| pair[0] != pair[1]),
            "a key twice in one transaction: {keys:?}"
        );
        self.operation(|inner| {
            if !writes.iter().all(|write| inner.holds(write)) {
                return Err(DaprError::Conflict);
            }
            writes.into_iter().for_each(|write| inner.write(write));
            Ok(())
        })
        .await
    }

    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), DaprError> {
        self.operation(|inner| {
            inner
                .published
                .extend(events.iter().map(|event| (topic, event.clone())));
            Ok(())
        })
        .await
    }

    async fn invoke(&self, call: Invocation) -> Result<Response<Vec<u8>>, DaprError> {
        self.operation(|inner| {
            let answer = match &inner.responder {
                Some(responder) => responder(&call),
                None => Ok(Response::new(b"{}".to_vec())),
            };
            inner.invocations.push(call);
            answer
        })
        .await
    }

    /// Here nobody takes longer than they may.
    async fn within<T>(&self, _: Duration, work: impl Future<Output = T>) -> Option<T> {
        Some(work.await)
    }

    /// Here only others go on.
    async fn pause(&self, _: Duration) {
        yield_now().await;
    }

    async fn bind(&self, binding: Binding) -> Result<Vec<u8>, DaprError> {
        let turns = {
            let mut inner = self.inner.borrow_mut();
            inner.bindings_at_once += 1;
            inner.most_bindings_at_once = inner.most_bindings_at_once.max(inner.bindings_at_once);
            inner.binding_turns
        };
        for _ in 0..turns {
            yield_now().await;
        }
        self.inner.borrow_mut().bindings_at_once -= 1;
        self.operation(|inner| {
            let is_taken = inner.takes.as_ref().is_none_or(|takes| takes(&binding));
            inner.bindings.push(binding);
            if is_taken {
                Ok(Vec::new())
            } else {
                Err(DaprError::Unavailable {
                    what: "binding",
                    detail: "a planned refusal".to_owned(),
                })
            }
        })
        .await
    }
}

/// Lets other futures run once.
pub fn yield_now() -> impl Future<Output = ()> {
    struct Yield(bool);
    impl Future for Yield {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
    Yield(false)
}

/// Runs a future to its end on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}
