//! `POST /audit-service/check`: has every function check what it derives of one person, a stretch at a time. First each walks
//! its own lists; then the tasks that are on record are asked for, so that one which no list has is found as well.

use dapr::check::{Check, Finding, Report};
use dapr::{Dapr, DaprError, Invocation, Target};
use domain::UserId;
use function::identity::dapr_caller;
use function::{Function, Problem, Request, Response, json_response, parse_json, parse_user_id};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::batch::{self, BATCH_BYTES, Bodies, parsed};
use crate::documents::Extent;
use crate::replay::Stretch;

/// The functions that derive something they can check.
const CHECKERS: [&str; 3] = ["task-service", "reminder-service", "notification-service"];

/// The function whose events have numbers.
const NUMBERED: &str = "task-service";

/// Most records whose tasks one request asks for.
const MOST_RECORDS: u64 = 200;

/// Most tasks that a function is asked for at a time.
const MOST_TASKS: usize = 25;

/// Body of a check, which an operator sends.
#[derive(Debug, Deserialize)]
struct Asked {
    user_id: String,
    /// Whether what is wrong is to be mended.
    #[serde(default)]
    repair: bool,
    /// Where to go on: `next` of the answer before.
    #[serde(default)]
    from: Option<String>,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Answer {
    checked: u64,
    findings: Vec<Found>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Found {
    function: &'static str,
    #[serde(flatten)]
    finding: Finding,
}

/// What an event's body says of its number.
#[derive(Deserialize)]
struct Numbered {
    metadata: NumberedMetadata,
}

#[derive(Deserialize)]
struct NumberedMetadata {
    source: String,
    sequence: Option<u64>,
}

/// How far a check has come.
enum From {
    /// A function's lists, from where its own report said.
    Lists(usize, Option<String>),
    /// The tasks whose stories begin at this record or later.
    Records(u64),
}

impl From {
    /// Reads `lists/{function}`, `lists/{function}/{from}` or `records/{number}`.
    fn parse(text: Option<&str>) -> Option<Self> {
        let Some(text) = text else {
            return Some(Self::Lists(0, None));
        };
        let (what, rest) = text.split_once('/')?;
        match what {
            "records" => rest.parse().ok().map(Self::Records),
            "lists" => {
                let (function, from) = match rest.split_once('/') {
                    Some((function, from)) => (function, Some(from.to_owned())),
                    None => (rest, None),
                };
                let function = CHECKERS.iter().position(|checker| *checker == function)?;
                Some(Self::Lists(function, from))
            }
            _ => None,
        }
    }
}

/// Checks one stretch. The answer says where the next one begins.
pub(crate) async fn check<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    dapr_caller(request.headers(), &function.app_api_token)?;
    let asked: Asked = parse_json(request)?;
    let user = parse_user_id(&asked.user_id)?;
    let from = From::parse(asked.from.as_deref())
        .ok_or_else(|| Problem::invalid_field("/from", "takes what an answer called `next`"))?;
    let mut checking = Checking {
        dapr: &function.dapr,
        user: &user,
        repair: asked.repair,
        answer: Answer::default(),
    };
    match from {
        From::Lists(function, from) => checking.lists(function, from).await?,
        From::Records(from) => checking.records(from).await?,
    }
    Ok(json_response(StatusCode::OK, &checking.answer))
}

struct Checking<'a, D> {
    dapr: &'a D,
    user: &'a UserId,
    repair: bool,
    answer: Answer,
}

