//! The table of the chatbot.

use dapr::Dapr;
use function::routes::post;
use function::{Function, Routes};

use crate::{inner, people};

/// What the function answers where.
#[must_use]
pub fn routes<D: Dapr + 'static>() -> Routes<Function<D>> {
    Routes::new("chatbot")
        .at("/api/chat", post(people::chat))
        .at("/api/quick-add", post(people::quick_add))
        .at("/api/quick-add/preview", post(people::preview))
        .erase(inner::erase)
}
