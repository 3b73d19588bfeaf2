//! The table of the notification service.

use dapr::Dapr;
use function::routes::{get, post};
use function::{Function, Routes, Service};

use crate::channel::Channels;
use crate::{inner, people};

/// What the handlers work with.
#[derive(Debug)]
pub struct Notifications<D, C> {
    /// A function's means.
    pub function: Function<D>,
    /// The channels.
    pub channels: C,
    /// Where people find the screen, for links.
    pub public_url: String,
    /// Whether there is a mail server.
    pub mail_available: bool,
}

impl<D: Dapr + 'static, C: 'static> Service for Notifications<D, C> {
    type Dapr = D;

    fn function(&self) -> &Function<D> {
        &self.function
    }
}

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
