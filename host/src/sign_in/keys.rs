//! The signing key and the refresh tokens, as files that only their owner reads.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::files::{KEY_FILE, temporary, write_private};
use super::issuer::{AUDIENCE, ISSUER};
use super::people::{People, Person};

/// 256 random bits as text.
pub(super) fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The `typ` of access tokens (RFC 9068 section 2.1).
const ACCESS_TOKEN: &str = "at+jwt";
/// The `typ` and `aud` of what a browser shows in which somebody has signed in before. No function takes it for an access
/// token.
const KNOWN_BROWSER: &str = "nudge-browser+jwt";

/// What a browser shows in which somebody has signed in before.
#[derive(Serialize, Deserialize)]
struct KnownBrowser {
    aud: String,
    /// Who signed in.
    sub: String,
    /// Of this browser alone.
    jti: String,
    /// Which passphrase they had. Absent in what versions gave that did not say.
    #[serde(default)]
    credential: String,
    exp: u64,
}

/// Signs access tokens with EdDSA.
pub(super) struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    id: String,
    public: String,
}

impl Keys {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(KEY_FILE);
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
            verifying: DecodingKey::from_ed_components(&public)?,
            id: URL_SAFE_NO_PAD.encode(&Sha256::digest(&public)[..9]),
            public,
        })
    }

    /// A token for `person` that is issued `now`, in seconds since 1970, and good for so many seconds.
    pub(super) fn access_token(&self, person: &Person, now: u64, seconds: u64) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.clone());
        header.typ = Some(ACCESS_TOKEN.to_owned());
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": person.name, "name": person.name, "iat": now, "exp": now + seconds,
        });
        if let Some(email) = &person.email {
            claims["email"] = json!(email);
        }
        Ok(jsonwebtoken::encode(&header, &claims, &self.signing)?)
    }

    /// What a browser is to show from now on, by which it is known as one that `person` has signed in with.
    pub(super) fn known_browser(&self, person: &Person, expires_at: u64) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(KNOWN_BROWSER.to_owned());
        let claims = KnownBrowser {
            aud: KNOWN_BROWSER.to_owned(),
            sub: person.name.clone(),
            jti: random_text(),
            credential: person.credential(),
            exp: expires_at,
        };
        Ok(jsonwebtoken::encode(&header, &claims, &self.signing)?)
    }

    /// The id of the browser that shows `text`, if `person` has signed in with it before. All that they signed in with by
    /// another passphrase have one id together: whoever had that passphrase may have got himself any number of them.
    pub(super) fn browser_of(&self, person: &Person, text: &str) -> Option<String> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[KNOWN_BROWSER]);
        let shown = jsonwebtoken::decode::<KnownBrowser>(text, &self.verifying, &rules).ok()?;
        let typ = shown.header.typ.as_deref();
        let KnownBrowser {
            sub,
            jti,
            credential,
            ..
        } = shown.claims;
        let is_theirs = typ == Some(KNOWN_BROWSER) && sub == person.name;
        is_theirs.then(|| match credential == person.credential() {
            true => jti,
            false => format!("by an earlier passphrase of {sub}"),
        })
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

/// The file that has them, in the sign-in's folder.
pub(super) const REFRESH_FILE: &str = "refresh-tokens.json";

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
    /// Which passphrase the person had at the time of the sign-in; another one ends it. Absent in files of versions that
    /// did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

/// Whose refresh token it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redeemed {
    pub(super) subject: String,
    pub(super) family: String,
}

impl RefreshTokens {
    /// Opens them. Those that don't say by which passphrase somebody signed in are taken for sign-ins by the one that
    /// `people` have now.
    pub(super) fn open(folder: &Path, people: &People) -> Result<Self> {
        let path = folder.join(REFRESH_FILE);
        let mut tokens: HashMap<String, Issued> = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => HashMap::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("can't read {}", path.display()));
            }
        };
        let mut has_changed = false;
        for issued in tokens.values_mut().filter(|one| one.credential.is_none()) {
            let person = people.find(Some(&issued.subject)).ok();
            issued.credential = person.map(Person::credential);
            has_changed |= issued.credential.is_some();
        }
        let opened = Self {
            path,
            tokens: Mutex::default(),
        };
        if has_changed {
            opened.save(&tokens)?;
        }
        *opened.tokens() = tokens;
        Ok(opened)
    }

    /// A new token for `person` that is issued `now`, in seconds since 1970, and good for so many seconds; in the family of the
    /// one that was redeemed for it, or in one of its own. `None` when that family was ended meanwhile: whoever signed out is
    /// not signed in again by what was on its way.
    pub(super) fn issue(
        &self,
        person: &Person,
        family: Option<String>,
        now: u64,
        seconds: u64,
    ) -> Result<Option<String>> {
        let token = random_text();
        let mut tokens = self.tokens();
        let goes_on = |family: &String| tokens.values().any(|issued| issued.family == *family);
        if !family.as_ref().is_none_or(goes_on) {
            return Ok(None);
        }
        make_room(&mut tokens, now);
        tokens.insert(
            hash(&token),
            Issued {
                subject: person.name.clone(),
                expires_at: now + seconds,
                family: family.unwrap_or_else(random_text),
                redeemed_at: None,
                credential: Some(person.credential()),
            },
        );
        self.save(&tokens)?;
        Ok(Some(token))
    }

    /// Each token is good once, and for a short while again. Whoever comes with it later is not the one that it was
    /// issued to, or that one was robbed: then nobody's token of that family counts any more (RFC 9700 section 4.14.2).
    ///
    /// No token counts any more of whoever is not among `people` or has another passphrase by now.
    pub(super) fn redeem(&self, token: &str, people: &People, now: u64) -> Option<Redeemed> {
        let mut tokens = self.tokens();
        let issued = tokens.get_mut(&hash(token))?;
        let redeemed = Redeemed {
            subject: issued.subject.clone(),
            family: issued.family.clone(),
        };
        let person = people.find(Some(&issued.subject)).ok();
        let credential = person.map(Person::credential);
        if issued.expires_at <= now || credential.is_none() || issued.credential != credential {
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
                if let Err(error) = self.end(&mut tokens, &redeemed.family) {
                    tracing::error!("{error:#}");
                }
                return None;
            }
        }
        Some(redeemed)
    }

    /// Ends the sign-in that a token goes back to, whichever of its tokens it is.
    pub(super) fn revoke(&self, token: &str) -> Result<()> {
        let mut tokens = self.tokens();
        let family = tokens.get(&hash(token)).map(|issued| issued.family.clone());
        family.map_or(Ok(()), |family| self.end(&mut tokens, &family))
    }

    fn end(&self, tokens: &mut HashMap<String, Issued>, family: &str) -> Result<()> {
        tokens.retain(|_, issued| issued.family != family);
        self.save(tokens)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(expires_at: u64) -> Issued {
        Issued {
            subject: "kai".to_owned(),
            expires_at,
            family: "f".to_owned(),
            redeemed_at: None,
            credential: None,
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
