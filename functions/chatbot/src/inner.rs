//! What Dapr brings: what the audit service asks for.

use dapr::erase::{Erase, Tombstone};
use dapr::{Dapr, DaprError};
use domain::UserId;
use function::Function;

use crate::remembered;

/// Erases what is kept of a person.
pub(crate) async fn erase<D: Dapr>(
    function: &Function<D>,
    user: &UserId,
    tombstone: Tombstone,
    what: &Erase,
) -> Result<bool, DaprError> {
    remembered::erase(&function.dapr, user.as_str(), tombstone, what).await
}
