//! Signing in, and health.

use events::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer to `GET /api/session`: where people sign in, an OpenID Connect client with PKCE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Who issues the tokens.
    pub issuer: String,
    /// Whom tokens must be issued for.
    pub audience: String,
    /// The screen's id at the issuer.
    pub client_id: String,
    /// The issuer's authorization endpoint; relative to the screen where it is the same host.
    pub authorize_url: String,
    /// The issuer's token endpoint.
    pub token_url: String,
    /// Where a client that signs out ends its refresh token (RFC 7009); empty where the issuer has no such endpoint.
    pub revocation_url: String,
    /// The scopes to ask for.
    pub scope: String,
    /// What is offered here: the tags of this document.
    pub features: Vec<String>,
    /// Who has signed in; `null` without a token.
    pub person: Option<Person>,
}

/// Who has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SessionPerson")]
pub struct Person {
    /// Their id, the same for ever.
    pub id: String,
    /// How they are called.
    pub name: Option<String>,
    /// Their e-mail address at the issuer.
    pub email: Option<String>,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// Answer of the health routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Whether it answers.
    pub status: Status,
    /// The function that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Whether its store answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Status>,
    /// The release of the IANA time zone database that it counts by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone_rules: Option<String>,
}

/// Whether something answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthStatus")]
pub enum Status {
    /// It does.
    Ok,
}
