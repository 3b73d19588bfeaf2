//! The table of the WebSocket gateway.

use dapr::Dapr;
use function::Routes;
use function::routes::post;

use crate::inner;
use crate::service::Gateway;

/// What the function answers where.
#[must_use]
pub fn routes<D: Dapr + Clone + 'static>() -> Routes<Gateway<D>> {
    Routes::stateless("websocket-gateway")
        .at("/ws", post(Gateway::socket))
        .inner("events", post(inner::deliver))
}
