//! The table of the recurrence engine.

use dapr::Dapr;
use function::routes::post;
use function::{Function, Routes};

use crate::{inner, people};

/// What the function answers where.
#[must_use]
pub fn routes<D: Dapr + 'static>() -> Routes<Function<D>> {
    Routes::new("recurrence-engine")
        .at("/api/recurrence/preview", post(people::preview))
        .events(inner::react)
        .erase(inner::erase)
        .restore(inner::restore)
}
