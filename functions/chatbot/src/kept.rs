//! What is kept of a message: before anything is done, what it comes to; afterwards the answer, and the conversation.
//!
//! A repeat of a request under its key finds the answer, or what the request came to when it was understood the first time,
//! and carries out the same steps again: the task service knows each by its key.

use chrono::{DateTime, Utc};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use domain::UserId;
use domain::zone::{self, Tz};
use events::{Timestamp, UnknownFields};
use function::{Fingerprint, KeptAnswer, Problem};
use language::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::Conversation;
use crate::plan::Step;
use crate::quick_add::context;
use crate::remembered::{self, Remembered, TTL_SECONDS};

/// How often something is tried to be kept when others of the same person are kept at once.
pub(crate) const TRIES: u32 = 12;

/// What a request came to when it was understood: the document `work/{user}/{key}`, until there is an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// Of the request.
    fingerprint: Fingerprint,
    /// When it was understood.
    asked_at: Timestamp,
    /// By whose clocks.
    time_zone: String,
    /// What is to be done, in order. Their numbers are part of their idempotency keys.
    pub(crate) steps: Vec<Step>,
    /// Whether they take an earlier turn back.
    pub(crate) was_undo: bool,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

impl Work {
    pub(crate) fn new(steps: Vec<Step>, was_undo: bool, context: &Context) -> Self {
        Self {
            fingerprint: Fingerprint::default(),
            asked_at: Timestamp::clamped(context.now),
            time_zone: context.zone.name().to_owned(),
            steps,
            was_undo,
            unknown: UnknownFields::default(),
        }
    }

    /// When and by whose clocks it was understood.
    pub(crate) fn context(&self) -> Context {
        let zone = zone::parse(&self.time_zone).unwrap_or(Tz::UTC);
        context(self.asked_at, zone)
    }
}

/// A request that may come again under the same key.
#[derive(Debug, Clone)]
pub(crate) struct Once {
    pub(crate) key: String,
    pub(crate) fingerprint: Fingerprint,
}

/// What is there of a request that came before.
pub(crate) enum Before {
    Nothing,
    /// It was understood, and perhaps partly carried out.
    Work(Box<Work>),
    Answer(Value),
}

/// Whether what a request comes to may be done now.
pub(crate) enum Begun {
    Now(Box<Work>),
    /// The same request was answered meanwhile.
    Answered(Value),
    /// The conversation is another one by now.
    Changed,
}

/// A conversation, and the documents that it was read from.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) conversation: Conversation,
    document: Option<Document>,
    remembered: Option<Document>,
}

/// Where one message's things are kept.
pub(crate) struct Keeping<'a, D> {
    pub(crate) dapr: &'a D,
    pub(crate) user: &'a UserId,
    pub(crate) once: Option<Once>,
    pub(crate) now: DateTime<Utc>,
}

