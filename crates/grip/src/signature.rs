//! `Grip-Sig`: a JWT (HS256) by which the function knows its proxy.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// By how many seconds clocks may differ.
const LEEWAY_SECONDS: u64 = 30;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    exp: u64,
}

/// The signature of a proxy called `issuer`, good until `expires_at` (seconds since 1970).
#[must_use]
pub fn sign(key: &[u8], issuer: &str, expires_at: u64) -> String {
    let claims = Claims {
        iss: issuer.to_owned(),
        exp: expires_at,
    };
    jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(key),
    )
    .expect("HS256 takes a key of any length, and the claims are plain")
}

/// Whether `signature` was made with `key` and holds at `now` (seconds since 1970). No key, no trust.
#[must_use]
pub fn verify(key: &[u8], signature: &str, now: u64) -> bool {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_required_spec_claims(&["exp"]);
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(signature, &DecodingKey::from_secret(key), &rules);
    !key.is_empty() && claims.is_ok_and(|token| token.claims.exp + LEEWAY_SECONDS > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_and_only_in_time() {
        let signature = sign(b"secret", "proxy", 1_000);
        assert!(verify(b"secret", &signature, 900));
        assert!(!verify(b"secret", &signature, 1_031));
        assert!(!verify(b"other", &signature, 900));
        assert!(!verify(b"", &sign(b"", "proxy", 1_000), 900));
        assert!(!verify(b"secret", "x.y.z", 900));
    }
}
