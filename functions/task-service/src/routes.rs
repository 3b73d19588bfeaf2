//! The routes of the task service, in one table.

use api::account::{CONFIRMATION, EraseAccount, Erasing, ErasingAccount};
use api::inner::{NextOccurrence, Withdraw};
use api::task::{Imported, TaskExport};
use dapr::Dapr;
use dapr::outbox::relay_user;
use dapr::timetable::{self, Looked};
use domain::{EventId, Task, TaskId, UserId};
use events::{Chain, DataExported, Event, Timestamp, Topic};
use http::{HeaderValue, Method, StatusCode, header};
use http_api::identity::{dapr_caller, function_caller};
use http_api::{
    Answer, Fingerprint, Function, IfMatch, Problem, Request, Response, empty, erase_answer, etag,
    idempotency_key, if_match, json_response, parse_call, parse_json, query, segments,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::Checking;
use crate::commit::{Command, Committed, publish};
use crate::decide::{self, Context, Outcome, SOURCE};
use crate::erase::{self, Progress, Stuck, Wish};
use crate::fields::{self, CheckedFields};
use crate::head;
use crate::internal;
use crate::list::{self, Listing};
use crate::record::{self, Found};
use crate::transfer;

/// Who may ask for the next occurrence.
const RECURRENCE_ENGINE: &str = "recurrence-engine";

/// Who asked for an erasure, where that is the person. It goes on record, so it is nothing of theirs.
const BY_THEMSELVES: &str = "person";

/// Most characters of the name of who asks for an erasure.
const MOST_NAME: usize = 200;

/// Most stretches of an erasure that one request of an operator goes through.
const MOST_STRETCHES: u32 = 4;

/// Body of `POST /task-service/erase/everywhere`.
#[derive(Debug, Deserialize)]
struct EraseEverywhere {
    user_id: String,
    /// Who asks for it: an operator's name, which goes on record, so nothing of the person.
    asked_by: String,
}

/// Answers a request.
pub async fn route<D: Dapr + Clone + 'static>(function: &Function<D>, request: Request) -> Answer {
    let service = Tasks(function);
    let path = request.uri().path().to_owned();
    match (request.method(), segments(&path).as_slice()) {
        (&Method::GET, ["api", "tasks"]) => service.list(&request).await.into(),
        (&Method::POST, ["api", "tasks"]) => service.create(&request).await.into(),
        (_, ["api", "tasks"]) => Problem::method_not_allowed("GET, POST").into(),

        (&Method::GET, ["api", "tasks", "export"]) => service.export(&request).await.into(),
        (_, ["api", "tasks", "export"]) => Problem::method_not_allowed("GET").into(),
        (&Method::POST, ["api", "tasks", "import"]) => service.import(&request).await.into(),
        (_, ["api", "tasks", "import"]) => Problem::method_not_allowed("POST").into(),

        (&Method::GET, ["api", "tasks", id]) => service.get(&request, id).await.into(),
        (&Method::PATCH, ["api", "tasks", id]) => service.update(&request, id).await.into(),
        (&Method::DELETE, ["api", "tasks", id]) => service.delete(&request, id).await.into(),
        (_, ["api", "tasks", _]) => Problem::method_not_allowed("GET, PATCH, DELETE").into(),

        (&Method::POST, ["api", "tasks", id, "complete"]) => service
            .change(&request, id, |context, task| {
                Ok(decide::complete(context, task))
            })
            .await
            .into(),
        (&Method::POST, ["api", "tasks", id, "reopen"]) => service
            .change(&request, id, |context, task| {
                Ok(decide::reopen(context, task))
            })
            .await
            .into(),
        (_, ["api", "tasks", _, "complete" | "reopen"]) => {
            Problem::method_not_allowed("POST").into()
        }

        (&Method::POST, ["task-service", "tasks"]) => service.create_next(&request).await.into(),
        (&Method::POST, ["task-service", "tasks", id, "withdraw"]) => {
            service.withdraw(&request, id).await.into()
        }
        (&Method::DELETE, ["api", "account"]) => service.erase_account(&request).await.into(),
        (_, ["api", "account"]) => Problem::method_not_allowed("DELETE").into(),

        (&Method::POST, ["task-service", "check"]) => service.check(&request).await.into(),
        (&Method::POST, ["task-service", "erase"]) => service.erase(&request).await.into(),
        (&Method::POST, ["task-service", "erase", "everywhere"]) => {
            service.erase_everywhere(&request).await.into()
        }
        (&Method::POST, ["task-service", "cron-outbox"]) => service.tick(&request).await.into(),
        (&Method::GET, ["task-service", "health"]) => function.health("task-service").await.into(),
        _ => Problem::not_found("There is no such route.").into(),
    }
}

