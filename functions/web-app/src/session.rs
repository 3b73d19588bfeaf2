//! What the screen needs before anybody has signed in, and who has.

use http_api::identity::{Issuer, Person};
use serde_json::{Value, json};

use crate::routes;

/// Where people sign in: an OpenID Connect client with PKCE.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// The screen's id at the issuer.
    pub client_id: String,
    /// The issuer's authorization endpoint; relative to the screen where it is the same host.
    pub authorize_url: String,
    /// The issuer's token endpoint.
    pub token_url: String,
    /// The scopes to ask for.
    pub scope: String,
}

/// The body of `GET /api/session`.
pub(crate) fn answer(issuer: &Issuer, sign_in: &SignIn, person: Option<&Person>) -> Value {
    json!({
        "issuer": issuer.name,
        "audience": issuer.audience,
        "client_id": sign_in.client_id,
        "authorize_url": sign_in.authorize_url,
        "token_url": sign_in.token_url,
        "scope": sign_in.scope,
        "features": features(&routes::parsed()),
        "person": person.map(|person| json!({
            "id": person.id.as_str(),
            "name": person.name,
            "email": person.email,
            "expires_at": person.expires_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        })),
    })
}

/// What this deployment offers: the tags of its own document, so that the two can't differ.
fn features(document: &Value) -> Vec<&str> {
    let tags = document["tags"].as_array().map(Vec::as_slice);
    tags.unwrap_or_default()
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect()
}
