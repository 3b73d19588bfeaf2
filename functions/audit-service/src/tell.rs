//! Telling a function one task's story: in one request where it fits, else in parts, as the function takes them.

use std::collections::VecDeque;

use dapr::{Dapr, DaprError, Invocation, Json, Target};
use domain::UserId;
use events::{Derivation, Event, PartAnswer, Parts};
use function::MAX_DELIVERY_BODY;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::batch::{BATCH_BYTES, Bodies, Flaw, Known, known};
use crate::documents::{Extent, Story, story_chunk, story_key};

/// Room in a request for what is around the events: ids, names, commas.
const FRAME_BYTES: usize = 4 * 1024;

/// What became of a story that was told.
pub(crate) enum Told {
    /// It says nothing to the function, or an earlier stretch of the record has told it.
    Not,
    Restored,
    /// Everything was there.
    Unchanged,
    Refused(String),
}

/// Tells stories of one person to one function.
pub(crate) struct Teller<'a, D> {
    pub(crate) dapr: &'a D,
    pub(crate) user: &'a UserId,
    pub(crate) to: &'a Derivation,
    pub(crate) extent: &'a Extent,
    /// Bytes of events that were read.
    pub(crate) bytes: usize,
    /// Records that were looked at.
    pub(crate) records: usize,
    /// Records whose events a story had to do without.
    pub(crate) unreadable: Vec<u64>,
}

impl<D: Dapr> Teller<'_, D> {
    /// Tells what the record says of `task`, unless its story begins before record `from`.
    pub(crate) async fn tell(&mut self, task: &str, from: u64) -> Result<Told, DaprError> {
        match self.try_to_tell(task, from).await {
            Err(DaprError::Corrupt { key, .. }) => {
                Ok(Told::Refused(format!("the document {key} can't be read")))
            }
            told => told,
        }
    }

    async fn try_to_tell(&mut self, task: &str, from: u64) -> Result<Told, DaprError> {
        let user = self.user.as_str();
        let key = story_key(user, task);
        let (story, _) = dapr::load::<Story, D>(self.dapr, &key).await?;
        let mut telling = Telling::new(self.dapr, self.to, user, task);
        let (mut has_begun, erased) = (false, self.extent.erased_through());
        for chunk in 0..story.chunks() {
            let mut numbers = story_chunk(self.dapr, user, task, chunk).await?;
            if numbers.is_empty() {
                break;
            }
            numbers.retain(|&number| number > erased);
            if !has_begun && numbers.first().is_some_and(|&number| number < from) {
                return Ok(Told::Not);
            }
            has_begun |= !numbers.is_empty();
            self.tell_records(&mut telling, &numbers).await?;
            if telling.refused.is_some() {
                break;
            }
        }
        telling.end().await
    }

    async fn tell_records(
        &mut self,
        telling: &mut Telling<'_, D>,
        numbers: &[u64],
    ) -> Result<(), DaprError> {
        let erasure = self.extent.erasure.as_ref();
        let mut wanted = known(self.dapr, self.user.as_str(), numbers, erasure).await?;
        self.records += wanted.len();
        wanted.retain(|known| known.may_be(|name| self.is_made_of(name)));
        let mut bodies = Bodies::of(&wanted);
        while let Some(batch) = bodies
            .next(self.dapr, self.user.as_str(), BATCH_BYTES)
            .await?
        {
            for (known, body) in batch {
                match body.map_or(Err(Flaw::Missing), |body| self.event(&body.value)) {
                    Ok(Some(event)) => telling.add(known, event).await?,
                    Ok(None) => {}
                    Err(_) => self.unreadable.push(known.number),
                }
            }
        }
        self.bytes += bodies.read;
        Ok(())
    }

    fn is_made_of(&self, name: &str) -> bool {
        let mut types = self.to.made_of.iter();
        types.any(|event_type| event_type.name() == name)
    }

    /// An event as the function is told it; `None` when that is not made of it.
    fn event(&self, body: &Json) -> Result<Option<Json>, Flaw> {
        #[derive(Deserialize)]
        struct Typed {
            event_type: String,
        }
        let typed: Typed = body.read().map_err(|_| Flaw::Unreadable)?;
        if !self.is_made_of(&typed.event_type) {
            return Ok(None);
        }
        let mut event: Event = body.read().map_err(|_| Flaw::Unreadable)?;
        if self.to.only_listed.contains(&event.event_type) {
            event.payload = json!({});
        }
        Ok(Some(Json::of(&event)))
    }
}

/// [`events::Story`], its events as they are written.
#[derive(Serialize)]
struct StoryBody<'a> {
    user_id: &'a str,
    task_id: &'a str,
    events: &'a VecDeque<Json>,
}

