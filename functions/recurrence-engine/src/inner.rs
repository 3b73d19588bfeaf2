//! What Dapr brings: events, and what the audit service asks for.

use dapr::consumer::{Effect, HandleError};
use dapr::erase::{Erase, Tombstone};
use dapr::{Dapr, DaprError};
use domain::UserId;
use events::{Event, Story};
use function::Function;

use crate::{known, react};

/// Has a task come again, or not, when it was completed, reopened or deleted.
pub(crate) async fn react<D: Dapr>(
    function: &Function<D>,
    event: &Event,
) -> Result<Effect, HandleError> {
    react::react(&function.dapr, event, function.now()).await
}

/// A stretch of what this function has of a person who is erased.
pub(crate) async fn erase<D: Dapr>(
    function: &Function<D>,
    user: &UserId,
    tombstone: Tombstone,
    what: &Erase,
) -> Result<bool, DaprError> {
    known::erase(&function.dapr, user.as_str(), tombstone, what).await
}

/// Makes a series known again that was lost.
pub(crate) async fn restore<D: Dapr>(
    function: &Function<D>,
    story: &Story,
) -> Result<bool, HandleError> {
    react::restore(&function.dapr, story, function.now()).await
}
