//! The table of the reminder service.

use dapr::Dapr;
use function::routes::{get, post};
use function::{Function, Routes};

use crate::{inner, people};

/// What the function answers where.
#[must_use]
pub fn routes<D: Dapr + Clone + 'static>() -> Routes<Function<D>> {
    Routes::new("reminder-service")
        .at("/api/reminders", get(people::list))
        .at("/api/reminders/{id}/snooze", post(people::snooze))
        .at("/api/reminders/{id}/dismiss", post(people::dismiss))
        .events(inner::take)
        .cron("cron-reminder", inner::ring)
        .check(inner::check)
        .erase(inner::erase)
        .restore(inner::restore)
        .inner("restore/part", post(inner::restore_part))
}
