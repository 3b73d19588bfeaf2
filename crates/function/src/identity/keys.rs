//! The issuer's keys, kept in the state store: an instance of a function lives for one request and can keep nothing.

use chrono::{DateTime, Utc};
use dapr::{Condition, Dapr, DaprError, Invocation, Target, Write};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};

use super::issuer::Issuer;
use crate::Problem;

/// The `HTTPEndpoint` of the issuer's key set: scheme and authority of `oidc_jwks_url`.
const ENDPOINT: &str = "key-set";
/// How long keys are kept, in seconds.
const TTL_SECONDS: u32 = 600;
/// How old keys must be before a token with an unknown `kid` has them fetched again: strangers can't make us fetch.
const REFETCH_AFTER_SECONDS: i64 = 30;

#[derive(Serialize, Deserialize)]
struct Kept {
    fetched_at: i64,
    keys: JwkSet,
}

/// The key that a token names.
pub(super) async fn find<D: Dapr>(
    dapr: &D,
    issuer: &Issuer,
    kid: Option<&str>,
    algorithm: Algorithm,
    now: DateTime<Utc>,
) -> Result<DecodingKey, Problem> {
    let document_key = format!("jwks/{}", issuer.name);
    let kept: Option<Kept> = match dapr.get(&document_key).await? {
        Some(document) => document.read(&document_key).ok(),
        None => None,
    };
    let age = kept.as_ref().map(|kept| now.timestamp() - kept.fetched_at);
    if let Some(key) = kept
        .as_ref()
        .and_then(|kept| pick(&kept.keys, kid, algorithm))
    {
        return decoding_key(key);
    }
    if age.is_some_and(|age| age < REFETCH_AFTER_SECONDS) {
        return Err(unknown_key());
    }
    let keys = fetch(dapr, issuer).await?;
    let found = pick(&keys, kid, algorithm).map(decoding_key);
    let kept = Kept {
        fetched_at: now.timestamp(),
        keys,
    };
    // Only a saving of work: a store that can't take it will say so to whoever needs it.
    dapr.transact(vec![
        Write::put(document_key, &kept, Condition::Any).with_ttl(TTL_SECONDS),
    ])
    .await
    .ok();
    found.unwrap_or_else(|| Err(unknown_key()))
}

fn unknown_key() -> Problem {
    Problem::unauthorized("The token is signed with a key that its issuer does not have.")
}

fn pick<'a>(keys: &'a JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    keys.keys
        .iter()
        .filter(|key| fits(key, algorithm))
        .find(|key| match kid {
            Some(kid) => key.common.key_id.as_deref() == Some(kid),
            None => true,
        })
}

/// A key serves only the algorithm of its own kind (RFC 8725 section 3.1).
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    matches!(
        (&key.algorithm, algorithm),
        (AlgorithmParameters::OctetKeyPair(_), Algorithm::EdDSA)
            | (AlgorithmParameters::EllipticCurve(_), Algorithm::ES256)
            | (AlgorithmParameters::RSA(_), Algorithm::RS256)
    )
}

fn decoding_key(key: &Jwk) -> Result<DecodingKey, Problem> {
    DecodingKey::from_jwk(key).map_err(|_| Problem::unauthorized("The issuer's key can't be used."))
}

async fn fetch<D: Dapr>(dapr: &D, issuer: &Issuer) -> Result<JwkSet, Problem> {
    let url: http::Uri = issuer
        .jwks_url
        .parse()
        .map_err(|_| misconfigured(&issuer.jwks_url))?;
    if url.authority().is_none() {
        return Err(misconfigured(&issuer.jwks_url));
    }
    let call = Invocation {
        target: Target::Endpoint(ENDPOINT),
        method: http::Method::GET,
        path: url
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let answer = dapr.invoke(call).await?;
    let keys = answer
        .status()
        .is_success()
        .then(|| serde_json::from_slice(answer.body()).ok())
        .flatten();
    keys.ok_or_else(|| {
        let detail = format!("{} answered {}", issuer.jwks_url, answer.status());
        Problem::from(DaprError::Unavailable {
            what: "key set",
            detail,
        })
    })
}

fn misconfigured(url: &str) -> Problem {
    eprintln!(
        "oidc_jwks_url is {url:?}; it must be an address such as https://issuer.example/jwks.json"
    );
    Problem::internal("The service doesn't know where the issuer's keys are.")
}
