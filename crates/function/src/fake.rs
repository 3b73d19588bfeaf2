//! What functions' tests need around a function: an issuer with keys of its own, requests with its tokens, and those who
//! send them.

use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use dapr::Invocation;
use dapr::fake::{FakeDapr, block_on, clock};
use domain::UserId;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use events::{Event, cloud_event};
use http::{Method, Response};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::identity::{Issuer, user_id};
use crate::{Answer, Function, Limits, Rate, Request, Routes, Service};

/// The `iss` of the fake's tokens.
pub const ISSUER: &str = "https://issuer.test";
/// The `aud` of the fake's tokens.
pub const AUDIENCE: &str = "nudge";
/// Where the fake's keys are.
pub const JWKS_URL: &str = "https://issuer.test/jwks.json";
/// What the fake's Dapr proves itself with.
pub const APP_API_TOKEN: &str = "app-api-token";

/// Which function a [`Replica`] is one of.
pub trait Replicated {
    /// What its handlers work with.
    type Service: Service<Dapr = FakeDapr>;

    /// Its table.
    fn routes() -> Routes<Self::Service>;

    /// What its handlers work with, made of a function's means.
    fn service(function: Function<FakeDapr>) -> Self::Service;
}

/// A function over a Dapr in memory. Clones share the Dapr, as two replicas would.
pub struct Replica<R> {
    /// The Dapr.
    pub dapr: FakeDapr,
    function: Function<FakeDapr>,
    of: PhantomData<R>,
}

impl<R> Clone for Replica<R> {
    fn clone(&self) -> Self {
        Self {
            dapr: self.dapr.clone(),
            function: self.function.clone(),
            of: PhantomData,
        }
    }
}

impl<R: Replicated> Default for Replica<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Replicated> Replica<R> {
    /// A function that calls nobody but the issuer of its tokens.
    ///
    /// # Panics
    /// When it does.
    #[must_use]
    pub fn new() -> Self {
        let dapr = FakeDapr::new();
        dapr.respond(|call| Ok(key_set(call).expect("only the key set is asked for")));
        Self::over(dapr)
    }

    /// A function over `dapr`, whose responder has to know the [`key_set`].
    #[must_use]
    pub fn over(dapr: FakeDapr) -> Self {
        Self {
            function: function(dapr.clone()),
            dapr,
            of: PhantomData,
        }
    }

    /// With limits on what one person may do.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.function.limits = limits;
        self
    }

    /// The answer, with what is still to be done behind it.
    pub async fn answer(&self, request: Request) -> Answer {
        let service = R::service(self.function.clone());
        R::routes().answer(&service, request).await
    }

    /// Status and JSON of the answer, after what was to be done behind it.
    pub async fn call(&self, request: Request) -> (u16, Value) {
        let answer = self.answer(request).await;
        if let Some(work) = answer.after {
            work.await;
        }
        let body = serde_json::from_slice(answer.response.body()).unwrap_or_default();
        (answer.response.status().as_u16(), body)
    }

    /// [`call`](Self::call) of a person.
    pub fn send(&self, person: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
        block_on(self.call(request(person, method, path, body)))
    }

    /// Delivers an event as Dapr does: again, as long as it is answered 503.
    ///
    /// # Panics
    /// When it is not handled in the end.
    pub async fn deliver(&self, event: Event) {
        let (path, body) = (
            format!("/{}/events", R::routes().app_id()),
            cloud_event(&event, None),
        );
        loop {
            match self.call(dapr_request(&path, &body)).await {
                (200, answer) => return assert_eq!(answer["status"], "SUCCESS", "{event:?}"),
                (503, _) => {}
                (status, body) => panic!("{status}: {body}"),
            }
        }
    }

    /// A tick of the cron binding `cron`.
    ///
    /// # Panics
    /// When it is answered otherwise than 200, 207 when somebody is put off, at whom two ticks in a row died, or 503 for a
    /// conflict with another replica's.
    pub async fn tick(&self, cron: &str) {
        let path = format!("/{}/{cron}", R::routes().app_id());
        let (status, body) = self.call(dapr_request(&path, &json!({}))).await;
        assert!(matches!(status, 200 | 207 | 503), "{status}: {body}");
    }
}

/// No limits: in a simulation hours of work come in a minute.
fn unlimited() -> Limits {
    Limits {
        commands: Rate::per_minute(0),
        mails: Rate::per_hour(0),
    }
}

/// A function's means over `dapr`, with the simulation's clock and no limits on what one person may do.
#[must_use]
pub fn function(dapr: FakeDapr) -> Function<FakeDapr> {
    Function {
        dapr,
        issuer: Issuer {
            name: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            jwks_url: JWKS_URL.to_owned(),
        },
        app_api_token: APP_API_TOKEN.to_owned(),
        clock,
        new_id: Uuid::now_v7,
        limits: unlimited(),
    }
}

/// The issuer's key set, when that is what `call` asks for.
#[must_use]
pub fn key_set(call: &Invocation) -> Option<Response<Vec<u8>>> {
    let is_wanted = call.path == "/jwks.json";
    is_wanted.then(|| Response::new(jwks(&signing_key(1)).to_string().into_bytes()))
}

/// The user id of `subject`.
#[must_use]
pub fn user(subject: &str) -> UserId {
    user_id(ISSUER, subject)
}

/// A good token of `subject`.
#[must_use]
pub fn token(subject: &str) -> String {
    sign(&signing_key(1), &claims(subject, clock()))
}

/// The claims of a good token at `now`.
#[must_use]
pub fn claims(subject: &str, now: DateTime<Utc>) -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": now.timestamp() + 30 * 24 * 3600,
    })
}

/// The key with this number; the issuer has number 1.
#[must_use]
pub fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// `claims` signed with `key`.
#[must_use]
pub fn sign(key: &SigningKey, claims: &Value) -> String {
    sign_as("JWT", key, claims)
}

/// The same with another `typ` in the header.
///
/// # Panics
/// Never: an Ed25519 key signs any JSON.
#[must_use]
pub fn sign_as(typ: &str, key: &SigningKey, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(typ.to_owned());
    header.kid = Some("one".to_owned());
    let der = key.to_pkcs8_der().expect("a key");
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(der.as_bytes()))
        .expect("a token")
}

fn jwks(key: &SigningKey) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x }] })
}

/// A request of `subject`.
///
/// # Panics
/// When `path` is no URI.
#[must_use]
pub fn request(subject: &str, method: Method, path: &str, body: &Value) -> Request {
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", token(subject)))
        .body(body)
        .expect("a request")
}

/// A request of the function's own Dapr: a delivery, or a tick of cron.
///
/// # Panics
/// When `path` is no URI.
#[must_use]
pub fn dapr_request(path: &str, body: &Value) -> Request {
    http::Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("dapr-api-token", APP_API_TOKEN)
        .body(body.to_string().into_bytes())
        .expect("a request")
}
