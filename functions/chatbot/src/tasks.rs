//! The task service, asked with the person's own token.

use chrono::{Days, NaiveDate};
use dapr::{Dapr, DaprError, Invocation, Target};
use domain::zone::{self, Tz};
use function::Problem;
use function::identity::Person;
use http::{Method, StatusCode, header};
use serde_json::Value;
use uuid::Uuid;

use crate::Known;
use crate::command::Command;

/// Most tasks of one page: the task service gives no more.
const PAGE: usize = 200;

/// Most completed tasks that are looked through.
const MAX_COMPLETED: usize = 200;

/// How often a request is sent again when its answer was lost. Commands have an idempotency key, so they are done once.
const TRIES: u32 = 3;

/// One person's tasks.
pub(crate) struct Tasks<'a, D> {
    pub(crate) dapr: &'a D,
    pub(crate) person: &'a Person,
    /// What the idempotency keys of this message's commands are made from.
    pub(crate) key: Uuid,
}

/// What the task service said to a command.
pub(crate) enum Answer {
    /// The task as it now is; `None` when it is gone.
    Done(Option<Box<Known>>),
    /// Why it was refused, for the person.
    Refused(String),
}

impl<D: Dapr> Tasks<'_, D> {
    /// The open tasks in order of their due dates, as far as those due on `until`.
    pub(crate) async fn open(&self, until: Option<NaiveDate>) -> Result<Vec<Known>, Problem> {
        self.pages("status=open", usize::MAX, |task| {
            match (until, task.due) {
                // One day more: dates are compared in other zones later.
                (Some(until), Some(due)) => until
                    .checked_add_days(Days::new(1))
                    .is_none_or(|until| due.date <= until),
                (Some(_), None) => false,
                (None, _) => true,
            }
        })
        .await
    }

    /// The tasks completed last, the newest first.
    pub(crate) async fn completed(&self) -> Result<Vec<Known>, Problem> {
        self.pages("status=completed", MAX_COMPLETED, |_| true)
            .await
    }

    async fn pages(
        &self,
        query: &str,
        most: usize,
        goes_on: impl Fn(&Known) -> bool,
    ) -> Result<Vec<Known>, Problem> {
        let (mut tasks, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/tasks?{query}&limit={PAGE}{cursor}");
            let mut page: Value = self.get(&path).await?.ok_or_else(malformed)?;
            let items = page["items"].take();
            let items: Vec<Value> = serde_json::from_value(items).map_err(|_| malformed())?;
            let known = items.into_iter().filter_map(Known::read);
            let mut has_ended = false;
            tasks.extend(known.take_while(|task| {
                has_ended |= !goes_on(task);
                !has_ended
            }));
            match page["next_cursor"].as_str() {
                // A page may be short of what was asked for, and still not be the last.
                Some(next) if !has_ended && tasks.len() < most => {
                    cursor = format!("&cursor={next}");
                }
                _ => return Ok(tasks),
            }
        }
    }

    /// One whole task; `None` when it is gone.
    pub(crate) async fn one(&self, id: &str) -> Result<Option<Known>, Problem> {
        let task = self.get(&format!("/api/tasks/{id}")).await?;
        Ok(task.and_then(Known::read))
    }

    /// The person's time zone by their preferences.
    pub(crate) async fn zone(&self) -> Result<Tz, Problem> {
        let call = self.call(
            "notification-service",
            Method::GET,
            "/api/preferences".to_owned(),
        );
        let response = self.send(call).await?;
        let preferences = match response.status() {
            StatusCode::OK => serde_json::from_slice(response.body()).unwrap_or_default(),
            _ => Value::Null,
        };
        let zone = match preferences.get("time_zone") {
            // Nobody has said a zone yet.
            Some(Value::Null) => Some(Tz::UTC),
            Some(name) => name.as_str().and_then(|name| zone::parse(name).ok()),
            None => None,
        };
        // By another zone's clocks the time would be wrong without a word.
        zone.ok_or_else(|| {
            let detail = format!("the preferences were answered {}", response.status());
            let what = "time zone";
            DaprError::Unavailable { what, detail }.into()
        })
    }

    /// Carries out the command number `number` of this message.
    pub(crate) async fn carry_out(
        &self,
        command: &Command,
        number: usize,
    ) -> Result<Answer, Problem> {
        let response = self.command(command, number).await?;
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if response.status().is_success() {
            return Ok(Answer::Done(Known::read(body).map(Box::new)));
        }
        let detail = body["detail"].as_str();
        Ok(Answer::Refused(
            detail.unwrap_or("The task service refused it.").to_owned(),
        ))
    }

    /// The task service's whole answer to a command: any that is neither success nor the person's to mend is an error.
    pub(crate) async fn command(
        &self,
        command: &Command,
        number: usize,
    ) -> Result<http::Response<Vec<u8>>, Problem> {
        let (method, path, body) = command.request();
        let mut call = self.call("task-service", method, path);
        let key = Uuid::new_v5(&self.key, &(number as u64).to_be_bytes());
        call.headers
            .push(("idempotency-key".to_owned(), key.to_string()));
        if let Some(body) = body {
            call.headers.push((
                header::CONTENT_TYPE.to_string(),
                "application/json".to_owned(),
            ));
            call.body = body.to_string().into_bytes();
        }
        self.send(call).await
    }

    async fn get(&self, path: &str) -> Result<Option<Value>, Problem> {
        let response = self
            .send(self.call("task-service", Method::GET, path.to_owned()))
            .await?;
        match response.status() {
            StatusCode::OK => serde_json::from_slice(response.body())
                .map(Some)
                .map_err(|_| malformed()),
            _ => Ok(None),
        }
    }

    fn call(&self, app_id: &str, method: Method, path: String) -> Invocation {
        Invocation {
            target: Target::App(app_id.to_owned()),
            method,
            path,
            headers: vec![(
                header::AUTHORIZATION.to_string(),
                format!("Bearer {}", self.person.token),
            )],
            body: Vec::new(),
        }
    }

    async fn send(&self, call: Invocation) -> Result<http::Response<Vec<u8>>, Problem> {
        let mut last = None;
        for _ in 0..TRIES {
            match self.dapr.invoke(call.clone()).await {
                Ok(response) if response.status() == StatusCode::UNAUTHORIZED => {
                    return Err(Problem::unauthorized("The token has ended. Sign in again."));
                }
                Ok(response) if response.status().is_server_error() => {
                    last = Some(DaprError::Unavailable {
                        what: "invoke",
                        detail: format!("{} answered {}", call.path, response.status()),
                    });
                }
                Ok(response) => return Ok(response),
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(|| Problem::unavailable(1), Problem::from))
    }
}

fn malformed() -> Problem {
    Problem::internal("The task service's answer was not what it promises.")
}
