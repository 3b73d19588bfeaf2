//! What people do with their tasks.

use api::task::{Imported, TaskExport};
use dapr::Dapr;
use domain::{EventId, Task, TaskId};
use events::{DataExported, Event, Timestamp, Topic};
use function::{
    Answer, Fingerprint, Function, IfMatch, Problem, Request, Response, if_match, json_response,
    parse_json, path_parameter, query,
};
use http::StatusCode;
use serde_json::Value;

use crate::answer::{answer, live, status_of_creation, task_id, task_response};
use crate::commit::{Command, context, publish};
use crate::decide::{self, Context, Outcome, SOURCE};
use crate::fields::{self, CheckedFields};
use crate::list::{self, Listing};
use crate::{record, transfer};

/// `GET /api/tasks`
pub(crate) async fn list<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let listing = Listing::parse(&query(request)?)?;
    let page = list::list(&function.dapr, &person.id, &listing, function.now()).await?;
    Ok(json_response(StatusCode::OK, &page))
}

/// `GET /api/tasks/{id}`
pub(crate) async fn get<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let task_id = task_id(path_parameter(request, "id"))?;
    let key = record::key(&person.id, task_id);
    let document = function.dapr.get(&key).await?;
    let task = live(record::read(&key, document.as_ref())?)?;
    Ok(task_response(StatusCode::OK, &(&task).into()))
}

/// `GET /api/tasks/export`. That somebody took the data out is on record before it is answered.
pub(crate) async fn export<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let listing = Listing::parse(&query(request)?)?;
    let (dapr, now) = (&function.dapr, function.now());
    let export = transfer::export(dapr, &person.id, listing, now).await?;
    let payload = DataExported {
        format: "json".to_owned(),
        tasks: u32::try_from(export.items.len()).unwrap_or(u32::MAX),
    };
    let (id, chain) = (EventId(function.fresh()), function.chain(request));
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

/// `POST /api/tasks/import`
pub(crate) async fn import<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let person = function.person(request).await?;
    let import: TaskExport = parse_json(request)?;
    let context = context(function, &person.id, function.chain(request));
    let (mut imported, mut skipped) = (0_u32, 0_u32);
    for task in transfer::tasks(&import, function.new_id)? {
        let command = Command {
            context: &context,
            task_id: task.id,
            // The task's own id keeps a repeat from doing anything.
            request_key: function.fresh().to_string(),
            fingerprint: Fingerprint::default(),
            // One request counts as one command.
            rate: (imported == 0).then_some(function.limits.commands),
        };
        let decide = |found| Ok(decide::import(task.clone(), import.exported_at, found));
        let committed = command.run(&function.dapr, decide).await?;
        match committed.created {
            true => imported += 1,
            false => skipped += 1,
        }
        // Now, or the next commit would find all of it still there.
        publish(&function.dapr, &person.id, committed.to_publish).await;
    }
    Ok(json_response(
        StatusCode::OK,
        &Imported { imported, skipped },
    ))
}

/// `POST /api/tasks`
pub(crate) async fn create<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    let person = function.person(request).await?;
    let new = fields::of_new(parse_json(request)?)?;
    let checked = CheckedFields::of(new, &[], function.new_id)?;
    let id = TaskId(function.fresh());
    let context = context(function, &person.id, function.chain(request));
    let command = Command::of_person(function, &context, id, request)?;
    let decide = |_| Ok(decide::create(&context, id, checked.clone()));
    let committed = command.run(&function.dapr, decide).await?;
    let status = status_of_creation(&committed);
    Ok(answer(function, &person.id, status, committed))
}

/// `PATCH /api/tasks/{id}`
pub(crate) async fn update<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    let patch: Value = parse_json(request)?;
    change(function, request, |context, task| {
        let patched = fields::of_patched(&task, &patch)?;
        let checked = CheckedFields::of(patched, &task.reminders, context.new_id)?;
        decide::update(context, task, checked)
    })
    .await
}

/// `DELETE /api/tasks/{id}`
pub(crate) async fn delete<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    change(function, request, |_, task| Ok(decide::delete(task))).await
}

/// `POST /api/tasks/{id}/complete`
pub(crate) async fn complete<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    let decide = |context: &Context<'_>, task| Ok(decide::complete(context, task));
    change(function, request, decide).await
}

/// `POST /api/tasks/{id}/reopen`
pub(crate) async fn reopen<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    let decide = |context: &Context<'_>, task| Ok(decide::reopen(context, task));
    change(function, request, decide).await
}

/// A person's command on a task that is there, at the version that they have seen.
async fn change<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
    decide: impl Fn(&Context<'_>, Task) -> Result<Outcome, Problem>,
) -> Result<Answer, Problem> {
    let person = function.person(request).await?;
    let task_id = task_id(path_parameter(request, "id"))?;
    let expected = if_match(request.headers())?;
    let context = context(function, &person.id, function.chain(request));
    let command = Command::of_person(function, &context, task_id, request)?;
    let decide = |found| {
        let task = live(found)?;
        match expected {
            IfMatch::Version(version) if version != task.version => {
                Err(Problem::precondition_failed(task.version))
            }
            _ => decide(&context, task),
        }
    };
    let committed = command.run(&function.dapr, decide).await?;
    Ok(answer(function, &person.id, StatusCode::OK, committed))
}
