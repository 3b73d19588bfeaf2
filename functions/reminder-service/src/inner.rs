//! What Dapr brings: events, ticks, and what an operator or the audit service asks for.

use chrono::{DateTime, Utc};
use dapr::check::{Check, Report};
use dapr::consumer::{Effect, HandleError};
use dapr::erase::{Erase, Tombstone};
use dapr::outbox::relay_user;
use dapr::timetable::{Entry, Looked};
use dapr::{Dapr, DaprError};
use domain::UserId;
use events::{Chain, Event, PartAnswer, Story, Timestamp};
use function::{Function, Problem, Request, Response, json_response, restore_answer};
use http::StatusCode;

use crate::check::Checking;
use crate::schedule::{self, Part};
use crate::{erase, fire};

/// Takes what the task service says of a task's reminders.
pub(crate) async fn take<D: Dapr>(
    function: &Function<D>,
    event: &Event,
) -> Result<Effect, HandleError> {
    schedule::take(&function.dapr, event, function.now()).await
}

/// Rings what is due, and publishes what commands left behind.
pub(crate) async fn ring<D: Dapr>(
    function: &Function<D>,
    entries: &[Entry],
    until: DateTime<Utc>,
) -> Result<Looked, DaprError> {
    let now = function.now().max(until);
    let mut looked = fire::ring_all(&function.dapr, entries, now).await?;
    for entry in entries {
        if let Some(user) = entry.owner.strip_prefix("user/") {
            let relayed = relay_user(&function.dapr, user, &entry.owner).await?;
            looked.relayed(entry, relayed);
        }
    }
    Ok(looked)
}

/// Whether what is derived still says what the books say.
pub(crate) async fn check<D: Dapr>(
    function: &Function<D>,
    user: &UserId,
    check: &Check,
    _chain: Chain,
) -> Result<Report, Problem> {
    let checking = Checking {
        dapr: &function.dapr,
        user,
        now: Timestamp::clamped(function.now()),
        repair: check.repair,
    };
    checking.run(check).await
}

/// A stretch of what this function has of a person who is erased.
pub(crate) async fn erase<D: Dapr>(
    function: &Function<D>,
    user: &UserId,
    tombstone: Tombstone,
    what: &Erase,
) -> Result<bool, DaprError> {
    erase::erase(&function.dapr, user.as_str(), tombstone, what).await
}

/// Makes a book again that was lost.
pub(crate) async fn restore<D: Dapr>(
    function: &Function<D>,
    story: &Story,
) -> Result<bool, HandleError> {
    schedule::restore(&function.dapr, story, function.now()).await
}

/// The same from a part of what is on record of a task, where that is too long for one request.
pub(crate) async fn restore_part<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    let part = function.story_part(request)?;
    match schedule::restore_part(&function.dapr, part, function.now()).await {
        Ok(Part::Carry(carry)) => {
            let answer = PartAnswer {
                restored: false,
                carry: Some(carry),
            };
            Ok(json_response(StatusCode::OK, &answer))
        }
        Ok(Part::Restored(restored)) => restore_answer(Ok(restored)),
        Err(error) => restore_answer(Err(error)),
    }
}