/// [`events::StoryPart`].
#[derive(Serialize)]
struct PartBody<'a> {
    story: StoryBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carry: Option<&'a Json>,
    continues: bool,
}

/// One story on its way. At no time are more of its events here than fit into one request.
struct Telling<'a, D> {
    dapr: &'a D,
    to: &'a Derivation,
    user: &'a str,
    task: &'a str,
    events: VecDeque<Json>,
    bytes: usize,
    carry: Option<Json>,
    /// Whether a part of it was sent, or all of it.
    is_sent: bool,
    restored: bool,
    refused: Option<String>,
}

impl<'a, D: Dapr> Telling<'a, D> {
    fn new(dapr: &'a D, to: &'a Derivation, user: &'a str, task: &'a str) -> Self {
        Self {
            dapr,
            to,
            user,
            task,
            events: VecDeque::new(),
            bytes: 0,
            carry: None,
            is_sent: false,
            restored: false,
            refused: None,
        }
    }

    /// Most bytes of events in the next request.
    fn room(&self) -> usize {
        let carry = self.carry.as_ref().map_or(0, |carry| carry.text().len());
        MAX_DELIVERY_BODY.saturating_sub(FRAME_BYTES + 6 * self.task.len() + carry)
    }

    async fn add(&mut self, known: &Known, event: Json) -> Result<(), DaprError> {
        let length = event.text().len() + 1;
        if length > self.room() {
            self.refused
                .get_or_insert_with(|| format!("record {} is too long", known.number));
        }
        if self.refused.is_some() {
            return Ok(());
        }
        if self.bytes + length > self.room() {
            match self.to.parts {
                Parts::Independent => self.send_story().await?,
                Parts::Latest => self.forget(length),
                Parts::Carried => self.send_part(true).await?,
            }
        }
        self.bytes += length;
        self.events.push_back(event);
        Ok(())
    }

    /// Makes room for `length` bytes by leaving the oldest events out.
    fn forget(&mut self, length: usize) {
        while self.bytes + length > self.room() {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes -= oldest.text().len() + 1;
        }
    }

    async fn end(mut self) -> Result<Told, DaprError> {
        let is_carried = self.is_sent && self.to.parts == Parts::Carried;
        if self.refused.is_none() {
            if is_carried {
                self.send_part(false).await?;
            } else if !self.events.is_empty() {
                self.send_story().await?;
            }
        }
        Ok(match self.refused {
            Some(reason) => Told::Refused(reason),
            None if self.restored => Told::Restored,
            None if self.is_sent => Told::Unchanged,
            None => Told::Not,
        })
    }

    async fn send_story(&mut self) -> Result<(), DaprError> {
        let body = serde_json::to_vec(&self.story()).expect("a story with string keys");
        self.send(format!("/{}/restore", self.to.app_id), body)
            .await
    }

    async fn send_part(&mut self, continues: bool) -> Result<(), DaprError> {
        let part = PartBody {
            story: self.story(),
            carry: self.carry.as_ref(),
            continues,
        };
        let body = serde_json::to_vec(&part).expect("a part with string keys");
        self.send(format!("/{}/restore/part", self.to.app_id), body)
            .await
    }

    fn story(&self) -> StoryBody<'_> {
        StoryBody {
            user_id: self.user,
            task_id: self.task,
            events: &self.events,
        }
    }

    /// Sends what is here, and takes the answer in.
    async fn send(&mut self, path: String, body: Vec<u8>) -> Result<(), DaprError> {
        self.events.clear();
        self.bytes = 0;
        self.is_sent = true;
        let app_id = self.to.app_id;
        let is_part = path.ends_with("/part");
        let call = Invocation {
            target: Target::App(app_id.to_owned()),
            method: Method::POST,
            path,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
        };
        let response = self.dapr.invoke(call).await?;
        let status = response.status();
        let said = || String::from_utf8_lossy(response.body()).into_owned();
        if status.is_success() {
            let answer: PartAnswer =
                serde_json::from_slice(response.body()).unwrap_or(PartAnswer {
                    restored: false,
                    carry: None,
                });
            self.restored |= answer.restored;
            self.carry = answer.carry.map(|carry| Json::of(&carry));
        } else if is_part && status == StatusCode::NOT_FOUND {
            let reason = format!("the story is too long for this version of {app_id}");
            self.refused = Some(reason);
        } else if dapr::may_pass(status) && status != StatusCode::INTERNAL_SERVER_ERROR {
            let detail = format!("{app_id} answered {status}: {}", said());
            return Err(DaprError::Unavailable {
                what: "invoke",
                detail,
            });
        } else {
            // 500 among them: the function crashes on this story, or its own document about this task is damaged.
            self.refused = Some(format!("{app_id} answered {status}: {}", said()));
        }
        Ok(())
    }
}
