//! `POST /audit-service/erase/everywhere`: erases a person in every function, a stretch at a time, as the task service asks
//! for it until it is done. Each function erases what its own lists lead to; then the tasks and events that are on record
//! are named to them, so that what no list has goes as well; last of all what is on record.

use api::inner::{EraseStretch, ErasedStretch};
use chrono::{DateTime, Duration, Utc};
use dapr::erase::{Erase, Erased};
use dapr::{Dapr, DaprError, Invocation, Target};
use domain::UserId;
use events::Timestamp;
use function::identity::function_caller;
use function::{
    Function, Problem, Request, Response, check_operator_name, json_response, parse_json,
    parse_user_id,
};
use http::{Method, StatusCode};
use uuid::Uuid;

use crate::documents::{Extent, event_key};
use crate::erase::Work;
use crate::replay::Stretch;

/// Who keeps the wish until it is fulfilled.
const ASKER: &str = "task-service";

/// The functions that have something of a person, in the order in which they erase it: those whose events lead to others'
/// documents come first.
const ERASERS: [&str; 5] = [
    ASKER,
    "recurrence-engine",
    "reminder-service",
    "notification-service",
    "chatbot",
];

/// Those of them that have documents by the id of a task.
const BY_TASK: [&str; 3] = [ASKER, "reminder-service", "notification-service"];

/// The one that has documents by the id of an event.
const BY_EVENT: &str = "notification-service";

/// How many records' tasks are named at a time.
const MOST_RECORDS: u64 = 100;

/// Most tasks that a function is told of at a time.
const MOST_TASKS: usize = 25;

/// Most steps of one request, and how long it goes on to begin one: whoever asks waits five seconds.
const MOST_STEPS: u32 = 8;
const LONGEST: Duration = Duration::seconds(2);

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// The lists of a function.
    Lists(usize),
    /// The tasks and events from this record on.
    Records(u64),
    /// What is on record.
    Record,
}

impl From {
    /// Reads `lists/{function}`, `records/{number}` or `record`.
    fn parse(text: &str) -> Option<Self> {
        if text == "record" {
            return Some(Self::Record);
        }
        match text.split_once('/')? {
            ("records", number) => number.parse().ok().map(Self::Records),
            ("lists", name) => {
                let function = ERASERS.iter().position(|eraser| *eraser == name)?;
                Some(Self::Lists(function))
            }
            _ => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Lists(function) => format!("lists/{}", ERASERS[function]),
            Self::Records(number) => format!("records/{number}"),
            Self::Record => "record".to_owned(),
        }
    }
}

/// Erases a stretch. The answer says where the next one begins.
pub(crate) async fn erase<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    function_caller(request.headers(), &function.app_api_token, ASKER)?;
    let asked: EraseStretch = parse_json(request)?;
    let erasing = Erasing {
        work: Work {
            function,
            user: parse_user_id(&asked.user_id)?,
            asked_by: check_operator_name("/asked_by", asked.asked_by)?,
            chain: function.chain(request),
            until: Some(asked.until),
        },
        until: asked.until,
    };
    let from = match &asked.from {
        Some(text) => From::parse(text)
            .ok_or_else(|| Problem::invalid_field("/from", "takes what an answer called `next`"))?,
        None if erasing
            .knows_all(asked.event_id, asked.requested_at)
            .await? =>
        {
            From::Lists(0)
        }
        None => {
            let answer = ErasedStretch {
                waits: true,
                ..ErasedStretch::default()
            };
            return Ok(json_response(StatusCode::OK, &answer));
        }
    };
    let next = erasing.go_on(from).await?.map(From::text);
    let answer = ErasedStretch { next, waits: false };
    Ok(json_response(StatusCode::OK, &answer))
}

struct Erasing<'a, D> {
    work: Work<'a, D>,
    until: Timestamp,
}

