//! Tokens that must be refused, made as an attacker or a mistake would make them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

/// The claims of a token, read without any check.
///
/// # Panics
/// When it is no token.
#[must_use]
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a token, read without any check.
///
/// # Panics
/// When it is no token.
#[must_use]
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, at: usize) -> Value {
    let text = token.split('.').nth(at).expect("a part of a token");
    let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// A token with `header` and `claims`, signed with an Ed25519 key in PKCS #8.
///
/// # Panics
/// When that is no key.
#[must_use]
pub fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let key = SigningKey::from_pkcs8_der(key).expect("an Ed25519 key");
    let content = content(header, claims);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(content.as_bytes()).to_bytes());
    format!("{content}.{signature}")
}

/// A token that says of itself that it needs no signature.
#[must_use]
pub fn unsigned(claims: &Value) -> String {
    format!(
        "{}.",
        content(&json!({ "alg": "none", "typ": "JWT" }), claims)
    )
}

/// A key that nobody trusts, in PKCS #8.
///
/// # Panics
/// Never: any 32 bytes are a key.
#[must_use]
pub fn foreign_key() -> Vec<u8> {
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    let key = SigningKey::from_bytes(&[7; 32]);
    key.to_pkcs8_der().expect("a key").as_bytes().to_vec()
}

fn content(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}