impl<D: Dapr> Checking<'_, D> {
    async fn lists(&mut self, function: usize, from: Option<String>) -> Result<(), DaprError> {
        let is_numbered = CHECKERS[function] == NUMBERED && from.is_none();
        let last_sequence = match is_numbered {
            true => self.last_sequence().await?,
            false => 0,
        };
        let next = self
            .ask(CHECKERS[function], Vec::new(), from, last_sequence)
            .await?;
        self.answer.next = Some(match (next, CHECKERS.get(function + 1)) {
            (Some(next), _) => format!("lists/{}/{next}", CHECKERS[function]),
            (None, Some(next)) => format!("lists/{next}"),
            (None, None) => "records/1".to_owned(),
        });
        Ok(())
    }

    async fn records(&mut self, from: u64) -> Result<(), DaprError> {
        let extent = Extent::read(self.dapr, self.user.as_str()).await?;
        let end = extent.head.number;
        let from = from.max(extent.erased_through().saturating_add(1));
        let last = end.min(from.saturating_add(MOST_RECORDS - 1));
        let stretch = Stretch::read(self.dapr, self.user.as_str(), &extent, from, last).await?;
        let tasks: Vec<Uuid> = stretch
            .beginnings
            .iter()
            .filter_map(|(_, task)| task.parse().ok())
            .collect();
        for tasks in tasks.chunks(MOST_TASKS) {
            for function in CHECKERS {
                self.ask(function, tasks.to_vec(), None, 0).await?;
            }
        }
        self.answer.next = (last < end).then(|| format!("records/{}", last + 1));
        Ok(())
    }

    /// The highest number among the last records; 0 when none of those has one.
    async fn last_sequence(&self) -> Result<u64, DaprError> {
        let (dapr, user) = (self.dapr, self.user.as_str());
        let extent = Extent::read(dapr, user).await?;
        let end = extent.head.number;
        let begin = end
            .saturating_sub(MOST_RECORDS)
            .max(extent.erased_through())
            + 1;
        let numbers: Vec<u64> = (begin..=end).collect();
        let known = batch::known(dapr, user, &numbers, extent.erasure.as_ref()).await?;
        let (mut bodies, mut highest) = (Bodies::of(&known), 0);
        while let Some(batch) = bodies.next(dapr, user, BATCH_BYTES).await? {
            for (_, body) in batch {
                let event = parsed::<Numbered>(body.as_ref()).ok();
                let numbered = event.map(|event| event.metadata);
                let numbered = numbered.filter(|numbered| numbered.source == NUMBERED);
                let sequence = numbered.and_then(|numbered| numbered.sequence);
                highest = highest.max(sequence.unwrap_or_default());
            }
        }
        Ok(highest)
    }

    /// Has `function` check something, and takes in what it found. Returns where it goes on.
    async fn ask(
        &mut self,
        function: &'static str,
        task_ids: Vec<Uuid>,
        from: Option<String>,
        last_sequence: u64,
    ) -> Result<Option<String>, DaprError> {
        let check = Check {
            user_id: self.user.to_string(),
            repair: self.repair,
            task_ids,
            from,
            last_sequence,
        };
        let call = Invocation {
            target: Target::App(function.to_owned()),
            method: Method::POST,
            path: format!("/{function}/check"),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: serde_json::to_vec(&check).expect("a body with string keys"),
        };
        let response = self.dapr.invoke(call).await?;
        let (status, body) = (response.status(), response.body());
        if dapr::may_pass(status) && status != StatusCode::INTERNAL_SERVER_ERROR {
            return Err(DaprError::Unavailable {
                what: "invoke",
                detail: format!("{function} answered {status}"),
            });
        }
        let report = serde_json::from_slice::<Report>(body)
            .ok()
            .filter(|_| status.is_success());
        let Some(report) = report else {
            // What it checks can't be read at all: the others go on.
            let finding = Finding {
                kind: "unreadable".to_owned(),
                place: check.from.unwrap_or_default(),
                detail: format!("{status}: {}", String::from_utf8_lossy(body)),
                mended: false,
            };
            self.answer.findings.push(Found { function, finding });
            return Ok(None);
        };
        self.answer.checked += report.checked;
        let found = report.findings.into_iter();
        self.answer
            .findings
            .extend(found.map(|finding| Found { function, finding }));
        Ok(report.next)
    }
}
