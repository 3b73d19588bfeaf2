//! The signing key and the refresh tokens, as files that only their owner reads.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{AUDIENCE, ISSUER, Person, now};

/// 256 random bits as text.
pub(super) fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Signs access tokens with EdDSA.
pub(super) struct Keys {
    signing: EncodingKey,
    id: String,
    public: String,
}

impl Keys {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("key.der");
        let der = match fs::read(&path) {
            Ok(der) => der,
            Err(_) => {
                let key = SigningKey::from_bytes(&rand::random());
                let der = key
                    .to_pkcs8_der()
                    .map_err(|error| anyhow!("can't write the key: {error}"))?;
                write_private(&path, der.as_bytes())?;
                der.as_bytes().to_vec()
            }
        };
        let key = SigningKey::from_pkcs8_der(&der)
            .map_err(|error| anyhow!("{} is no Ed25519 key: {error}", path.display()))?;
        let public = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        Ok(Self {
            signing: EncodingKey::from_ed_der(&der),
            id: URL_SAFE_NO_PAD.encode(&Sha256::digest(&public)[..9]),
            public,
        })
    }

    pub(super) fn access_token(&self, person: &Person, expires_at: u64) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.clone());
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": person.name, "name": person.name, "iat": now(), "exp": expires_at,
        });
        if let Some(email) = &person.email {
            claims["email"] = json!(email);
        }
        Ok(jsonwebtoken::encode(&header, &claims, &self.signing)?)
    }

    pub(super) fn jwks(&self) -> Value {
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": self.public,
        }] })
    }
}

/// Refresh tokens that were issued and not yet redeemed: only their hashes.
pub(super) struct RefreshTokens {
    path: PathBuf,
    tokens: Mutex<HashMap<String, Issued>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Issued {
    subject: String,
    expires_at: u64,
}

impl RefreshTokens {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("refresh-tokens.json");
        let tokens = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", path.display()))?,
            Err(_) => HashMap::new(),
        };
        Ok(Self {
            path,
            tokens: Mutex::new(tokens),
        })
    }

    pub(super) fn issue(&self, subject: &str, expires_at: u64) -> Result<String> {
        let token = random_text();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, issued| issued.expires_at > now());
        tokens.insert(
            hash(&token),
            Issued {
                subject: subject.to_owned(),
                expires_at,
            },
        );
        write_private(&self.path, &serde_json::to_vec(&*tokens)?)?;
        Ok(token)
    }

    /// Each token is good once.
    pub(super) fn redeem(&self, token: &str, now: u64) -> Option<String> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let issued = tokens.remove(&hash(token))?;
        (issued.expires_at > now).then_some(issued.subject)
    }
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// Writes beside and renames; readable by its owner only, as temporary files are.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let describe = || format!("can't write {}", path.display());
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(describe)?;
    file.write_all(bytes).with_context(describe)?;
    file.as_file().sync_all().with_context(describe)?;
    file.persist(path).with_context(describe)?;
    Ok(())
}
