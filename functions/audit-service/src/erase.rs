//! Erasing a person: every event of theirs, and all that says what they were about. The records stay, so that the chain
//! stays whole; the last one says that it was done. docs/decisions/0013-what-is-kept-for-ever.md

use std::collections::{BTreeMap, BTreeSet};

use dapr::{Condition, Dapr, DaprError, Write};
use domain::{EventId, UserId};
use events::{Chain, Event, EventType, PersonErased, Timestamp};
use function::identity::dapr_caller;
use function::{
    Function, Problem, Request, Response, check_operator_name, json_response, parse_json,
    parse_user_id,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::batch::{BATCH_BYTES, Bodies, Known, known, parsed};
use crate::documents::{
    Erasure, Extent, Outline, STORY_CHUNK, Story, body_key, erasure_key, event_key, head_key, read,
    story_chunk, story_chunk_key, story_key,
};
use crate::replay::SOURCE;

/// Most transactions of one request: a thousand records, or fewer where others are recorded meanwhile.
const MOST_STEPS: u32 = 10;
/// How many records are erased in one transaction.
const BATCH: u64 = 100;
/// How often a step tries again when events are recorded meanwhile.
const TRIES: u32 = 8;

/// Body of `POST /audit-service/erase`.
#[derive(Debug, Deserialize)]
struct Erase {
    user_id: String,
    /// Who asks for it: an operator's name or a function's app-id. It goes on record, so nothing of the person.
    asked_by: String,
}

/// How far it is.
#[derive(Debug, Serialize)]
pub(crate) struct Progress {
    /// Records whose events this request has erased.
    erased: u64,
    /// The events of the records up to this number are erased, or will be.
    through: u64,
    /// Whether all is done. If not, the same request goes on.
    pub(crate) done: bool,
}

/// Erases a stretch of what is on record of a person.
pub(crate) async fn erase<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    dapr_caller(request.headers(), &function.app_api_token)?;
    let asked: Erase = parse_json(request)?;
    let work = Work {
        function,
        user: parse_user_id(&asked.user_id)?,
        asked_by: check_operator_name("/asked_by", asked.asked_by)?,
        chain: function.chain(request),
        until: None,
    };
    Ok(json_response(StatusCode::OK, &work.run().await?))
}

