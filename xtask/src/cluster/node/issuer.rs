//! Who issues tokens: as much of an OpenID Connect provider as the functions, `helm test` and the stories ask for.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{io::Write, thread};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::namespaces::ADDRESS;
use crate::cluster::controllers::http::Request;
use nudge_parts::place::Place;

/// Its port: the chart lets daprd and `helm test` go to this one only.
const PORT: u16 = 443;
const KEY_ID: &str = "node";
/// How long a token is good for: longer than the suite runs.
const GOOD_FOR: u64 = 4 * 60 * 60;

/// The issuer, which answers until the program ends.
pub(super) struct Issuer {
    /// Its key in PKCS #8, with which tokens are made that must be refused.
    pub(super) key_file: PathBuf,
}

impl Issuer {
    /// Starts it.
    pub(super) fn start(place: &Place) -> Result<Self> {
        let key = SigningKey::from_bytes(&rand::random());
        let key_file = place.parts.join("issuer.der");
        write_key(&key, &key_file)?;
        let listener = TcpListener::bind((ADDRESS, PORT)).context("the issuer's port")?;
        let key = Arc::new(key);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let key = Arc::clone(&key);
                // Who hangs up has asked for nothing.
                thread::spawn(move || answer(stream, &key).ok());
            }
        });
        Ok(Self { key_file })
    }

    /// Where it is.
    pub(super) fn url(path: &str) -> String {
        format!("http://{ADDRESS}:{PORT}{path}")
    }

    /// Prints a token for the name that is appended.
    pub(super) fn command() -> String {
        let people = Self::url("/people");
        format!("curl -fsS --noproxy '*' {people} --data-raw")
    }
}

fn write_key(key: &SigningKey, file: &Path) -> Result<()> {
    let encoded = key.to_pkcs8_der().context("the key")?;
    Ok(fs::write(file, encoded.as_bytes())?)
}

fn answer(mut stream: TcpStream, key: &SigningKey) -> Result<()> {
    let request = Request::read(&stream)?;
    let text = match (request.method.as_str(), request.path.as_str()) {
        ("GET", _) => json!({ "keys": [public(key)] }).to_string(),
        ("POST", "/people") => token(key, request.body.trim())?,
        // Whatever `helm test` proves itself with.
        _ => json!({ "id_token": token(key, "helm-test")?, "token_type": "Bearer" }).to_string(),
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )?;
    Ok(())
}

/// The key as a key set has it (RFC 8037).
fn public(key: &SigningKey) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": KEY_ID, "alg": "EdDSA", "use": "sig" })
}

fn token(key: &SigningKey, name: &str) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": KEY_ID });
    let claims = json!({
        "iss": Issuer::url(""), "aud": "nudge", "sub": name, "iat": now, "exp": now + GOOD_FOR,
        "email": format!("{}@example.com", name.to_lowercase().replace(' ', "-")),
    });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let content = format!("{}.{}", encode(&header), encode(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(content.as_bytes()).to_bytes());
    Ok(format!("{content}.{signature}"))
}