impl<D: Dapr> Keeping<'_, D> {
    /// What is there of the same request.
    ///
    /// # Errors
    /// 409 when the key was used for another one.
    pub(crate) async fn before(&self) -> Result<Before, Problem> {
        let Some(once) = &self.once else {
            return Ok(Before::Nothing);
        };
        let (answer_key, work_key) = (self.answer_key(once), self.work_key(once));
        let keys = [answer_key.clone(), work_key.clone()];
        let mut found = self.dapr.get_many(&keys).await?.into_iter();
        let (answer, work) = (found.next().flatten(), found.next().flatten());
        if let Some(answer) = answer {
            let answer: KeptAnswer = answer.read(&answer_key)?;
            return Ok(Before::Answer(answer.to(&once.fingerprint)?));
        }
        let Some(work) = work else {
            return Ok(Before::Nothing);
        };
        let work: Work = work.read(&work_key)?;
        once.fingerprint.check(&work.fingerprint)?;
        Ok(Before::Work(Box::new(work)))
    }

    /// The conversation `id`. One of a form that is not understood is forgotten rather than refused.
    pub(crate) async fn memory(&self, id: &str) -> Result<Memory, DaprError> {
        let key = Conversation::key(self.user.as_str(), id);
        let keys = [key.clone(), remembered::key(self.user.as_str())];
        let mut found = self.dapr.get_many(&keys).await?.into_iter();
        let (document, remembered) = (found.next().flatten(), found.next().flatten());
        let read = |document: &Document| document.read(&key).ok();
        Ok(Memory {
            conversation: document.as_ref().and_then(read).unwrap_or_default(),
            document,
            remembered,
        })
    }

    /// What is remembered of the person, without a conversation.
    pub(crate) async fn remembered(&self) -> Result<Memory, DaprError> {
        let key = remembered::key(self.user.as_str());
        Ok(Memory {
            remembered: self.dapr.get(&key).await?,
            ..Memory::default()
        })
    }

    /// Keeps what the request comes to, before any of it is done, and what that takes out of the conversation.
    pub(crate) async fn begin(
        &self,
        mut work: Work,
        memory: &Memory,
        taken: Option<(&str, &Conversation)>,
    ) -> Result<Begun, Problem> {
        let mut writes = Vec::new();
        if let Some((id, conversation)) = taken {
            writes.push(self.conversation_write(id, conversation, memory));
        }
        if let Some(once) = &self.once {
            work.fingerprint = once.fingerprint.clone();
            let write = Write::put(self.work_key(once), &work, Condition::Absent);
            writes.push(write.with_ttl(TTL_SECONDS));
        }
        if writes.is_empty() {
            return Ok(Begun::Now(Box::new(work)));
        }
        match self.write(writes, None, memory).await {
            Ok(()) => Ok(Begun::Now(Box::new(work))),
            Err(DaprError::Conflict) => Ok(match self.before().await? {
                Before::Answer(answer) => Begun::Answered(answer),
                Before::Work(work) => Begun::Now(work),
                Before::Nothing => Begun::Changed,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the conversation, and the answer. A conflict: the conversation is another one by now, or there is an answer.
    pub(crate) async fn finish(
        &self,
        id: &str,
        conversation: &Conversation,
        memory: &Memory,
        answer: &Value,
    ) -> Result<(), DaprError> {
        let mut writes = vec![self.conversation_write(id, conversation, memory)];
        let work_key = self.once.as_ref().map(|once| self.work_key(once));
        if let Some(once) = &self.once {
            let answer = KeptAnswer::new(once.fingerprint.clone(), answer.clone());
            let write = Write::put(self.answer_key(once), &answer, Condition::Absent);
            writes.push(write.with_ttl(TTL_SECONDS));
        }
        self.write(writes, work_key, memory).await
    }

    /// Writes, and deletes `gone`; nothing of a person who was erased.
    async fn write(
        &self,
        writes: Vec<Write>,
        gone: Option<String>,
        memory: &Memory,
    ) -> Result<(), DaprError> {
        let key = remembered::key(self.user.as_str());
        let mut remembered = Remembered::read(&key, memory.remembered.as_ref())?;
        if remembered.is_erased(self.now) {
            return Ok(());
        }
        let keys: Vec<&str> = writes.iter().map(|write| write.key.as_str()).collect();
        let mut all = remembered.keep(&keys, gone.as_deref(), self.now);
        all.extend(gone.map(|key| Write::delete(key, Condition::Any)));
        all.extend(writes);
        let condition = Condition::as_read(memory.remembered.as_ref());
        all.push(Write::put(key, &remembered, condition));
        self.dapr.transact(all).await
    }

    fn conversation_write(&self, id: &str, conversation: &Conversation, memory: &Memory) -> Write {
        let key = Conversation::key(self.user.as_str(), id);
        let condition = Condition::as_read(memory.document.as_ref());
        Write::put(key, conversation, condition).with_ttl(TTL_SECONDS)
    }

    fn answer_key(&self, once: &Once) -> String {
        format!("request/{}/{}", self.user, once.key)
    }

    fn work_key(&self, once: &Once) -> String {
        format!("work/{}/{}", self.user, once.key)
    }
}
