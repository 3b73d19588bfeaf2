//! What the screen needs before anybody has signed in, and who has.

use api::session::{self, Session};
use events::Timestamp;
use function::identity::{Issuer, Person};
use serde_json::Value;

use crate::openapi;

/// Where people sign in: an OpenID Connect client with PKCE.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// The screen's id at the issuer.
    pub client_id: String,
    /// The issuer's authorization endpoint; relative to the screen where it is the same host.
    pub authorize_url: String,
    /// The issuer's token endpoint.
    pub token_url: String,
    /// The issuer's revocation endpoint (RFC 7009); empty where it has none.
    pub revocation_url: String,
    /// The scopes to ask for.
    pub scope: String,
}

/// The body of `GET /api/session`.
pub(crate) fn answer(issuer: &Issuer, sign_in: &SignIn, person: Option<&Person>) -> Session {
    Session {
        issuer: issuer.name.clone(),
        audience: issuer.audience.clone(),
        client_id: sign_in.client_id.clone(),
        authorize_url: sign_in.authorize_url.clone(),
        token_url: sign_in.token_url.clone(),
        revocation_url: sign_in.revocation_url.clone(),
        scope: sign_in.scope.clone(),
        features: features(&openapi::parsed()),
        person: person.map(|person| session::Person {
            id: person.id.to_string(),
            name: person.name.clone(),
            email: person.email.clone(),
            expires_at: Timestamp::clamped(person.expires_at),
        }),
    }
}

/// What this deployment offers: the tags of its own document, so that the two can't differ.
fn features(document: &Value) -> Vec<String> {
    let tags = document["tags"].as_array().map(Vec::as_slice);
    tags.unwrap_or_default()
        .iter()
        .filter_map(|tag| tag["name"].as_str().map(str::to_owned))
        .collect()
}
