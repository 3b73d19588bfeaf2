//! What the recurrence engine asks for (the next occurrence, and to take one back), and what Dapr brings. What the engine says
//! has the limits of what a person says.

use api::inner::{NextOccurrence, Withdraw};
use api::task::NewTask;
use chrono::{DateTime, Utc};
use dapr::check::{Check, Report};
use dapr::erase::{Erase, Tombstone};
use dapr::outbox::relay_user;
use dapr::timetable::{Entry, Looked};
use dapr::{Dapr, DaprError};
use domain::task::SeriesPlace;
use domain::{SeriesId, TaskId, UserId};
use events::Chain;
use function::identity::function_caller;
use function::{Answer, Function, Problem, Request, parse_call, parse_user_id, path_parameter};
use http::StatusCode;

use crate::answer::{answer, status_of_creation, task_id};
use crate::check::Checking;
use crate::commit::{Command, context};
use crate::decide;
use crate::fields::CheckedFields;
use crate::transfer::series_place;
use crate::{erase, head};

/// Who may ask for the next occurrence.
const RECURRENCE_ENGINE: &str = "recurrence-engine";

/// `POST /task-service/tasks`: makes the next occurrence of a series, once however often it is asked for.
pub(crate) async fn create_next<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    function_caller(
        request.headers(),
        &function.app_api_token,
        RECURRENCE_ENGINE,
    )?;
    let next: NextOccurrence = parse_call(request)?;
    let (user, id) = (parse_user_id(&next.user_id)?, TaskId(next.id));
    let checked = CheckedFields::of(fields(&next), &[], function.new_id)?;
    let series = series(&next)?;
    let chain = Chain {
        correlation_id: next.correlation_id,
        causation_id: Some(next.causation_id),
    };
    let context = context(function, &user, chain);
    let command = Command::of_event(&context, id, request);
    let decide = |found| decide::create_next(&context, id, checked.clone(), series, found);
    let committed = command.run(&function.dapr, decide).await?;
    let status = status_of_creation(&committed);
    Ok(answer(function, &user, status, committed))
}

/// `POST /task-service/tasks/{id}/withdraw`: takes back an occurrence that nobody has worked on.
pub(crate) async fn withdraw<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    function_caller(
        request.headers(),
        &function.app_api_token,
        RECURRENCE_ENGINE,
    )?;
    let id = task_id(path_parameter(request, "id"))?;
    let body: Withdraw = parse_call(request)?;
    let user = parse_user_id(&body.user_id)?;
    let chain = Chain {
        correlation_id: body.correlation_id,
        causation_id: Some(body.causation_id),
    };
    let context = context(function, &user, chain);
    let command = Command::of_event(&context, id, request);
    let decide = |found| decide::withdraw(id, found);
    let committed = command.run(&function.dapr, decide).await?;
    Ok(answer(function, &user, StatusCode::NO_CONTENT, committed))
}

/// Whether the lists say what the tasks say.
pub(crate) async fn check<D: Dapr>(
    function: &Function<D>,
    user: &UserId,
    check: &Check,
    chain: Chain,
) -> Result<Report, Problem> {
    let context = context(function, user, chain);
    let checking = Checking::new(&function.dapr, &context, check.repair);
    checking.run(check).await
}

/// A stretch of what this function has of a person who is erased.
pub(crate) async fn erase<D: Dapr>(
    function: &Function<D>,
    user: &UserId,
    tombstone: Tombstone,
    what: &Erase,
) -> Result<bool, DaprError> {
    erase::erase(&function.dapr, user, tombstone, what).await
}

/// Publishes what commands left behind, and goes on with erasures.
pub(crate) async fn relay<D: Dapr>(
    function: &Function<D>,
    entries: &[Entry],
    _until: DateTime<Utc>,
) -> Result<Looked, DaprError> {
    let began = function.now();
    let mut looked = Looked::default();
    for entry in entries {
        // An owner is a user id, whose head says what is left to publish, or an erasure.
        let Ok(user) = UserId::parse(&entry.owner) else {
            continue;
        };
        let relayed = relay_user(&function.dapr, user.as_str(), &head::key(&user)).await?;
        looked.relayed(entry, relayed);
    }
    erase::go_on(&function.dapr, entries, function.clock, began, &mut looked).await;
    Ok(looked)
}

/// The place of an occurrence in its series.
///
/// # Errors
/// 422 when a number or date is out of range.
fn series(next: &NextOccurrence) -> Result<SeriesPlace, Problem> {
    let slot = next.task.due.as_ref().map(|due| due.date);
    let id = SeriesId(next.series_id);
    series_place(id, next.occurrence, next.series_start, slot)
}

/// What is to be done once more.
fn fields(next: &NextOccurrence) -> NewTask {
    let task = next.task.clone();
    NewTask {
        title: task.title,
        notes: task.notes,
        priority: Some(task.priority),
        labels: task.labels,
        list: Some(task.list),
        checklist: task.checklist.into_iter().map(Into::into).collect(),
        due: task.due.map(Into::into),
        reminders: Some(task.reminders.into_iter().map(Into::into).collect()),
        recurrence: task.recurrence.map(Into::into),
    }
}
