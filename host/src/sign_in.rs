//! The host's own sign-in: an OpenID Connect issuer for the people of one household, so that functions check the same
//! kind of token everywhere.
//!
//! Authorization code with PKCE (RFC 7636), refresh tokens that rotate and can be revoked (RFC 7009). On loopback one person
//! needs no passphrase; on any other address, and behind a reverse proxy, everybody does.

mod files;
mod guesses;
mod issuer;
mod keys;
mod pages;
mod passed;
mod people;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use nudge_sidecar::private;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::form_urlencoded;

use crate::admission::Client;

pub use issuer::{AUDIENCE, CLIENT_ID, ISSUER, JWKS_URL};
pub use passed::Ends;
pub use people::{Person, set as set_person};

/// How long a screen's access token is good, which can't be taken back.
const ACCESS_SECONDS: u64 = 15 * 60;
/// How long one is good that `nudge token` prints.
const PRINTED_SECONDS: u64 = 60 * 60;
const REFRESH_SECONDS: u64 = 30 * 24 * 60 * 60;
const CODE_LIFE: Duration = Duration::from_secs(60);
/// Most passphrases that are tried at once, by browsers in which nobody is known: each takes a processor and 19 MiB for a
/// moment. Those in which somebody is known have as many of their own, and wait for no stranger.
const MAX_TRIES: usize = 2;
/// How long a try waits for those before it.
const TRY_LIMIT: Duration = Duration::from_secs(10);
/// Shown by a browser in which somebody has signed in before.
const BROWSER_COOKIE: &str = "nudge-browser";
/// How long a browser is known after a sign-in.
const BROWSER_SECONDS: u64 = 365 * 24 * 60 * 60;
/// Most codes waiting to be redeemed.
const MAX_CODES: usize = 1_000;

/// The issuer.
pub struct SignIn {
    keys: keys::Keys,
    people: people::Register,
    refresh: keys::RefreshTokens,
    codes: Mutex<HashMap<String, Code>>,
    tries: Arc<Semaphore>,
    tries_of_known: Arc<Semaphore>,
    guesses: guesses::Guesses,
    /// Whether everybody needs a passphrase.
    demanding: bool,
}

/// Who comes to sign in.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// How the browser calls this host: `https://nudge.example`.
    pub origin: &'a str,
    /// Where the browser is.
    pub client: Client,
    /// By which connection it asks, where that is known.
    pub ends: Option<Ends>,
}

