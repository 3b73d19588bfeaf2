//! Everything of a person is to be erased: by themselves, or by an operator whom they asked.

use api::account::{CONFIRMATION, EraseAccount, Erasing, ErasingAccount};
use dapr::Dapr;
use dapr::outbox::relay_user;
use domain::{EventId, UserId};
use function::identity::dapr_caller;
use function::{
    Answer, Function, Problem, Request, Response, check_operator_name, json_response, parse_json,
    parse_user_id,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::erase::{self, Progress, Stuck, Wish};
use crate::head;

/// Who asked for an erasure, where that is the person. It goes on record, so it is nothing of theirs.
const BY_THEMSELVES: &str = "person";

/// Most stretches of an erasure that one request of an operator goes through.
const MOST_STRETCHES: u32 = 4;

/// Body of `POST /task-service/erase/everywhere`.
#[derive(Debug, Deserialize)]
struct EraseEverywhere {
    user_id: String,
    /// Who asks for it: an operator's name, which goes on record, so nothing of the person.
    asked_by: String,
}

/// `DELETE /api/account`: answered when the wish can't be lost any more.
pub(crate) async fn erase<D: Dapr + Clone + 'static>(
    function: &Function<D>,
    request: &Request,
) -> Result<Answer, Problem> {
    let person = function.person(request).await?;
    if request.body().is_empty() {
        return Err(not_confirmed());
    }
    let EraseAccount { confirm } = parse_json(request)?;
    if confirm != CONFIRMATION {
        return Err(not_confirmed());
    }
    keep_wish(function, &person.id, BY_THEMSELVES, request).await?;
    let answer = json_response(
        StatusCode::ACCEPTED,
        &ErasingAccount {
            state: Erasing::Erasing,
        },
    );
    let dapr = function.dapr.clone();
    Ok(Answer::then(answer, async move {
        // What fails here is done by the ticks.
        let user = &person.id;
        if let Err(error) = relay_user(&dapr, user.as_str(), &head::key(user)).await {
            eprintln!("the events of {user} stay in the outbox for now: {error}");
        }
    }))
}

/// `POST /task-service/erase/everywhere`: the same as an operator asks for it, who repeats that until it is done.
pub(crate) async fn erase_everywhere<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    dapr_caller(request.headers(), &function.app_api_token)?;
    let asked: EraseEverywhere = parse_json(request)?;
    let user = parse_user_id(&asked.user_id)?;
    let asked_by = check_operator_name("/asked_by", asked.asked_by)?;
    keep_wish(function, &user, &asked_by, request).await?;
    let (mut done, mut reason) = (false, None);
    for _ in 0..MOST_STRETCHES {
        match erase::advance(&function.dapr, &user).await {
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

async fn keep_wish<D: Dapr>(
    function: &Function<D>,
    user: &UserId,
    asked_by: &str,
    request: &Request,
) -> Result<(), Problem> {
    let wish = Wish {
        user,
        asked_by,
        chain: function.chain(request),
        event_id: EventId(function.fresh()),
        now: function.now(),
    };
    Ok(wish.keep(&function.dapr).await?)
}

fn not_confirmed() -> Problem {
    let detail = format!(
        "Everything of this account would be erased. If that is meant, send {{\"confirm\": \"{CONFIRMATION}\"}}."
    );
    Problem::invalid_field("/confirm", detail)
}