impl<D: Dapr> Erasing<'_, D> {
    fn dapr(&self) -> &D {
        &self.work.function.dapr
    }

    fn user(&self) -> &UserId {
        &self.work.user
    }

    /// Whether every task of the person is on record: their last event is, or what they do is not recorded any more since
    /// they were erased before.
    async fn knows_all(&self, last: Uuid, requested_at: Timestamp) -> Result<bool, DaprError> {
        let user = self.user().as_str();
        if self.dapr().get(&event_key(user, last)).await?.is_some() {
            return Ok(true);
        }
        let extent = Extent::read(self.dapr(), user).await?;
        Ok(extent
            .erasure
            .is_some_and(|erasure| erasure.at >= requested_at))
    }

    /// A few steps from `from` on; where the next request goes on.
    async fn go_on(&self, from: From) -> Result<Option<From>, Problem> {
        let began = self.now();
        let mut at = from;
        for step in 0..MOST_STEPS {
            let spent = self.now() - began;
            if step > 0 && !(Duration::zero()..LONGEST).contains(&spent) {
                break;
            }
            let next = self.step(at).await;
            at = match next {
                Ok(Some(next)) => next,
                Ok(None) => return Ok(None),
                // What is done stays done; the next request meets the same error first.
                Err(_) if step > 0 => break,
                Err(problem) => return Err(problem),
            };
        }
        Ok(Some(at))
    }

    fn now(&self) -> DateTime<Utc> {
        self.work.function.now()
    }

    async fn step(&self, at: From) -> Result<Option<From>, Problem> {
        Ok(match at {
            From::Lists(function) => {
                let more = self.tell(ERASERS[function], &[], &[]).await?;
                Some(match (more, function + 1 < ERASERS.len()) {
                    (true, _) => at,
                    (false, true) => From::Lists(function + 1),
                    (false, false) => From::Records(1),
                })
            }
            From::Records(number) => Some(self.records(number).await?),
            From::Record => {
                let progress = self.work.run().await?;
                (!progress.done).then_some(at)
            }
        })
    }

    async fn records(&self, from: u64) -> Result<From, Problem> {
        let (dapr, user) = (self.dapr(), self.user().as_str());
        let extent = Extent::read(dapr, user).await?;
        let end = extent.head.number;
        let from = from.max(extent.erased_through().saturating_add(1));
        let last = end.min(from.saturating_add(MOST_RECORDS - 1));
        let stretch = Stretch::read(dapr, user, &extent, from, last).await?;
        let tasks: Vec<Uuid> = stretch
            .beginnings
            .iter()
            .filter_map(|(_, task)| task.parse().ok())
            .collect();
        for tasks in tasks.chunks(MOST_TASKS) {
            for function in BY_TASK {
                self.tell(function, tasks, &[]).await?;
            }
        }
        if !stretch.event_ids.is_empty() {
            self.tell(BY_EVENT, &[], &stretch.event_ids).await?;
        }
        Ok(match last < end {
            true => From::Records(last + 1),
            false => From::Record,
        })
    }

    /// Has `function` erase something; whether there is more.
    async fn tell(
        &self,
        function: &'static str,
        task_ids: &[Uuid],
        event_ids: &[Uuid],
    ) -> Result<bool, Problem> {
        let erase = Erase {
            user_id: self.user().to_string(),
            until: self.until,
            task_ids: task_ids.to_vec(),
            event_ids: event_ids.to_vec(),
        };
        let call = Invocation {
            target: Target::App(function.to_owned()),
            method: Method::POST,
            path: format!("/{function}/erase"),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: serde_json::to_vec(&erase).expect("a body with string keys"),
        };
        let response = self.dapr().invoke(call).await?;
        let (status, body) = (response.status(), response.body());
        let said = || {
            format!(
                "{function} answered {status}: {}",
                String::from_utf8_lossy(body)
            )
        };
        if dapr::may_pass(status) && status != StatusCode::INTERNAL_SERVER_ERROR {
            let error = DaprError::Unavailable {
                what: "invoke",
                detail: said(),
            };
            return Err(error.into());
        }
        let erased = serde_json::from_slice::<Erased>(body)
            .ok()
            .filter(|_| status.is_success());
        erased.map(|erased| erased.more).ok_or_else(|| {
            // Its log says which document it can't read; nothing is taken to be erased that is not.
            Problem::internal(said())
        })
    }
}
