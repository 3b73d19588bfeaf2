//! The web app: it serves the screen, says how to sign in, and documents the API. It owns nothing.
//!
//! [`site`] is the built screen inside the component; `session` is what the screen needs before anybody has signed in;
//! `reference` renders the API's document for people.

mod headers;
mod openapi;
mod page;
mod people;
mod reference;
mod routes;
mod service;
mod session;
pub mod site;

pub use routes::routes;
pub use service::WebApp;
pub use session::SignIn;

#[cfg(target_arch = "wasm32")]
mod component {
    use function::shell::variable;

    use crate::{SignIn, WebApp, site};

    function::component!(super::routes, |function| WebApp {
        function,
        site: site::BUILT,
        is_https: variable("public_url").starts_with("https://"),
        sign_in: SignIn {
            client_id: variable("oidc_client_id"),
            authorize_url: variable("oidc_authorize_url"),
            token_url: variable("oidc_token_url"),
            revocation_url: variable("oidc_revocation_url"),
            scope: variable("oidc_scope"),
        },
    });
}