impl<D: Dapr> Work<'_, D> {
    /// A thousand records, or fewer where others are recorded meanwhile.
    pub(crate) async fn run(&self) -> Result<Progress, DaprError> {
        let (mut erased, mut steps, mut tries) = (0, 0, 0);
        loop {
            match self.step().await {
                Ok(Step::Done(erasure)) => return Ok(Progress::of(erased, &erasure, true)),
                Ok(Step::Further(erasure, count)) => {
                    (erased, steps, tries) = (erased + count, steps + 1, 0);
                    if steps >= MOST_STEPS {
                        return Ok(Progress::of(erased, &erasure, false));
                    }
                }
                Err(DaprError::Conflict) if tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Progress {
    fn of(erased: u64, erasure: &Erasure, done: bool) -> Self {
        Self {
            erased,
            through: erasure.through,
            done,
        }
    }
}

enum Step {
    /// So many records more.
    Further(Erasure, u64),
    Done(Erasure),
}

/// Erasing what is on record.
pub(crate) struct Work<'a, D> {
    pub(crate) function: &'a Function<D>,
    pub(crate) user: UserId,
    pub(crate) asked_by: String,
    pub(crate) chain: Chain,
    /// Up to when what happens is not recorded any more; without it, what has happened by now.
    pub(crate) until: Option<Timestamp>,
}

impl<D: Dapr> Work<'_, D> {
    /// One transaction: it begins an erasure, erases a batch, or says on record that all is erased.
    async fn step(&self) -> Result<Step, DaprError> {
        let extent = Extent::read(&self.function.dapr, self.user.as_str()).await?;
        let Some(erasure) = &extent.erasure else {
            return self.begin(&extent, 1).await;
        };
        match erasure.recorded {
            None if erasure.next <= erasure.through => self.erase_batch(&extent, erasure).await,
            // What was recorded meanwhile is erased as well.
            None if erasure.through < extent.head.number => self.begin(&extent, erasure.next).await,
            None => self.record(&extent, erasure).await,
            Some(number) if number < extent.head.number => self.begin(&extent, erasure.next).await,
            Some(_) => self.forbid(&extent, erasure).await,
        }
    }

    /// From here on nothing that happened before is recorded. What others are about to record comes before the last record
    /// of the erasure, and is erased as well.
    async fn begin(&self, extent: &Extent, next: u64) -> Result<Step, DaprError> {
        let erasure = Erasure {
            through: extent.head.number,
            next,
            at: self.at(extent),
            asked_by: self.asked_by.clone(),
            recorded: None,
        };
        self.transact(extent, &erasure, Vec::new()).await?;
        Ok(Step::Further(erasure, 0))
    }

    /// Nothing was recorded since the last time: only what happened until now and still arrives is to be kept out. The head
    /// is written as it is, so that whoever is about to record something has to look again.
    async fn forbid(&self, extent: &Extent, erasure: &Erasure) -> Result<Step, DaprError> {
        let erasure = Erasure {
            at: self.at(extent),
            ..erasure.clone()
        };
        let key = head_key(self.user.as_str());
        let condition = Condition::as_read(extent.head_document.as_ref());
        let head = Write::put(key, &extent.head, condition);
        self.transact(extent, &erasure, vec![head]).await?;
        Ok(Step::Done(erasure))
    }

    async fn erase_batch(&self, extent: &Extent, before: &Erasure) -> Result<Step, DaprError> {
        let (dapr, user) = (&self.function.dapr, self.user.as_str());
        let last = before.through.min(before.next + BATCH - 1);
        let numbers: Vec<u64> = (before.next..=last).collect();
        let mut known = known(dapr, user, &numbers, Some(before)).await?;
        known.retain(|known| !says_that_it_was_erased(known));
        let (mut keys, mut tasks) = (BTreeSet::new(), BTreeSet::new());
        for known in &known {
            keys.insert(body_key(user, known.number));
            if let Ok(record) = &known.record {
                keys.insert(event_key(user, record.event_id));
            }
            let begins = known.entry.iter().flat_map(|entry| &entry.begins);
            tasks.extend(begins.cloned());
        }
        let count = known.len() as u64;
        known.retain(|known| known.entry.is_none());
        let mut bodies = Bodies::of(&known);
        while let Some(batch) = bodies.next(dapr, user, BATCH_BYTES).await? {
            for (_, body) in batch {
                // What can't be read names no task; its other records do.
                if let Ok(outline) = parsed::<Outline>(body.as_ref()) {
                    keys.insert(event_key(user, outline.event_id));
                    tasks.extend(outline.into_tasks());
                }
            }
        }
        let keys = keys.into_iter();
        let mut writes: Vec<Write> = keys.map(|key| Write::delete(key, Condition::Any)).collect();
        let mut begun: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for task in tasks {
            let (story, first_kept) = self.erase_story(&task, before.through).await?;
            writes.extend(story);
            if let Some(number) = first_kept {
                begun.entry(number).or_default().push(task);
            }
        }
        writes.extend(self.begin_stories(begun).await?);
        let erasure = Erasure {
            next: last + 1,
            ..before.clone()
        };
        self.transact(extent, &erasure, writes).await?;
        Ok(Step::Further(erasure, count))
    }

    /// The writes by which these records, which were kept, are now the first ones of these tasks' stories.
    async fn begin_stories(
        &self,
        begun: BTreeMap<u64, Vec<String>>,
    ) -> Result<Vec<Write>, DaprError> {
        let user = self.user.as_str();
        let numbers: Vec<u64> = begun.keys().copied().collect();
        let known = known(&self.function.dapr, user, &numbers, None).await?;
        let begin = known.into_iter().zip(begun.into_values());
        let writes = begin.filter_map(|(known, tasks)| {
            // An earlier version has no entry to say so: there, each record's tasks are looked for in its event.
            let (record, mut entry) = (known.record.ok()?, known.entry?);
            entry.begins = tasks;
            let key = event_key(user, record.event_id);
            Some(Write::put(key, &entry, Condition::Any))
        });
        Ok(writes.collect())
    }

    /// The writes that take the records up to `through` out of a task's story: all of them, unless something was recorded
    /// of the task since. Then its first record is told, too.
    async fn erase_story(
        &self,
        task: &str,
        through: u64,
    ) -> Result<(Vec<Write>, Option<u64>), DaprError> {
        let (dapr, user) = (&self.function.dapr, self.user.as_str());
        let key = story_key(user, task);
        let Some(document) = dapr.get(&key).await? else {
            return Ok((Vec::new(), None));
        };
        let chunks = read::<Story>(&key, Some(&document))?.chunks();
        let mut kept: Vec<u64> = Vec::new();
        for chunk in (0..chunks).rev() {
            let mut numbers = story_chunk(dapr, user, task, chunk).await?;
            let length = numbers.len();
            numbers.retain(|&number| number > through);
            let is_last = numbers.len() < length || length == 0;
            numbers.append(&mut kept);
            kept = numbers;
            if is_last {
                break;
            }
        }
        let as_read = Condition::as_read(Some(&document));
        let mut kept_chunks = kept.chunks(STORY_CHUNK);
        let mut writes: Vec<Write> = (0..chunks)
            .map(|chunk| {
                let key = story_chunk_key(user, task, chunk);
                match kept_chunks.next() {
                    Some(numbers) => Write::put(key, &numbers, Condition::Any),
                    None => Write::delete(key, Condition::Any),
                }
            })
            .collect();
        writes.push(match kept.len() as u64 {
            0 => Write::delete(key, as_read),
            records => Write::put(key, &Story { records }, as_read),
        });
        Ok((writes, kept.first().copied()))
    }

    /// All is erased: the last record says so, in one transaction with the mark that it does.
    async fn record(&self, extent: &Extent, before: &Erasure) -> Result<Step, DaprError> {
        let payload = PersonErased {
            asked_by: before.asked_by.clone(),
            through: before.through,
        };
        let now = self.function.now();
        let id = EventId(self.function.fresh());
        let (user, chain) = (&self.user, self.chain);
        let event = Event::new(
            id,
            SOURCE,
            user,
            None,
            &payload,
            chain,
            Timestamp::clamped(now),
        );
        let document = extent.head_document.as_ref();
        let writes = extent.head.append(document, &event, Vec::new(), now);
        let erasure = Erasure {
            recorded: Some(extent.head.number + 1),
            ..before.clone()
        };
        self.transact(extent, &erasure, writes).await?;
        Ok(Step::Done(erasure))
    }

    /// Up to when what happens is not recorded: never less far than an earlier erasure said.
    fn at(&self, extent: &Extent) -> Timestamp {
        let now = Timestamp::clamped(self.function.now());
        let before = extent.erasure.as_ref().map(|erasure| erasure.at);
        [self.until, before]
            .into_iter()
            .flatten()
            .fold(now, Timestamp::max)
    }

    async fn transact(
        &self,
        extent: &Extent,
        erasure: &Erasure,
        mut writes: Vec<Write>,
    ) -> Result<(), DaprError> {
        writes.push(Write::put(
            erasure_key(self.user.as_str()),
            erasure,
            Condition::as_read(extent.erasure_document.as_ref()),
        ));
        self.function.dapr.transact(writes).await
    }
}

/// Whether the record says that something was erased: then it stays.
fn says_that_it_was_erased(known: &Known) -> bool {
    let name = EventType::PersonErased.name();
    known
        .entry
        .as_ref()
        .is_some_and(|entry| entry.event_type == name)
}
