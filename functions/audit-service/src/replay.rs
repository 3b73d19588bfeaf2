//! Telling a function what is on record, so that it can make state again that was lost: one task's story at a time, to
//! that function only. Nothing is published but that it was done.

use std::collections::BTreeSet;

use dapr::{Dapr, DaprError};
use domain::EventId;
use events::{DERIVATIONS, EventReplayed, Timestamp, Topic};
use function::identity::dapr_caller;
use function::{
    Function, Problem, Request, Response, check_operator_name, json_response, parse_json,
    parse_user_id,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::batch::{BATCH_BYTES, Bodies, known, parsed};
use crate::documents::{Extent, Outline};
use crate::tell::{Teller, Told};

/// The function's app-id.
pub(crate) const SOURCE: &str = "audit-service";

/// Most records among which one request looks for beginnings of stories.
const MOST_RECORDS: u64 = 500;

/// How many records are read at a time.
const BATCH: usize = 100;

/// How many bytes of events one request reads for stories, and how many records it looks at for them: then the next
/// request goes on with the next story.
const MOST_BYTES: usize = 32 * 1024 * 1024;
const MOST_LOOKED_AT: usize = 10_000;

/// Body of `POST /audit-service/replay`, which an operator sends.
#[derive(Debug, Deserialize)]
struct Replay {
    user_id: String,
    /// Which function's state was lost.
    to: String,
    /// Who asks.
    operator: String,
    /// From which record on; what an earlier answer called `next_from`.
    #[serde(default = "first")]
    from: u64,
}

fn first() -> u64 {
    1
}

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Replayed {
    told: u32,
    restored: u32,
    /// What could not be told, and why.
    refused: Vec<Value>,
    next_from: Option<u64>,
}

/// Tells the stories that begin in one stretch of a person's record. The answer says where the next stretch begins.
pub(crate) async fn replay<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    dapr_caller(request.headers(), &function.app_api_token)?;
    let asked: Replay = parse_json(request)?;
    let user = parse_user_id(&asked.user_id)?;
    let operator = check_operator_name("/operator", asked.operator)?;
    let to = DERIVATIONS.iter().find(|one| one.app_id == asked.to);
    let to = to.ok_or_else(|| {
        let detail = "is no function whose state is made of events";
        Problem::invalid_field("/to", detail)
    })?;
    let dapr = &function.dapr;
    let extent = Extent::read(dapr, user.as_str()).await?;
    let end = extent.head.number;
    let from = asked.from.max(extent.erased_through().saturating_add(1));
    let last = end.min(from.saturating_add(MOST_RECORDS - 1));
    let stretch = Stretch::read(dapr, user.as_str(), &extent, from, last).await?;

    let mut replayed = Replayed {
        next_from: (last < end).then_some(last + 1),
        ..Replayed::default()
    };
    if let Some(latest) = stretch.latest {
        let payload = EventReplayed {
            replayed_event_id: latest,
            topic: "audit".to_owned(),
            operator,
            to: Some(asked.to),
        };
        let (id, chain) = (EventId(function.fresh()), function.chain(request));
        let now = Timestamp::clamped(function.now());
        let event = events::Event::new(id, SOURCE, &user, None, &payload, chain, now);
        // First, so that none is replayed without that being on record.
        dapr.publish(Topic::TaskAudit, &[event]).await?;
    }
    let mut teller = Teller {
        dapr,
        user: &user,
        to,
        extent: &extent,
        bytes: 0,
        records: 0,
        unreadable: stretch.unreadable,
    };
    let mut last_told = None;
    for (number, task) in stretch.beginnings {
        let is_full = teller.bytes > MOST_BYTES || teller.records > MOST_LOOKED_AT;
        if is_full && last_told.is_some_and(|told| told < number) {
            replayed.next_from = Some(number);
            break;
        }
        last_told = Some(number);
        replayed.count(&task, teller.tell(&task, from).await?);
    }
    replayed.count_unreadable(teller.unreadable);
    Ok(json_response(StatusCode::OK, &replayed))
}

impl Replayed {
    fn count(&mut self, task: &str, told: Told) {
        match told {
            Told::Not => return,
            Told::Restored => self.restored += 1,
            Told::Unchanged => {}
            Told::Refused(reason) => self
                .refused
                .push(json!({ "task_id": task, "reason": reason })),
        }
        self.told += 1;
    }

    fn count_unreadable(&mut self, mut numbers: Vec<u64>) {
        numbers.sort_unstable();
        numbers.dedup();
        let refused = numbers
            .into_iter()
            .map(|number| json!({ "record": number, "reason": "the event can't be read" }));
        self.refused.extend(refused);
    }
}

/// A stretch of the record, as far as it must be known to tell the stories that begin in it.
#[derive(Default)]
pub(crate) struct Stretch {
    /// The last event.
    latest: Option<Uuid>,
    /// With which records which tasks' stories begin, in order; those of earlier versions may begin before the stretch.
    pub(crate) beginnings: Vec<(u64, String)>,
    /// The ids of the events.
    pub(crate) event_ids: Vec<Uuid>,
    /// Records of earlier versions whose events can't be read, so that nobody knows whose story they are part of.
    unreadable: Vec<u64>,
}

impl Stretch {
    pub(crate) async fn read<D: Dapr>(
        dapr: &D,
        user: &str,
        extent: &Extent,
        from: u64,
        last: u64,
    ) -> Result<Self, DaprError> {
        let (mut stretch, mut seen) = (Self::default(), BTreeSet::new());
        let numbers: Vec<u64> = (from..=last).collect();
        for numbers in numbers.chunks(BATCH) {
            let mut known = known(dapr, user, numbers, extent.erasure.as_ref()).await?;
            let latest = known
                .iter()
                .rev()
                .find_map(|known| known.record.as_ref().ok());
            stretch.latest = latest.map(|record| record.event_id).or(stretch.latest);
            let records = known.iter().filter_map(|known| known.record.as_ref().ok());
            stretch
                .event_ids
                .extend(records.map(|record| record.event_id));
            let mut found: Vec<(u64, String)> = Vec::new();
            for known in &known {
                let begins = known.entry.iter().flat_map(|entry| &entry.begins);
                found.extend(begins.map(|task| (known.number, task.clone())));
            }
            known.retain(|known| known.entry.is_none());
            let mut bodies = Bodies::of(&known);
            while let Some(batch) = bodies.next(dapr, user, BATCH_BYTES).await? {
                for (known, body) in batch {
                    match parsed::<Outline>(body.as_ref()) {
                        Ok(outline) => {
                            found.extend(outline.into_tasks().map(|task| (known.number, task)));
                        }
                        Err(_) => stretch.unreadable.push(known.number),
                    }
                }
            }
            found.sort_unstable();
            found.retain(|(_, task)| seen.insert(task.clone()));
            stretch.beginnings.extend(found);
        }
        Ok(stretch)
    }
}
