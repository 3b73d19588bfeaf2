//! What Dapr brings: events, ticks, and what an operator or the audit service asks for.

use chrono::{DateTime, Utc};
use dapr::check::{Check, Report};
use dapr::consumer::{Effect, HandleError};
use dapr::erase::{Erase, Tombstone};
use dapr::timetable::{Entry, Looked};
use dapr::{Dapr, DaprError};
use domain::UserId;
use events::{Chain, Event, Story};
use function::Problem;

use crate::channel::Channels;
use crate::check::Checking;
use crate::delivery::Sending;
use crate::service::Notifications;
use crate::{erase, react};

/// Tells a person of what an event means to them.
pub(crate) async fn react<D: Dapr, C: Channels>(
    service: &Notifications<D, C>,
    event: &Event,
) -> Result<Effect, HandleError> {
    let function = &service.function;
    react::react(&function.dapr, event, function.limits.mails, function.now()).await
}

/// Sends what is to be sent now.
pub(crate) async fn send<D: Dapr, C: Channels>(
    service: &Notifications<D, C>,
    entries: &[Entry],
    until: DateTime<Utc>,
) -> Result<Looked, DaprError> {
    let function = &service.function;
    let sending = Sending {
        dapr: &function.dapr,
        channels: &service.channels,
        public_url: &service.public_url,
        clock: function.clock,
        holder: function.fresh().to_string(),
    };
    sending.send_all(entries, until).await
}

/// Whether what is derived still says what the inbox has.
pub(crate) async fn check<D: Dapr, C: Channels>(
    service: &Notifications<D, C>,
    user: &UserId,
    check: &Check,
    _chain: Chain,
) -> Result<Report, Problem> {
    let checking = Checking {
        dapr: &service.function.dapr,
        user: user.as_str(),
        now: service.function.now(),
        repair: check.repair,
    };
    checking.run(check).await
}

/// A stretch of what this function has of a person who is erased.
pub(crate) async fn erase<D: Dapr, C: Channels>(
    service: &Notifications<D, C>,
    user: &UserId,
    tombstone: Tombstone,
    what: &Erase,
) -> Result<bool, DaprError> {
    erase::erase(&service.function.dapr, user.as_str(), tombstone, what).await
}

/// Makes an inbox again that was lost.
pub(crate) async fn restore<D: Dapr, C: Channels>(
    service: &Notifications<D, C>,
    story: &Story,
) -> Result<bool, HandleError> {
    let function = &service.function;
    react::restore(&function.dapr, story, function.now()).await
}
