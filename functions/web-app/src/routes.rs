//! The table of the web app.

use dapr::Dapr;
use function::Routes;
use function::routes::get;

use crate::people;
use crate::service::WebApp;

/// What the function answers where: all that no other function does.
#[must_use]
pub fn routes<D: Dapr + 'static>() -> Routes<WebApp<D>> {
    Routes::new("web-app")
        .at("/api/session", get(people::session).head(people::session))
        .at(
            "/api/openapi.json",
            get(people::document).head(people::document),
        )
        .at("/api/docs", get(people::reference).head(people::reference))
        .at("/health", get(people::health).head(people::health))
        .otherwise(people::screen)
        .finish(people::finish)
}
