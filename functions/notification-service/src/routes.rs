//! The table of the notification service.

use dapr::Dapr;
use function::Routes;
use function::routes::{get, post};

use crate::channel::Channels;
use crate::service::Notifications;
use crate::{inner, people};

/// What the function answers where.
#[must_use]
pub fn routes<D: Dapr + Clone + 'static, C: Channels + 'static>() -> Routes<Notifications<D, C>> {
    Routes::new("notification-service")
        .at("/api/notifications", get(people::list))
        .at("/api/notifications/read-all", post(people::read_all))
        .at("/api/notifications/{id}/read", post(people::read))
        .at(
            "/api/preferences",
            get(people::preferences).put(people::set_preferences),
        )
        .at("/api/preferences/email/code", post(people::send_code))
        .at("/api/preferences/email/confirm", post(people::confirm))
        .events(inner::react)
        .cron("cron-delivery", inner::send)
        .check(inner::check)
        .erase(inner::erase)
        .restore(inner::restore)
}
