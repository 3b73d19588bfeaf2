//! What every function works with, and what every function does the same way.

use api::session::{Health, Status};
use chrono::{DateTime, Utc};
use dapr::check::Check;
use dapr::consumer::{self, Effect, HandleError, Memory, Outcome};
use dapr::erase::{Erase, Erased, Tombstone};
use dapr::timetable::{self, Looked, Ticked};
use dapr::{Dapr, DaprError};
use domain::{UserId, zone};
use events::{Chain, Event, Story, StoryPart};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::identity::{self, Issuer, Person, dapr_caller, function_caller};
use crate::{
    Limits, Problem, Request, Response, correlation_id, empty, json_response, parse_call,
    parse_user_id,
};

/// Who has everything on record.
const RECORDER: &str = "audit-service";

/// A function's means: nothing else reaches out of its core.
#[derive(Debug, Clone)]
pub struct Function<D> {
    /// Its Dapr.
    pub dapr: D,
    /// Whose tokens it trusts.
    pub issuer: Issuer,
    /// What its Dapr proves itself with.
    pub app_api_token: String,
    /// Tells the time.
    pub clock: fn() -> DateTime<Utc>,
    /// Makes ids, version 7.
    pub new_id: fn() -> Uuid,
    /// What one person may do.
    pub limits: Limits,
}

impl<D: Dapr> Function<D> {
    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// A fresh id.
    #[must_use]
    pub fn fresh(&self) -> Uuid {
        (self.new_id)()
    }

    /// Who asks, by the token of the request.
    ///
    /// # Errors
    /// 401 without a good token.
    pub async fn person(&self, request: &Request) -> Result<Person, Problem> {
        identity::person(&self.dapr, &self.issuer, request.headers(), self.now()).await
    }

    /// The chain that a person's request begins.
    #[must_use]
    pub fn chain(&self, request: &Request) -> Chain {
        Chain {
            correlation_id: correlation_id(request.headers(), self.fresh()),
            causation_id: None,
        }
    }

    /// A delivery of a topic: handled once, answered in the words that Dapr knows.
    ///
    /// # Errors
    /// 401 when it was not this function's Dapr; 503 when it is to come again.
    pub(crate) async fn deliver(
        &self,
        request: &Request,
        memory: Memory,
        handle: impl AsyncFn(&Event) -> Result<Effect, HandleError>,
    ) -> Result<Response, Problem> {
        dapr_caller(request.headers(), &self.app_api_token)?;
        let outcome = consumer::consume(&self.dapr, request.body(), memory, handle).await;
        delivery_answer(outcome)
    }

    /// What is on record of a task, told by the audit service so that lost state can be made again.
    ///
    /// # Errors
    /// 401 or 403 when it was not the audit service; 422 when it is no story.
    pub(crate) fn story(&self, request: &Request) -> Result<Story, Problem> {
        function_caller(request.headers(), &self.app_api_token, RECORDER)?;
        parse_call(request)
    }

    /// What is to be checked of whose, as an operator or the audit service asks through Dapr.
    ///
    /// # Errors
    /// 401 when it was not this function's Dapr; 422 when it is no check.
    pub(crate) fn to_check(&self, request: &Request) -> Result<(UserId, Check), Problem> {
        dapr_caller(request.headers(), &self.app_api_token)?;
        let check: Check = parse_call(request)?;
        let user = parse_user_id(&check.user_id)?;
        Ok((user, check))
    }

    /// What is to be erased of whose, as the audit service asks, and the tombstone that is to stand in its place.
    ///
    /// # Errors
    /// 401 or 403 when it was not the audit service; 422 when it is no such request.
    pub(crate) fn to_erase(
        &self,
        request: &Request,
    ) -> Result<(UserId, Tombstone, Erase), Problem> {
        function_caller(request.headers(), &self.app_api_token, RECORDER)?;
        let erase: Erase = parse_call(request)?;
        let user = parse_user_id(&erase.user_id)?;
        let tombstone = Tombstone { until: erase.until };
        Ok((user, tombstone, erase))
    }