struct Code {
    subject: String,
    /// Which passphrase they had; with another one by now it counts no more.
    credential: String,
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
        private::make_own_folder(folder)?;
        for file in [files::KEY_FILE, keys::REFRESH_FILE, people::FILE] {
            private::close_to_others(&folder.join(file));
        }
        let people = people::Register::open(folder)?;
        if demanding {
            people.now().demand_passphrases()?;
        }
        Ok(Self {
            keys: keys::Keys::open(folder)?,
            refresh: keys::RefreshTokens::open(folder, &people.now())?,
            people,
            codes: Mutex::default(),
            tries: Arc::new(Semaphore::new(MAX_TRIES)),
            tries_of_known: Arc::new(Semaphore::new(MAX_TRIES)),
            guesses: guesses::Guesses::default(),
            demanding,
        })
    }

    /// An access token for the person called `name`, or for the only one.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn token(&self, name: Option<&str>) -> Result<String> {
        let people = self.people.now();
        self.keys
            .access_token(people.find(name)?, now(), PRINTED_SECONDS)
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
        let people = self.people.now();
        Ok(match name {
            Some(name) => vec![id(&people.find(Some(name))?.name)],
            None => people.names().map(id).collect(),
        })
    }

    /// The key set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Response<Bytes> {
        json_answer(StatusCode::OK, &self.keys.jwks())
    }

    /// Answers `/sign-in/…` and `/.well-known/openid-configuration`; `None` for any other path.
    pub async fn answer(
        &self,
        request: &Request<Bytes>,
        visitor: Visitor<'_>,
    ) -> Option<Response<Bytes>> {
        Some(match (request.method(), request.uri().path()) {
            (&Method::GET, "/.well-known/openid-configuration") => {
                json_answer(StatusCode::OK, &discovery(visitor.origin))
            }
            (&Method::GET, "/sign-in/jwks.json") => self.jwks(),
            (&Method::GET, "/sign-in/authorize") => self.authorize(request, visitor),
            (&Method::POST, "/sign-in/authorize") => self.sign_in(request, visitor).await,
            (&Method::POST, "/sign-in/token") => self.redeem(request.body()),
            (&Method::POST, "/sign-in/revoke") => self.revoke(request.body()),
            (_, path) if path.starts_with("/sign-in/") => {
                json_answer(StatusCode::NOT_FOUND, &json!({ "error": "not_found" }))
            }
            _ => return None,
        })
    }

    /// Whether whoever asks needs a passphrase. What is passed on may come from anywhere, even where nobody said that there
    /// is a proxy.
    fn demands(&self, request: &Request<Bytes>, visitor: Visitor<'_>) -> bool {
        self.demanding || passed::is_passed_on(request, visitor.ends)
    }

    fn authorize(&self, request: &Request<Bytes>, visitor: Visitor<'_>) -> Response<Bytes> {
        let query = request.uri().query().unwrap_or_default();
        let ask = match Authorization::parse(query.as_bytes(), visitor.origin) {
            Ok(ask) => ask,
            Err(reason) => return pages::refusal(reason),
        };
        // A page of another site that loads this as an image or in a frame would use codes up.
        let goes_there = |dest: &header::HeaderValue| dest == "document";
        if !request
            .headers()
            .get("sec-fetch-dest")
            .is_none_or(goes_there)
        {
            return pages::refusal("Signing in is a page of its own.");
        }
        let demanding = self.demands(request, visitor);
        let people = self.people.now();
        match people.only_one() {
            Some(person) if !demanding && person.passphrase_hash.is_none() => {
                self.grant(&ask, person)
            }
            // It names nobody: strangers may read it.
            Some(person) if person.passphrase_hash.is_none() => pages::refusal(
                "This Nudge is reached through a proxy or from another account of its machine, where everybody needs a \
                passphrase. Whoever runs it sets one: nudge person NAME",
            ),
            _ => pages::form(query, &people, demanding, None),
        }
    }

    async fn sign_in(&self, request: &Request<Bytes>, visitor: Visitor<'_>) -> Response<Bytes> {
        let query = request.uri().query().unwrap_or_default();
        let ask = match Authorization::parse(query.as_bytes(), visitor.origin) {
            Ok(ask) => ask,
            Err(reason) => return pages::refusal(reason),
        };
        // A page of another origin must not be able to sign somebody in here.
        let from = request
            .headers()
            .get(header::ORIGIN)
            .and_then(|value| value.to_str().ok());
        if from.is_some_and(|from| from != visitor.origin) {
            return pages::refusal("The form was sent from another site.");
        }
        let fields = form(request.body());
        let people = self.people.now();
        let only = people.only_one().map(|person| person.name.as_str());
        let name = fields
            .get("name")
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
            .or(only)
            .unwrap_or_default();
        let passphrase = fields.get("passphrase").map_or("", String::as_str);
        let browser = cookie(request.headers(), BROWSER_COOKIE)
            .zip(people.find(Some(name)).ok())
            .and_then(|(shown, person)| self.keys.browser_of(person, shown));
        let guess = match self.guesses.begin(name, visitor.client, browser.as_deref()) {
            Ok(guess) => guess,
            Err(wait) => return pages::too_many(wait),
        };
        let demanding = self.demands(request, visitor);
        let tries = match browser {
            Some(_) => &self.tries_of_known,
            None => &self.tries,
        };
        let turn = tokio::time::timeout(TRY_LIMIT, Arc::clone(tries).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            // It was not looked at.
            self.guesses.was_right(guess);
            return pages::too_many(TRY_LIMIT);
        };
        match accepted(&people, name, passphrase, demanding, turn).await {
            Some(person) => {
                self.guesses.was_right(guess);
                let mut answer = self.grant(&ask, &person);
                self.know_browser(&mut answer, &person, visitor.origin);
                answer
            }
            None => {
                let wrong = "That did not match. Try again.";
                pages::form(query, &people, demanding, Some(wrong))
            }
        }
    }

    /// Has the browser show from now on that `person` signed in with it.
    fn know_browser(&self, answer: &mut Response<Bytes>, person: &Person, origin: &str) {
        let known = self.keys.known_browser(person, now() + BROWSER_SECONDS);
        let secure = if origin.starts_with("https:") {
            "; Secure"
        } else {
            ""
        };
        let cookie = known.map(|known| {
            format!(
                "{BROWSER_COOKIE}={known}; Path=/sign-in; Max-Age={BROWSER_SECONDS}; HttpOnly; SameSite=Lax{secure}"
            )
        });
        match cookie
            .ok()
            .and_then(|text| header::HeaderValue::try_from(text).ok())
        {
            Some(cookie) => {
                answer.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            None => tracing::error!("a browser could not be told that it is known"),
        }
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
                credential: person.credential(),
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

    /// Ends a sign-in by any of its refresh tokens (RFC 7009): that of a screen that signs out.
    fn revoke(&self, body: &[u8]) -> Response<Bytes> {
        let fields = form(body);
        let Some(token) = fields.get("token").filter(|token| !token.is_empty()) else {
            return token_error("invalid_request");
        };
        // Functions take an access token until its end: it says so itself.
        if token.split('.').count() == 3 {
            return token_error("unsupported_token_type");
        }
        match self.refresh.revoke(token) {
            Ok(()) => json_answer(StatusCode::OK, &json!({})),
            Err(error) => {
                tracing::error!("a sign-in could not be ended: {error:#}");
                let error = json!({ "error": "server_error" });
                json_answer(StatusCode::SERVICE_UNAVAILABLE, &error)
            }
        }
    }

    fn redeem(&self, body: &[u8]) -> Response<Bytes> {
        let fields = form(body);
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let people = self.people.now();
        let granted = match field("grant_type") {
            "authorization_code" => self
                .redeem_code(
                    &people,
                    field("code"),
                    field("code_verifier"),
                    field("redirect_uri"),
                )
                .map(|subject| (subject, None)),
            "refresh_token" => self
                .refresh
                .redeem(field("refresh_token"), &people, now())
                .map(|redeemed| (redeemed.subject, Some(redeemed.family))),
            _ => return token_error("unsupported_grant_type"),
        };
        // Whoever is gone by now gets nothing.
        let found = granted.and_then(|(subject, family)| {
            let person = people.find(Some(&subject)).ok()?;
            Some((person, family))
        });
        let Some((person, family)) = found else {
            return token_error("invalid_grant");
        };
        let issue = || -> Result<Option<Value>> {
            let now = now();
            let issued = self.refresh.issue(person, family, now, REFRESH_SECONDS)?;
            let Some(refresh_token) = issued else {
                return Ok(None);
            };
            Ok(Some(json!({
                "access_token": self.keys.access_token(person, now, ACCESS_SECONDS)?,
                "token_type": "Bearer",
                "expires_in": ACCESS_SECONDS,
                "refresh_token": refresh_token,
            })))
        };
        match issue() {
            Ok(Some(tokens)) => json_answer(StatusCode::OK, &tokens),
            Ok(None) => token_error("invalid_grant"),
            Err(error) => {
                tracing::error!("no token could be issued: {error:#}");
                token_error("server_error")
            }
        }
    }

    fn redeem_code(
        &self,
        people: &people::People,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Option<String> {
        let code = self.codes().remove(code)?;
        let person = people.find(Some(&code.subject)).ok()?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let holds = code.expires_at > Instant::now()
            && code.credential == person.credential()
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

/// The person called `name`, if the passphrase is theirs. Argon2 takes its time, on a thread of its own; as much of it for a
/// name that nobody has. The turn lasts as long as the work: whoever breaks off meanwhile makes no room for another try.
async fn accepted(
    people: &people::People,
    name: &str,
    passphrase: &str,
    demanding: bool,
    turn: OwnedSemaphorePermit,
) -> Option<Person> {
    let person = people.find(Some(name)).ok().cloned();
    let passphrase = passphrase.to_owned();
    let check = move || {
        let _turn = turn;
        match person {
            Some(person) => person.accepts(&passphrase, demanding).then_some(person),
            None => {
                people::accepts_nobody(&passphrase);
                None
            }
        }
    };
    tokio::task::spawn_blocking(check).await.ok().flatten()
}

/// The value of a cookie (RFC 6265).
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

fn discovery(origin: &str) -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{origin}/sign-in/authorize"),
        "token_endpoint": format!("{origin}/sign-in/token"),
        "revocation_endpoint": format!("{origin}/sign-in/revoke"),
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
