//! Who is asking: a person by a verified token, or Dapr by the app API token.

mod issuer;
mod keys;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use dapr::Dapr;
use domain::UserId;
use http::{HeaderMap, header};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use issuer::Issuer;

use crate::Problem;

/// The algorithms that a token may be signed with: asymmetric ones only, and never `none`.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// By how many seconds clocks may differ.
const LEEWAY_SECONDS: i64 = 30;

/// The `typ` that the header of an access token may have: its own (RFC 9068 section 2.1), with and without the prefix, or the
/// one of any JWT.
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "JWT"];

/// Longest token, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// A person whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Stands in every key and event.
    pub id: UserId,
    /// What the token calls them.
    pub name: Option<String>,
    /// Their e-mail address, if the token has one.
    pub email: Option<String>,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
    /// The token, to be passed on in calls on their behalf.
    pub token: String,
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    name: Option<String>,
    email: Option<String>,
    /// What kind of token it is, as Keycloak says it: `Bearer`, `ID`, `Refresh`.
    typ: Option<String>,
    /// The same, as Cognito says it: `access`, `id`.
    token_use: Option<String>,
    /// The hash of the authorization code that an ID token came with (OpenID Connect Core 3.3.2.11).
    c_hash: Option<String>,
}

impl Claims {
    /// Whether it was issued to show something to a client, or to be exchanged, and not to open an API.
    fn are_of_another_kind(&self) -> bool {
        let is = |text: &Option<String>, kinds: &[&str]| {
            text.as_deref()
                .is_some_and(|text| kinds.iter().any(|kind| text.eq_ignore_ascii_case(kind)))
        };
        self.c_hash.is_some()
            || is(&self.typ, &["ID", "Refresh", "Offline", "Logout"])
            || is(&self.token_use, &["id", "refresh"])
    }
}

/// The id of `subject` at `issuer`: base64url(SHA-256(issuer, newline, subject)).
///
/// # Panics
/// Never: 43 characters of base64url are a user id.
#[must_use]
pub fn user_id(issuer: &str, subject: &str) -> UserId {
    let digest = Sha256::digest(format!("{issuer}\n{subject}"));
    UserId::parse(&URL_SAFE_NO_PAD.encode(digest)).expect("base64url of a digest is a user id")
}

/// The person whose bearer token the request has.
///
/// # Errors
/// 401 with the reason when there is none or it does not hold; 503 when the issuer's keys can't be had now.
pub async fn person<D: Dapr>(
    dapr: &D,
    issuer: &Issuer,
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> Result<Person, Problem> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let value =
        value.ok_or_else(|| Problem::unauthorized("Send a token: Authorization: Bearer …"))?;
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or_else(|| Problem::unauthorized("Only Bearer tokens are taken."))?;
    verify(dapr, issuer, token.trim(), now).await
}

/// The person of a token that came by another way than the header, such as the first message of a WebSocket.
///
/// # Errors
/// As [`person`].
pub async fn verify<D: Dapr>(
    dapr: &D,
    issuer: &Issuer,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Person, Problem> {
    if token.len() > MAX_TOKEN {
        return Err(Problem::unauthorized("The token is too long.").recorded());
    }
    let header = jsonwebtoken::decode_header(token)
        .map_err(|_| Problem::unauthorized("That is no token.").recorded())?;
    if !ALGORITHMS.contains(&header.alg) {
        let reason = "The token is signed in a way that is not taken.";
        return Err(Problem::unauthorized(reason).recorded());
    }
    let of_access = |typ: &String| TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known));
    if !header.typ.as_ref().is_none_or(of_access) {
        return Err(other_kind());
    }
    let key = keys::find(dapr, issuer, header.kid.as_deref(), header.alg, now).await?;
    let mut rules = Validation::new(header.alg);
    rules.set_audience(&[&issuer.audience]);
    rules.set_issuer(&[&issuer.name]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The function's own notion of now is checked below, so that tests can move it.
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules)
        .map_err(|error| Problem::unauthorized(refusal(&error)).recorded())?
        .claims;
    if claims.are_of_another_kind() {
        return Err(other_kind());
    }
    let expires_at = in_force(&claims, now)?;
    Ok(Person {
        id: user_id(&issuer.name, &claims.sub),
        name: claims.name,
        email: claims.email,
        expires_at,
        token: token.to_owned(),
    })
}

/// Any token of the issuer has a good signature; only an access token was given to open this.
fn other_kind() -> Problem {
    Problem::unauthorized("That is no access token, but one of another kind.").recorded()
}

fn in_force(claims: &Claims, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let now = now.timestamp();
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(Problem::unauthorized(
            "The token has expired. Sign in again.",
        ));
    }
    if claims
        .nbf
        .is_some_and(|from| from.saturating_sub(LEEWAY_SECONDS) > now)
    {
        return Err(Problem::unauthorized("The token is not valid yet."));
    }
    DateTime::from_timestamp(claims.exp, 0)
        .ok_or_else(|| Problem::unauthorized("The token's end is no time."))
}

fn refusal(error: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidAudience => "The token is for somebody else.",
        ErrorKind::InvalidIssuer => "The token is from an issuer that is not trusted.",
        ErrorKind::InvalidSignature => "The token's signature does not hold.",
        _ => "The token is malformed.",
    }
}

/// Whether the call is from the function's own Dapr: the app API token is the right one.
///
/// # Errors
/// 401 otherwise. An empty `expected` lets nobody in.
pub fn dapr_caller(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let given = headers
        .get("dapr-api-token")
        .map(http::HeaderValue::as_bytes)
        .unwrap_or_default();
    if !expected.is_empty() && bool::from(given.ct_eq(expected.as_bytes())) {
        Ok(())
    } else {
        let reason = "This route is for Dapr: it takes the app API token.";
        Err(Problem::unauthorized(reason).recorded())
    }
}

/// Whether the call is from the function `app_id`, as the caller's Dapr says. A caller that claims to be another function
/// is told by its having two names: daprd adds the true one and leaves the claimed one.
///
/// # Errors
/// 401 without the app API token, 403 when it is another function.
pub fn function_caller(headers: &HeaderMap, expected: &str, app_id: &str) -> Result<(), Problem> {
    dapr_caller(headers, expected)?;
    let mut callers = headers.get_all("dapr-caller-app-id").iter();
    match (callers.next(), callers.next()) {
        (Some(caller), None) if caller == app_id => Ok(()),
        _ => Err(Problem::forbidden(format!("Only {app_id} may call this.")).recorded()),
    }
}
