//! The signing key and the refresh tokens, as files that only their owner reads.

use std::collections::HashMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
            Err(error) if error.kind() == ErrorKind::NotFound => make_key(&path)?,
            Err(error) => {
                return Err(error).with_context(|| format!("can't read {}", path.display()));
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

/// Makes a key, unless another process was faster: then theirs.
fn make_key(path: &Path) -> Result<Vec<u8>> {
    let key = SigningKey::from_bytes(&rand::random());
    let der = key
        .to_pkcs8_der()
        .map_err(|error| anyhow!("can't write the key: {error}"))?;
    match temporary(path, der.as_bytes())?.persist_noclobber(path) {
        Ok(_) => Ok(der.as_bytes().to_vec()),
        Err(_) => fs::read(path).with_context(|| format!("can't write {}", path.display())),
    }
}

/// How long a redeemed refresh token is taken again: two tabs refresh at the same time, or an answer gets lost.
const REUSE_SECONDS: u64 = 30;

/// How long a token stays on file after its end. Not dropped at once: a wall clock that is ahead for a while must not end
/// everybody's sign-in for good.
const KEPT_SECONDS: u64 = 2 * 365 * 24 * 60 * 60;
/// Most tokens on file; those that end first make room.
const MOST_TOKENS: usize = 10_000;

/// Refresh tokens that were issued: only their hashes.
pub(super) struct RefreshTokens {
    path: PathBuf,
    tokens: Mutex<HashMap<String, Issued>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Issued {
    subject: String,
    expires_at: u64,
    /// The same for all tokens that go back to one sign-in.
    #[serde(default)]
    family: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redeemed_at: Option<u64>,
}

/// Whose refresh token it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redeemed {
    pub(super) subject: String,
    pub(super) family: String,
}

impl RefreshTokens {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("refresh-tokens.json");
        let tokens = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => HashMap::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("can't read {}", path.display()));
            }
        };
        Ok(Self {
            path,
            tokens: Mutex::new(tokens),
        })
    }

    /// A new token; in the family of the one that was redeemed for it, or in one of its own.
    pub(super) fn issue(
        &self,
        subject: &str,
        family: Option<String>,
        expires_at: u64,
    ) -> Result<String> {
        let token = random_text();
        let mut tokens = self.tokens();
        make_room(&mut tokens, now());
        tokens.insert(
            hash(&token),
            Issued {
                subject: subject.to_owned(),
                expires_at,
                family: family.unwrap_or_else(random_text),
                redeemed_at: None,
            },
        );
        self.save(&tokens)?;
        Ok(token)
    }

    /// Each token is good once, and for a short while again. Whoever comes with it later is not the one that it was
    /// issued to, or that one was robbed: then nobody's token of that family counts any more (RFC 9700 section 4.14.2).
    pub(super) fn redeem(&self, token: &str, now: u64) -> Option<Redeemed> {
        let mut tokens = self.tokens();
        let issued = tokens.get_mut(&hash(token))?;
        let redeemed = Redeemed {
            subject: issued.subject.clone(),
            family: issued.family.clone(),
        };
        if issued.expires_at <= now {
            return None;
        }
        match issued.redeemed_at {
            None => issued.redeemed_at = Some(now),
            Some(at) if now <= at + REUSE_SECONDS => {}
            Some(_) => {
                tracing::warn!(
                    "a refresh token of {:?} was used again; that sign-in has ended",
                    redeemed.subject
                );
                tokens.retain(|_, issued| issued.family != redeemed.family);
                if let Err(error) = self.save(&tokens) {
                    tracing::error!("{error:#}");
                }
                return None;
            }
        }
        Some(redeemed)
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Issued>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, tokens: &HashMap<String, Issued>) -> Result<()> {
        write_private(&self.path, &serde_json::to_vec(tokens)?)
    }
}

/// Drops tokens that ended long ago, and as many as are too many.
fn make_room(tokens: &mut HashMap<String, Issued>, now: u64) {
    tokens.retain(|_, issued| issued.expires_at + KEPT_SECONDS > now);
    if tokens.len() < MOST_TOKENS {
        return;
    }
    let mut ends: Vec<u64> = tokens.values().map(|issued| issued.expires_at).collect();
    ends.sort_unstable();
    // A tenth goes at once, so that this is not done each time.
    let keep_from = ends[tokens.len() - MOST_TOKENS + MOST_TOKENS / 10];
    tokens.retain(|_, issued| issued.expires_at > keep_from);
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// Writes beside and renames; readable by its owner only, as temporary files are.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = temporary(path, bytes)?.persist(path);
    written.with_context(|| format!("can't write {}", path.display()))?;
    Ok(())
}

/// A synced file with `bytes` in the folder of `path`.
fn temporary(path: &Path, bytes: &[u8]) -> Result<tempfile::NamedTempFile> {
    let describe = || format!("can't write {}", path.display());
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(describe)?;
    file.write_all(bytes).with_context(describe)?;
    file.as_file().sync_all().with_context(describe)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(expires_at: u64) -> Issued {
        Issued {
            subject: "kai".to_owned(),
            expires_at,
            family: "f".to_owned(),
            redeemed_at: None,
        }
    }

    /// A sign-in under a clock that is a year ahead drops nobody's token, and there are never too many of them.
    ///
    /// Seen to fail: where tokens were dropped as soon as they had ended.
    #[test]
    fn tokens_outlive_a_clock_that_was_ahead() {
        const YEAR: u64 = 365 * 24 * 60 * 60;
        let now = 1_800_000_000;
        let mut tokens = HashMap::from([("a".to_owned(), issued(now + 1))]);
        make_room(&mut tokens, now + YEAR);
        assert_eq!(tokens.len(), 1);
        make_room(&mut tokens, now + 3 * YEAR);
        assert_eq!(tokens.len(), 0);

        for number in 0..3 * MOST_TOKENS as u64 {
            make_room(&mut tokens, now);
            tokens.insert(number.to_string(), issued(now + number));
            assert!(tokens.len() <= MOST_TOKENS);
        }
        let newest = (3 * MOST_TOKENS as u64 - 1).to_string();
        assert!(tokens.contains_key(&newest) && tokens.len() > MOST_TOKENS / 2);
    }
}
