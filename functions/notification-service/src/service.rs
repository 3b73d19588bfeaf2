//! What the handlers of the notification service work with.

use dapr::Dapr;
use function::{Function, Service};

/// The function's app-id, which stands as `source` in its events.
pub(crate) const SOURCE: &str = "notification-service";

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
