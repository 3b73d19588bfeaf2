//! The host's own sign-in: an OpenID Connect issuer for the people of one household, so that functions check the same
//! kind of token everywhere.
//!
//! Authorization code with PKCE (RFC 7636), refresh tokens that rotate. On loopback one person needs no passphrase; on
//! any other address everybody does.

mod keys;
mod pages;
mod people;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use url::form_urlencoded;

pub use people::{Person, set as set_person};

/// The `iss` of local tokens.
pub const ISSUER: &str = "urn:nudge:local";
/// The `aud` of local tokens.
pub const AUDIENCE: &str = "nudge";
/// The screen's client id.
pub const CLIENT_ID: &str = "nudge-web";
/// Where functions find the key set, through Dapr: answered inside the process.
pub const JWKS_URL: &str = "http://sign-in.nudge.internal/jwks.json";

const ACCESS_SECONDS: u64 = 60 * 60;
const REFRESH_SECONDS: u64 = 30 * 24 * 60 * 60;
const CODE_LIFE: Duration = Duration::from_secs(60);
/// Most passphrases that are tried at once: with the delay, most guesses a second.
const MAX_TRIES: usize = 4;
/// How long a wrong passphrase holds up the next try.
const WRONG_DELAY: Duration = Duration::from_secs(1);
/// Most codes waiting to be redeemed.
const MAX_CODES: usize = 1_000;

/// The issuer.
pub struct SignIn {
    keys: keys::Keys,
    people: people::People,
    refresh: keys::RefreshTokens,
    codes: Mutex<HashMap<String, Code>>,
    tries: Semaphore,
    /// Whether everybody needs a passphrase.
    demanding: bool,
}

struct Code {
    subject: String,
    challenge: String,
    redirect_uri: String,
    /// By the clock that nobody sets.
    expires_at: Instant,
}

impl SignIn {
    /// Opens the sign-in in `folder`, making keys and the one person `me` where there are none.
    ///
    /// # Errors
    /// When a file can't be read or written, or `demanding` while somebody has no passphrase.
    pub fn open(folder: &Path, demanding: bool) -> Result<Self> {
        nudge_sidecar::private::make_folder(folder)?;
        let people = people::People::open(folder)?;
        if demanding {
            people.demand_passphrases()?;
        }
        Ok(Self {
            keys: keys::Keys::open(folder)?,
            people,
            refresh: keys::RefreshTokens::open(folder)?,
            codes: Mutex::default(),
            tries: Semaphore::new(MAX_TRIES),
            demanding,
        })
    }