    /// One part of a story that is too long for one request.
    ///
    /// # Errors
    /// As of [`story`](Self::story).
    pub fn story_part(&self, request: &Request) -> Result<StoryPart, Problem> {
        function_caller(request.headers(), &self.app_api_token, RECORDER)?;
        parse_call(request)
    }

    /// A tick of a cron binding: works through what is due in the timetable. Answered 207 when somebody's own data kept
    /// them from being worked off, which Dapr's metrics count by status.
    ///
    /// # Errors
    /// 401 when it was not this function's Dapr; else what the store answered.
    pub(crate) async fn tick(
        &self,
        request: &Request,
        handle: impl AsyncFn(&[timetable::Entry], DateTime<Utc>) -> Result<Looked, DaprError>,
    ) -> Result<Response, Problem> {
        dapr_caller(request.headers(), &self.app_api_token)?;
        let holder = self.fresh().to_string();
        match timetable::tick(&self.dapr, self.clock, &holder, handle).await? {
            Ticked::Handled { put_off, .. } if !put_off.is_empty() => Ok(json_response(
                StatusCode::MULTI_STATUS,
                &json!({ "put_off": put_off }),
            )),
            Ticked::Handled { .. } | Ticked::Idle | Ticked::Busy => Ok(empty(StatusCode::OK)),
        }
    }

    /// Readiness: whether the store answers.
    ///
    /// # Errors
    /// 503 when it does not.
    pub(crate) async fn health(&self, name: &str) -> Result<Response, Problem> {
        self.dapr.get("health").await?;
        Ok(json_response(
            StatusCode::OK,
            &Health {
                status: Status::Ok,
                function: Some(name.to_owned()),
                state: Some(Status::Ok),
                time_zone_rules: Some(zone::RULES.to_owned()),
            },
        ))
    }
}

/// Whether there is more to erase.
///
/// # Errors
/// What the store answered.
pub(crate) fn erase_answer(more: Result<bool, DaprError>) -> Result<Response, Problem> {
    let more = more?;
    Ok(json_response(StatusCode::OK, &Erased { more }))
}

/// Refuses a command of a person who was erased, for as long as what happened before may still arrive.
///
/// # Errors
/// 409 that says from when on the person can begin anew.
pub fn refuse_erased(tombstone: Option<Tombstone>, now: DateTime<Utc>) -> Result<(), Problem> {
    match tombstone {
        Some(tombstone) if Tombstone::holds(Some(tombstone), now) => {
            Err(Problem::conflict(format!(
                "Everything of this account is erased. It takes nothing new before {}.",
                tombstone.until.utc().format("%Y-%m-%dT%H:%M:%SZ")
            )))
        }
        _ => Ok(()),
    }
}

/// Whether state was made again from a story.
///
/// # Errors
/// 422 when the story can't be understood; else what the store answered.
pub fn restore_answer(restored: Result<bool, HandleError>) -> Result<Response, Problem> {
    match restored {
        Ok(restored) => Ok(json_response(
            StatusCode::OK,
            &json!({ "restored": restored }),
        )),
        Err(HandleError::Dapr(error)) => Err(error.into()),
        Err(HandleError::Poison(reason)) => Err(Problem::invalid_field("/events", reason)),
    }
}

/// What Dapr is to do with a delivery, as its pub/sub API has it.
///
/// # Errors
/// 503, which the resiliency policy retries without limit.
pub fn delivery_answer(outcome: Outcome) -> Result<Response, Problem> {
    let status = match outcome {
        Outcome::Success => "SUCCESS",
        Outcome::Drop => "DROP",
        Outcome::Unavailable => return Err(Problem::unavailable(1)),
    };
    Ok(json_response(StatusCode::OK, &json!({ "status": status })))
}
