//! The table of the task service.

use dapr::Dapr;
use function::routes::{delete, get, post};
use function::{Function, Routes};

use crate::{account, inner, people};

/// What the function answers where.
#[must_use]
pub fn routes<D: Dapr + Clone + 'static>() -> Routes<Function<D>> {
    Routes::new("task-service")
        .at("/api/tasks", get(people::list).post(people::create))
        .at("/api/tasks/export", get(people::export))
        .at("/api/tasks/import", post(people::import))
        .at(
            "/api/tasks/{id}",
            get(people::get)
                .patch(people::update)
                .delete(people::delete),
        )
        .at("/api/tasks/{id}/complete", post(people::complete))
        .at("/api/tasks/{id}/reopen", post(people::reopen))
        .at("/api/account", delete(account::erase))
        .inner("tasks", post(inner::create_next))
        .inner("tasks/{id}/withdraw", post(inner::withdraw))
        .inner("erase/everywhere", post(account::erase_everywhere))
        .check(inner::check)
        .erase(inner::erase)
        .cron("cron-outbox", inner::relay)
}