/// The routes, over the function's means.
struct Tasks<'a, D>(&'a Function<D>);

impl<D: Dapr + Clone + 'static> Tasks<'_, D> {
    async fn list(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let listing = Listing::parse(&query(request)?)?;
        let page = list::list(&self.0.dapr, &person.id, &listing, self.0.now()).await?;
        Ok(json_response(StatusCode::OK, &page))
    }

    async fn get(&self, request: &Request, id: &str) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let task_id = task_id(id)?;
        let key = record::key(&person.id, task_id);
        let document = self.0.dapr.get(&key).await?;
        let task = live(record::read(&key, document.as_ref())?)?;
        Ok(task_response(StatusCode::OK, &(&task).into()))
    }

    /// On record before it is answered.
    async fn export(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let listing = Listing::parse(&query(request)?)?;
        let (dapr, now) = (&self.0.dapr, self.0.now());
        let export = transfer::export(dapr, &person.id, listing, now).await?;
        let payload = DataExported {
            format: "json".to_owned(),
            tasks: u32::try_from(export.items.len()).unwrap_or(u32::MAX),
        };
        let (id, chain) = (EventId(self.0.fresh()), self.0.chain(request));
        let event = Event::new(
            id,
            SOURCE,
            &person.id,
            None,
            &payload,
            chain,
            Timestamp::clamped(now),
        );
        dapr.publish(Topic::TaskAudit, &[event]).await?;
        Ok(json_response(StatusCode::OK, &export))
    }

    async fn import(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let import: TaskExport = parse_json(request)?;
        let context = self.context(&person.id, self.0.chain(request));
        let (mut imported, mut skipped) = (0_u32, 0_u32);
        for task in transfer::tasks(&import, self.0.new_id)? {
            let command = Command {
                context: &context,
                task_id: task.id,
                // The task's own id keeps a repeat from doing anything.
                request_key: self.0.fresh().to_string(),
                fingerprint: Fingerprint::default(),
                // One request counts as one command.
                rate: (imported == 0).then_some(self.0.limits.commands),
            };
            let decide = |found| Ok(decide::import(task.clone(), import.exported_at, found));
            let committed = command.run(&self.0.dapr, decide).await?;
            match committed.created {
                true => imported += 1,
                false => skipped += 1,
            }
            // Now, or the next commit would find all of it still there.
            publish(&self.0.dapr, &person.id, committed.to_publish).await;
        }
        Ok(json_response(
            StatusCode::OK,
            &Imported { imported, skipped },
        ))
    }

    async fn create(&self, request: &Request) -> Result<Answer, Problem> {
        let person = self.0.person(request).await?;
        let new = fields::of_new(parse_json(request)?)?;
        let checked = CheckedFields::of(new, &[], self.0.new_id)?;
        let id = TaskId(self.0.fresh());
        let context = self.context(&person.id, self.0.chain(request));
        let command = self.command(&context, id, request)?;
        let committed = command
            .run(&self.0.dapr, |_| {
                Ok(decide::create(&context, id, checked.clone()))
            })
            .await?;
        let status = if committed.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(self.answer(person.id.clone(), status, committed))
    }

    async fn update(&self, request: &Request, id: &str) -> Result<Answer, Problem> {
        let patch: Value = parse_json(request)?;
        self.change(request, id, |context, task| {
            let patched = fields::of_patched(&task, &patch)?;
            let checked = CheckedFields::of(patched, &task.reminders, context.new_id)?;
            decide::update(context, task, checked)
        })
        .await
    }

    async fn delete(&self, request: &Request, id: &str) -> Result<Answer, Problem> {
        self.change(request, id, |_, task| Ok(decide::delete(task)))
            .await
    }

    /// A person's command on a task that is there.
    async fn change(
        &self,
        request: &Request,
        id: &str,
        decide: impl Fn(&Context<'_>, Task) -> Result<Outcome, Problem>,
    ) -> Result<Answer, Problem> {
        let person = self.0.person(request).await?;
        let task_id = task_id(id)?;
        let expected = if_match(request.headers())?;
        let context = self.context(&person.id, self.0.chain(request));
        let command = self.command(&context, task_id, request)?;
        let decide = |found| {
            let task = live(found)?;
            match expected {
                IfMatch::Version(version) if version != task.version => {
                    Err(Problem::precondition_failed(task.version))
                }
                _ => decide(&context, task),
            }
        };
        let committed = command.run(&self.0.dapr, decide).await?;
        Ok(self.answer(person.id.clone(), StatusCode::OK, committed))
    }

    async fn create_next(&self, request: &Request) -> Result<Answer, Problem> {
        function_caller(request.headers(), &self.0.app_api_token, RECURRENCE_ENGINE)?;
        let next: NextOccurrence = parse_call(request)?;
        let (user, id) = (internal::user(&next.user_id)?, TaskId(next.id));
        let checked = CheckedFields::of(internal::fields(&next), &[], self.0.new_id)?;
        let series = internal::series(&next)?;
        let context = self.context(&user, internal::chain_of_next(&next));
        let command = self.derived_command(&context, id, request);
        let decide = |found| decide::create_next(&context, id, checked.clone(), series, found);
        let committed = command.run(&self.0.dapr, decide).await?;
        let status = if committed.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(self.answer(user.clone(), status, committed))
    }

    async fn withdraw(&self, request: &Request, id: &str) -> Result<Answer, Problem> {
        function_caller(request.headers(), &self.0.app_api_token, RECURRENCE_ENGINE)?;
        let id = task_id(id)?;
        let body: Withdraw = parse_call(request)?;
        let user = internal::user(&body.user_id)?;
        let context = self.context(&user, internal::chain_of_withdrawal(&body));
        let command = self.derived_command(&context, id, request);
        let committed = command
            .run(&self.0.dapr, |found| decide::withdraw(id, found))
            .await?;
        Ok(self.answer(user.clone(), StatusCode::NO_CONTENT, committed))
    }

    /// Whether the lists say what the tasks say.
    async fn check(&self, request: &Request) -> Result<Response, Problem> {
        let (user, check) = self.0.to_check(request)?;
        let context = self.context(&user, self.0.chain(request));
        let checking = Checking::new(&self.0.dapr, &context, check.repair);
        Ok(json_response(StatusCode::OK, &checking.run(&check).await?))
    }

    /// The person wants everything of theirs erased: answered when that can't be lost any more.
    async fn erase_account(&self, request: &Request) -> Result<Answer, Problem> {
        let person = self.0.person(request).await?;
        if request.body().is_empty() {
            return Err(not_confirmed());
        }
        let EraseAccount { confirm } = parse_json(request)?;
        if confirm != CONFIRMATION {
            return Err(not_confirmed());
        }
        self.keep_wish(&person.id, BY_THEMSELVES, request).await?;
        let answer = json_response(
            StatusCode::ACCEPTED,
            &ErasingAccount {
                state: Erasing::Erasing,
            },
        );
        let dapr = self.0.dapr.clone();
        Ok(Answer::then(answer, async move {
            // What fails here is done by the ticks.
            let user = &person.id;
            if let Err(error) = relay_user(&dapr, user.as_str(), &head::key(user)).await {
                eprintln!("the events of {user} stay in the outbox for now: {error}");
            }
        }))
    }

    /// The same as an operator asks for it, who repeats that until it is done.
    async fn erase_everywhere(&self, request: &Request) -> Result<Response, Problem> {
        dapr_caller(request.headers(), &self.0.app_api_token)?;
        let asked: EraseEverywhere = parse_json(request)?;
        let user = UserId::parse(&asked.user_id)
            .map_err(|error| Problem::invalid_field("/user_id", error))?;
        if asked.asked_by.trim().is_empty() || asked.asked_by.chars().count() > MOST_NAME {
            let detail = format!("takes a name of 1 to {MOST_NAME} characters");
            return Err(Problem::invalid_field("/asked_by", detail));
        }
        self.keep_wish(&user, &asked.asked_by, request).await?;
        let (mut done, mut reason) = (false, None);
        for _ in 0..MOST_STRETCHES {
            match erase::advance(&self.0.dapr, &user).await {
                Ok(Progress::More) => {}
                Ok(Progress::Done) => {
                    done = true;
                    break;
                }
                Ok(Progress::Waits) => {
                    reason = Some("the person's last event is on its way to the record".to_owned());
                    break;
                }
                Err(Stuck::Dapr(error)) => return Err(error.into()),
                Err(Stuck::Refused(why)) => {
                    reason = Some(why);
                    break;
                }
            }
        }
        let answer = json!({ "done": done, "reason": reason });
        Ok(json_response(StatusCode::OK, &answer))
    }

    async fn keep_wish(
        &self,
        user: &UserId,
        asked_by: &str,
        request: &Request,
    ) -> Result<(), Problem> {
        let wish = Wish {
            user,
            asked_by,
            chain: self.0.chain(request),
            event_id: EventId(self.0.fresh()),
            now: self.0.now(),
        };
        Ok(wish.keep(&self.0.dapr).await?)
    }

    /// A stretch of what this function has of a person who is erased.
    async fn erase(&self, request: &Request) -> Result<Response, Problem> {
        let (user, tombstone, what) = self.0.to_erase(request)?;
        erase_answer(erase::erase(&self.0.dapr, &user, tombstone, &what).await)
    }

    /// `cron-outbox`: publishes what commands left behind, and goes on with erasures.
    async fn tick(&self, request: &Request) -> Result<Response, Problem> {
        let began = self.0.now();
        let relay_all = async |entries: &[timetable::Entry], _| {
            let mut looked = Looked::default();
            for entry in entries {
                // An owner is a user id, whose head says what is left to publish, or an erasure.
                let Ok(user) = UserId::parse(&entry.owner) else {
                    continue;
                };
                let relayed = relay_user(&self.0.dapr, user.as_str(), &head::key(&user)).await?;
                looked.relayed(entry, relayed);
            }
            erase::go_on(&self.0.dapr, entries, self.0.clock, began, &mut looked).await;
            Ok(looked)
        };
        self.0.tick(request, relay_all).await
    }

    fn context<'a>(&'a self, user: &'a UserId, chain: Chain) -> Context<'a> {
        Context {
            user,
            now: self.0.now(),
            chain,
            new_id: &self.0.new_id,
        }
    }

    fn command<'a>(
        &self,
        context: &'a Context<'a>,
        id: TaskId,
        request: &Request,
    ) -> Result<Command<'a>, Problem> {
        let request_key =
            idempotency_key(request.headers())?.unwrap_or_else(|| self.0.fresh().to_string());
        Ok(Command {
            context,
            task_id: id,
            request_key,
            fingerprint: Fingerprint::of(request),
            rate: Some(self.0.limits.commands),
        })
    }

    /// A command that an event caused: the event is its idempotency key.
    fn derived_command<'a>(
        &self,
        context: &'a Context<'a>,
        id: TaskId,
        request: &Request,
    ) -> Command<'a> {
        let cause = context.chain.causation_id.unwrap_or_default();
        // The body of a repeat is the same but for nothing; the path tells a creation from a withdrawal.
        Command {
            context,
            task_id: id,
            request_key: format!("{cause}-{id}"),
            fingerprint: Fingerprint::of(request),
            rate: None,
        }
    }

    fn answer(&self, user: UserId, status: StatusCode, committed: Committed) -> Answer {
        let response = match committed.task {
            Some(task) => task_response(status, &task.into()),
            None => empty(StatusCode::NO_CONTENT),
        };
        if committed.to_publish.own.is_empty() {
            return response.into();
        }
        let dapr = self.0.dapr.clone();
        Answer::then(response, async move {
            publish(&dapr, &user, committed.to_publish).await
        })
    }
}

fn not_confirmed() -> Problem {
    let detail = format!(
        "Everything of this account would be erased. If that is meant, send {{\"confirm\": \"{CONFIRMATION}\"}}."
    );
    Problem::invalid_field("/confirm", detail)
}

fn task_id(text: &str) -> Result<TaskId, Problem> {
    text.parse().map_err(|_| no_such_task())
}

fn no_such_task() -> Problem {
    Problem::not_found("There is no such task.")
}

fn live(found: Found) -> Result<Task, Problem> {
    match found {
        Found::Live(task) => Ok(*task),
        Found::Nothing | Found::Deleted | Found::Withdrawn => Err(no_such_task()),
    }
}

/// A task with its `ETag`, and its `Location` when it is new.
fn task_response(status: StatusCode, task: &api::task::Task) -> Response {
    let mut response = json_response(status, task);
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(&etag(task.version)).map(|value| (header::ETAG, value)));
    if status == StatusCode::CREATED {
        headers.extend(
            HeaderValue::from_str(&format!("/api/tasks/{}", task.id))
                .map(|value| (header::LOCATION, value)),
        );
    }
    response
}
