//! Whose tokens are taken, and which are refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use function::Problem;
use function::fake::{self, claims, sign, signing_key};
use function::identity::{self, Person, dapr_caller, function_caller};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

fn person(dapr: &FakeDapr, authorization: Option<&str>) -> Result<Person, Problem> {
    let mut headers = HeaderMap::new();
    if let Some(value) = authorization {
        headers.insert(
            "authorization",
            HeaderValue::from_str(value).expect("a header"),
        );
    }
    let function = fake::function(dapr.clone());
    block_on(identity::person(dapr, &function.issuer, &headers, clock()))
}

fn dapr() -> FakeDapr {
    let dapr = FakeDapr::new();
    dapr.respond(|call| Ok(fake::key_set(call).expect("only the key set is asked for")));
    dapr
}

fn with(name: &str, value: Value) -> String {
    let mut claims = claims("me", clock());
    claims[name] = value;
    format!("Bearer {}", sign(&signing_key(1), &claims))
}

/// A good token but for the `typ` in its header.
fn typed(typ: &str) -> String {
    let token = fake::sign_as(typ, &signing_key(1), &claims("me", clock()));
    format!("Bearer {token}")
}

/// A token as a forger would make it: with a header of their choice.
fn forged(header: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(&claims("me", clock()));
    format!("Bearer {}.{claims}.{signature}", part(header))
}

#[test]
fn a_good_token_is_its_subject() {
    let _world = Interleaving::new(0);
    let me = person(&dapr(), Some(&format!("Bearer {}", fake::token("me")))).expect("a person");
    assert_eq!(me.id, fake::user("me"));
    assert_ne!(me.id, fake::user("you"));
    for typ in ["at+jwt", "application/at+jwt", "jwt"] {
        assert!(person(&dapr(), Some(&typed(typ))).is_ok(), "{typ}");
    }
    let keycloaks = person(&dapr(), Some(&with("typ", json!("Bearer"))));
    assert!(keycloaks.is_ok());
    let lower = person(&dapr(), Some(&format!("bearer {}", fake::token("me"))));
    assert!(lower.is_ok(), "the scheme's case does not matter");
}

#[test]
fn bad_tokens_are_refused_with_the_reason() {
    let _world = Interleaving::new(0);
    let now = clock().timestamp();
    let wrong_key = sign(&signing_key(2), &claims("me", clock()));
    let good = fake::token("me");
    let table = [
        (None, "Send a token"),
        (Some("Basic bWU6eA==".to_owned()), "Only Bearer tokens"),
        (Some("Bearer x".to_owned()), "That is no token"),
        (Some(format!("Bearer {}", "x".repeat(9000))), "too long"),
        (Some(with("exp", json!(now - 31))), "has expired"),
        (Some(with("nbf", json!(now + 31))), "not valid yet"),
        (Some(with("aud", json!("others"))), "for somebody else"),
        (Some(with("iss", json!("https://evil.test"))), "not trusted"),
        (Some(with("sub", Value::Null)), "malformed"),
        (
            Some(format!("Bearer {wrong_key}")),
            "signature does not hold",
        ),
        (
            Some(format!("Bearer {}x", &good[..good.len() - 3])),
            "signature does not hold",
        ),
        (Some(with("typ", json!("ID"))), "no access token"),
        (Some(with("typ", json!("Refresh"))), "no access token"),
        (Some(with("token_use", json!("id"))), "no access token"),
        (
            Some(with("c_hash", json!("LDktKdoQak3Pk0cnXxCltA"))),
            "no access token",
        ),
        (Some(typed("id_token")), "no access token"),
        (Some(typed("logout+jwt")), "no access token"),
        (Some(typed("nudge-browser+jwt")), "no access token"),
        (
            Some(forged(&json!({ "alg": "none" }), "")),
            "That is no token",
        ),
        (
            Some(forged(&json!({ "alg": "HS256", "kid": "one" }), "c2ln")),
            "signed in a way that is not taken",
        ),
        (
            Some(forged(&json!({ "alg": "ES256", "kid": "one" }), "c2ln")),
            "a key that its issuer does not have",
        ),
        (
            Some(forged(&json!({ "alg": "EdDSA", "kid": "two" }), "c2ln")),
            "a key that its issuer does not have",
        ),
    ];
    for (authorization, expected) in table {
        let problem = person(&dapr(), authorization.as_deref()).expect_err("refused");
        assert_eq!(problem.status, 401, "{authorization:?}");
        assert!(
            problem.detail.contains(expected),
            "{authorization:?}: {}",
            problem.detail
        );
    }
}

#[test]
fn clocks_may_differ_a_little() {
    let _world = Interleaving::new(0);
    let now = clock().timestamp();
    assert!(person(&dapr(), Some(&with("exp", json!(now - 29)))).is_ok());
    assert!(person(&dapr(), Some(&with("nbf", json!(now + 29)))).is_ok());
}

/// Strangers with made-up key ids can't make us fetch the key set again and again.
#[test]
fn the_key_set_is_fetched_once() {
    let _world = Interleaving::new(0);
    let dapr = dapr();
    for _ in 0..3 {
        person(&dapr, Some(&format!("Bearer {}", fake::token("me")))).expect("a person");
        let made_up = forged(&json!({ "alg": "EdDSA", "kid": "made-up" }), "c2ln");
        person(&dapr, Some(&made_up)).expect_err("refused");
    }
    assert_eq!(dapr.invocations().len(), 1);
}

/// An outage of the issuer is not the person's fault.
#[test]
fn keys_that_cannot_be_had_are_a_503() {
    let _world = Interleaving::new(0);
    let dapr = FakeDapr::new();
    dapr.respond(|_| {
        let mut response = http::Response::new(Vec::new());
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        Ok(response)
    });
    let problem = person(&dapr, Some(&format!("Bearer {}", fake::token("me"))));
    assert_eq!(problem.expect_err("no keys").status, 503);
}

#[test]
fn dapr_and_functions_prove_themselves() {
    let headers = |token: &str, caller: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(
            "dapr-api-token",
            HeaderValue::from_str(token).expect("a header"),
        );
        headers.insert(
            "dapr-caller-app-id",
            HeaderValue::from_str(caller).expect("a header"),
        );
        headers
    };
    let status =
        |result: Result<(), Problem>| result.map_or_else(|problem| problem.status, |()| 200);
    assert_eq!(status(dapr_caller(&headers("right", ""), "right")), 200);
    assert_eq!(status(dapr_caller(&headers("wrong", ""), "right")), 401);
    assert_eq!(status(dapr_caller(&HeaderMap::new(), "right")), 401);
    // A function without a token configured lets nobody in.
    assert_eq!(status(dapr_caller(&headers("", ""), "")), 401);
    assert_eq!(
        status(function_caller(&headers("right", "a"), "right", "a")),
        200
    );
    assert_eq!(
        status(function_caller(&headers("right", "b"), "right", "a")),
        403
    );
    assert_eq!(
        status(function_caller(&headers("wrong", "a"), "right", "a")),
        401
    );
}
