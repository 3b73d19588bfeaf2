//! The web app: it serves the screen, says how to sign in, and documents the API. It owns nothing.
//!
//! [`site`] is the built screen inside the component; `session` is what the screen needs before anybody has signed in;
//! `reference` renders the API's document for people.

mod headers;
mod openapi;
mod page;
mod reference;
mod routes;
mod session;
pub mod site;

pub use routes::{WebApp, route};
pub use session::SignIn;

#[cfg(target_arch = "wasm32")]
mod component {
    use http_api::shell::{self, variable};
    use spin_sdk::http::{IncomingRequest, ResponseOutparam};

    use crate::{SignIn, WebApp, site};

    #[spin_sdk::http_component]
    async fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        shell::serve(
            "web-app",
            request,
            response_out,
            async |function, request| {
                let service = WebApp {
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
                };
                super::route(&service, request).await.into()
            },
        )
        .await;
    }
}
