//! The table of the audit service.

use dapr::Dapr;
use function::routes::{get, post};
use function::{Function, Routes};

use crate::{check, erase, everywhere, log, people, replay};

/// What the function answers where. It checks and erases for all functions, so that it is asked otherwise than they are.
#[must_use]
pub fn routes<D: Dapr + 'static>() -> Routes<Function<D>> {
    Routes::new("audit-service")
        .at("/api/history", get(people::list))
        .at("/api/history/verify", get(people::verify))
        .events_on_record(log::record)
        .inner("replay", post(replay::replay))
        .inner("check", post(check::check))
        .inner("erase", post(erase::erase))
        .inner("erase/everywhere", post(everywhere::erase))
}