    /// An access token for the person called `name`, or for the only one.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn token(&self, name: Option<&str>) -> Result<String> {
        let person = self.people.find(name)?;
        self.keys.access_token(person, now() + ACCESS_SECONDS)
    }

    /// The ids by which the system knows the person called `name`, or everybody.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn user_ids(&self, name: Option<&str>) -> Result<Vec<String>> {
        let id = |name: &str| {
            let digest = Sha256::digest(format!("{ISSUER}\n{name}"));
            URL_SAFE_NO_PAD.encode(digest)
        };
        Ok(match name {
            Some(name) => vec![id(&self.people.find(Some(name))?.name)],
            None => self.people.names().map(id).collect(),
        })
    }

    /// The key set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Response<Bytes> {
        json_answer(StatusCode::OK, &self.keys.jwks())
    }

    /// Answers `/sign-in/…` and `/.well-known/openid-configuration`; `None` for any other path. `origin` is how the
    /// browser calls this host.
    pub async fn answer(&self, request: &Request<Bytes>, origin: &str) -> Option<Response<Bytes>> {
        Some(match (request.method(), request.uri().path()) {
            (&Method::GET, "/.well-known/openid-configuration") => {
                json_answer(StatusCode::OK, &discovery(origin))
            }
            (&Method::GET, "/sign-in/jwks.json") => self.jwks(),
            (&Method::GET, "/sign-in/authorize") => {
                self.authorize(request.uri().query().unwrap_or_default(), origin)
            }
            (&Method::POST, "/sign-in/authorize") => self.sign_in(request, origin).await,
            (&Method::POST, "/sign-in/token") => self.redeem(request.body()),
            (_, path) if path.starts_with("/sign-in/") => {
                json_answer(StatusCode::NOT_FOUND, &json!({ "error": "not_found" }))
            }
            _ => return None,
        })
    }

    fn authorize(&self, query: &str, origin: &str) -> Response<Bytes> {
        let ask = match Authorization::parse(query.as_bytes(), origin) {
            Ok(ask) => ask,
            Err(reason) => return pages::refusal(reason),
        };
        match self.people.only_one() {
            Some(person) if !self.demanding && person.passphrase_hash.is_none() => {
                self.grant(&ask, person)
            }
            _ => pages::form(query, self.people.names(), self.demanding, None),
        }
    }

    async fn sign_in(&self, request: &Request<Bytes>, origin: &str) -> Response<Bytes> {
        let query = request.uri().query().unwrap_or_default();
        let ask = match Authorization::parse(query.as_bytes(), origin) {
            Ok(ask) => ask,
            Err(reason) => return pages::refusal(reason),
        };
        // A page of another origin must not be able to sign somebody in here.
        let from = request
            .headers()
            .get(header::ORIGIN)
            .and_then(|value| value.to_str().ok());
        if from.is_some_and(|from| from != origin) {
            return pages::refusal("The form was sent from another site.");
        }
        let fields = form(request.body());
        let name = fields
            .get("name")
            .map(String::as_str)
            .filter(|name| !name.is_empty());
        let passphrase = fields.get("passphrase").map_or("", String::as_str);
        // The semaphore is never closed.
        let _turn = self.tries.acquire().await.ok();
        match self.accepted(name, passphrase).await {
            Some(person) => self.grant(&ask, &person),
            None => {
                tokio::time::sleep(WRONG_DELAY).await;
                pages::form(
                    query,
                    self.people.names(),
                    self.demanding,
                    Some("That did not match. Try again."),
                )
            }
        }
    }

    /// The person called `name`, if the passphrase is theirs. Argon2 takes its time, on a thread of its own.
    async fn accepted(&self, name: Option<&str>, passphrase: &str) -> Option<Person> {
        let person = self.people.find(name).ok()?.clone();
        let (passphrase, demanding) = (passphrase.to_owned(), self.demanding);
        let check = move || person.accepts(&passphrase, demanding).then_some(person);
        tokio::task::spawn_blocking(check).await.ok().flatten()
    }

    fn grant(&self, ask: &Authorization, person: &Person) -> Response<Bytes> {
        let code = keys::random_text();
        let mut codes = self.codes();
        codes.retain(|_, code| code.expires_at > Instant::now());
        if codes.len() >= MAX_CODES {
            return pages::refusal("Too many are signing in at once. Try again in a minute.");
        }
        codes.insert(
            code.clone(),
            Code {
                subject: person.name.clone(),
                challenge: ask.challenge.clone(),
                redirect_uri: ask.redirect_uri.clone(),
                expires_at: Instant::now() + CODE_LIFE,
            },
        );
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &ask.state)
            .finish();
        pages::redirect(&format!("{}?{query}", ask.redirect_uri))
    }

    fn redeem(&self, body: &[u8]) -> Response<Bytes> {
        let fields = form(body);
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let granted = match field("grant_type") {
            "authorization_code" => self
                .redeem_code(field("code"), field("code_verifier"), field("redirect_uri"))
                .map(|subject| (subject, None)),
            "refresh_token" => self
                .refresh
                .redeem(field("refresh_token"), now())
                .map(|redeemed| (redeemed.subject, Some(redeemed.family))),
            _ => return token_error("unsupported_grant_type"),
        };
        let Some((subject, family)) = granted else {
            return token_error("invalid_grant");
        };
        let issue = || -> Result<Value> {
            let person = self.people.find(Some(&subject))?;
            Ok(json!({
                "access_token": self.keys.access_token(person, now() + ACCESS_SECONDS)?,
                "token_type": "Bearer",
                "expires_in": ACCESS_SECONDS,
                "refresh_token": self.refresh.issue(&subject, family, now() + REFRESH_SECONDS)?,
            }))
        };
        match issue() {
            Ok(tokens) => json_answer(StatusCode::OK, &tokens),
            Err(error) => {
                tracing::error!("no token could be issued: {error:#}");
                token_error("server_error")
            }
        }
    }

    fn redeem_code(&self, code: &str, verifier: &str, redirect_uri: &str) -> Option<String> {
        let code = self.codes().remove(code)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let holds = code.expires_at > Instant::now()
            && code.challenge == challenge
            && code.redirect_uri == redirect_uri;
        holds.then_some(code.subject)
    }

    fn codes(&self) -> MutexGuard<'_, HashMap<String, Code>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client asks for (RFC 6749 section 4.1.1 with RFC 7636).
struct Authorization {
    redirect_uri: String,
    state: String,
    challenge: String,
}

impl Authorization {
    fn parse(query: &[u8], origin: &str) -> Result<Self, &'static str> {
        let fields = form(query);
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        if field("client_id") != CLIENT_ID {
            return Err("client_id must be nudge-web.");
        }
        if field("redirect_uri") != format!("{origin}/") {
            return Err("redirect_uri must be this site's start page.");
        }
        if field("response_type") != "code" || field("code_challenge_method") != "S256" {
            return Err("response_type must be code, with code_challenge_method S256.");
        }
        let challenge = field("code_challenge");
        if challenge.len() != 43 {
            return Err("code_challenge must be the base64url of a SHA-256.");
        }
        Ok(Self {
            redirect_uri: field("redirect_uri"),
            state: field("state"),
            challenge,
        })
    }
}

fn discovery(origin: &str) -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{origin}/sign-in/authorize"),
        "token_endpoint": format!("{origin}/sign-in/token"),
        "jwks_uri": format!("{origin}/sign-in/jwks.json"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    })
}

fn form(body: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn token_error(error: &str) -> Response<Bytes> {
    json_answer(StatusCode::BAD_REQUEST, &json!({ "error": error }))
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    response
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
