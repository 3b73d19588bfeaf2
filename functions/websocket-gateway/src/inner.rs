//! What Dapr brings: changes that open screens are told of.

use dapr::Dapr;
use dapr::consumer::Outcome;
use events::parse_delivery;
use function::identity::dapr_caller;
use function::{Problem, Request, Response, delivery_answer};

use crate::service::Gateway;
use crate::talk;

/// A delivery of `task-updates`: told to every proxy. Nothing is kept, so a repeat is told again, which screens see by the
/// revision.
pub(crate) async fn deliver<D: Dapr + Clone>(
    gateway: &Gateway<D>,
    request: &Request,
) -> Result<Response, Problem> {
    dapr_caller(request.headers(), &gateway.function.app_api_token)?;
    let heard = parse_delivery(request.body()).ok().and_then(|event| {
        let message = talk::message(&event).ok()?;
        Some((event, message))
    });
    let Some((event, message)) = heard else {
        return delivery_answer(Outcome::Drop);
    };
    if let Some(message) = message {
        let channel = talk::channel(&event.user_id);
        let id = event.event_id.to_string();
        gateway.proxies().tell(channel, &id, &message).await;
    }
    delivery_answer(Outcome::Success)
}
