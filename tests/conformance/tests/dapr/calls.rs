//! Invocation, bindings, crons, secrets.

use std::time::Duration;

use conformance::{APP_API_TOKEN, Place, Where};
use scenarios::MailServer;
use serde_json::json;

super::cases!(
    a_call_arrives_whole,
    who_calls_is_said_by_dapr,
    an_unknown_app_is_an_error_of_dapr,
    an_address_outside_is_called,
    an_endpoint_is_called_without_the_apps_token,
    a_daprd_demands_its_token,
    a_body_goes_on_with_its_length_or_without,
    a_cron_ticks,
    a_mail_is_sent,
    secrets,
    health_and_metadata,
);

async fn a_call_arrives_whole(place: Where) {
    let place = Place::open(place).await;
    for (status, body) in [
        (201, r#"{"made": true}"#),
        (404, ""),
        (503, r#"{"problem": 1}"#),
    ] {
        let marker = format!("answer-with-{status}");
        place.app.answers(&marker, &[(status, body)]);
        let path = format!(
            "/v1.0/invoke/{}/method/a/{marker}/b%2Fc?limit=1&q=%C3%A4",
            place.neighbour
        );
        let headers = [
            ("authorization", "Bearer t"),
            ("idempotency-key", "7"),
            ("content-type", "application/merge-patch+json"),
        ];
        let answer = place
            .send(&place.id, "PATCH", &path, &headers, "{\"x\": 1}".to_owned())
            .await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.body, body);
        assert_eq!(answer.headers["x-from-the-app"], "yes");
        let heard = place.app.heard(&format!("/a/{marker}"), "").remove(0);
        assert_eq!(heard.method, "PATCH");
        assert_eq!(heard.uri.query(), Some("limit=1&q=%C3%A4"));
        assert_eq!(heard.body, "{\"x\": 1}");
        assert_eq!(heard.header("authorization"), "Bearer t");
        assert_eq!(heard.header("idempotency-key"), "7");
        assert_eq!(heard.header("content-type"), "application/merge-patch+json");
        assert_eq!(heard.header("dapr-api-token"), APP_API_TOKEN);
    }
}

async fn who_calls_is_said_by_dapr(place: Where) {
    let place = Place::open(place).await;
    let path = format!("/v1.0/invoke/{}/method/inner", place.neighbour);
    let claims = [
        ("dapr-caller-app-id", "recurrence-engine"),
        ("dapr-api-token", "claimed"),
    ];
    let answer = place
        .send(&place.id, "POST", &path, &claims, "{}".to_owned())
        .await;
    assert_eq!(answer.status, 200);
    let heard = place.app.heard("/inner", "").remove(0);
    // The host's sidecar replaces the claim, daprd adds the truth to it: one name is true, two are a claim.
    let callers: Vec<_> = heard.headers.get_all("dapr-caller-app-id").iter().collect();
    assert!(callers.iter().any(|caller| *caller == place.id.as_str()));
    assert_ne!(callers, ["recurrence-engine"]);
    let tokens: Vec<_> = heard.headers.get_all("dapr-api-token").iter().collect();
    assert_eq!(tokens, [APP_API_TOKEN]);
}

async fn an_unknown_app_is_an_error_of_dapr(place: Where) {
    let place = Place::open(place).await;
    let answer = place.get("/v1.0/invoke/nobody/method/x").await;
    assert_eq!(answer.outcome(), (500, "ERR_DIRECT_INVOKE".to_owned()));
}

async fn an_address_outside_is_called(place: Where) {
    let place = Place::open(place).await;
    place.app.answers("/publish", &[(202, "Published\n")]);
    let base = format!("/v1.0/invoke/http://127.0.0.1:{}/method", place.app_port);
    let answer = place
        .send(
            &place.id,
            "POST",
            &format!("{base}/publish?a=b"),
            &[],
            "{\"items\": []}".to_owned(),
        )
        .await;
    assert_eq!(
        (answer.status, &answer.body[..]),
        (202, &b"Published\n"[..])
    );
    let heard = place.app.heard("/publish", "").remove(0);
    // Without a slash at its end: daprd takes that away.
    assert_eq!(heard.uri.to_string(), "/publish?a=b");
    assert_eq!(heard.body, "{\"items\": []}");
    // An answer of the address is passed on whatever it says.
    place.app.answers("/broken", &[(500, "its own words")]);
    let answer = place.get(&format!("{base}/broken")).await;
    assert_eq!(
        (answer.status, &answer.body[..]),
        (500, &b"its own words"[..])
    );
    let nobody = place.get("/v1.0/invoke/http://127.0.0.1:9/method/x").await;
    assert_eq!(nobody.outcome(), (500, "ERR_DIRECT_INVOKE".to_owned()));
}

/// An endpoint hears neither of the tokens that Dapr and its app show each other, and whoever calls it learns who it is.
async fn an_endpoint_is_called_without_the_apps_token(place: Where) {
    let place = Place::open(place).await;
    let keys = r#"{"keys": []}"#;
    place.app.answers("/realms/home", &[(200, keys)]);
    let path = "/v1.0/invoke/outside/method/realms/home/keys?kind=a%20b";
    let answer = place.get(path).await;
    assert_eq!((answer.status, &answer.body[..]), (200, keys.as_bytes()));
    let heard = place.app.heard("/realms/home/keys", "").remove(0);
    assert_eq!(heard.uri.query(), Some("kind=a%20b"));
    assert_eq!(heard.header("dapr-api-token"), "");
    assert_eq!(
        heard.header("host"),
        format!("127.0.0.1:{}", place.app_port)
    );
    let unknown = place.get("/v1.0/invoke/elsewhere/method/keys").await;
    assert_eq!(unknown.outcome(), (500, "ERR_DIRECT_INVOKE".to_owned()));
}

/// A daprd that is given a token does nothing for whoever does not show it; it says all the same whether it works.
async fn a_daprd_demands_its_token(place: Where) {
    let place = Place::open(place).await;
    for path in [
        "/v1.0/state/statestore/a-key",
        "/v1.0/invoke/outside/method/keys",
        "/v1.0/metadata",
    ] {
        let refused = place.without_api_token(path).await;
        assert!(
            refused.is_none_or(|statuses| statuses == [401, 401]),
            "{path}"
        );
    }
    let health = place.without_api_token("/v1.0/healthz").await;
    assert!(health.is_none_or(|statuses| statuses == [204, 204]));
    assert_eq!(place.get("/v1.0/healthz").await.status, 204);
    assert!(place.app.heard("/keys", "").is_empty());
}

/// What a server outside learns of a body's length is what the caller said: there are some that take no body in chunks.
async fn a_body_goes_on_with_its_length_or_without(place: Where) {
    let place = Place::open(place).await;
    let base = format!("/v1.0/invoke/http://127.0.0.1:{}/method", place.app_port);
    let body = "{\"items\": []}";
    let chunked = [("transfer-encoding", "chunked")];
    for (path, headers, length, encoding) in [
        ("/with-length", &[][..], "13", ""),
        ("/in-chunks", &chunked[..], "", "chunked"),
    ] {
        let url = format!("{base}{path}");
        let answer = place.send(&place.id, "POST", &url, headers, body.to_owned());
        assert_eq!(answer.await.status, 200, "{path}");
        let heard = place.app.heard(path, "").remove(0);
        assert_eq!(heard.body, body, "{path}");
        let said = (
            heard.header("content-length"),
            heard.header("transfer-encoding"),
        );
        assert_eq!(said, (length, encoding), "{path}");
    }
}

async fn a_cron_ticks(place: Where) {
    let place = Place::open(place).await;
    // A tick that fails is not tried again: the next one comes anyway.
    place.app.answers("/tick", &[(503, ""), (200, "")]);
    // Both apps have the cron, and both are this one.
    let ticks = place.app.hears("/tick", "", 6).await;
    assert!(
        ticks
            .iter()
            .all(|tick| tick.method == "POST" && tick.body.is_empty())
    );
    assert!(
        ticks
            .iter()
            .all(|tick| tick.header("dapr-api-token") == APP_API_TOKEN)
    );
    let span = ticks[5].at - ticks[0].at;
    assert!(
        span > Duration::from_millis(1500),
        "six ticks of two crons in {span:?}"
    );
}

async fn a_mail_is_sent(place: Where) {
    let mail = MailServer::start(None).await;
    let place = Place::open_with_mail(place, Some(mail.address())).await;
    let binding = json!({
        "operation": "create",
        "data": "<p>Pay rent</p>",
        "metadata": { "emailTo": "ada@example.test", "emailCC": "", "emailBCC": "", "subject": "Reminder: Käse" },
    });
    let answer = place.call("POST", "/v1.0/bindings/mail", &binding).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    let sent = mail.receives("ada@example.test", "Reminder: Käse").await;
    assert_eq!(sent.from, "nudge@example.test");
    assert!(sent.body().contains("<p>Pay rent</p>"), "{}", sent.message);
    let unknown = place.call("POST", "/v1.0/bindings/nothing", &binding).await;
    assert_eq!(
        unknown.outcome(),
        (500, "ERR_INVOKE_OUTPUT_BINDING".to_owned())
    );
}

async fn secrets(place: Where) {
    let place = Place::open(place).await;
    let found = place.get("/v1.0/secrets/files/a-secret").await;
    assert_eq!(
        (found.status, found.json()),
        (200, json!({ "a-secret": "told to nobody" }))
    );
    assert_eq!(
        place.get("/v1.0/secrets/nowhere/a").await.outcome(),
        (401, "ERR_SECRET_STORE_NOT_FOUND".to_owned())
    );
}

async fn health_and_metadata(place: Where) {
    let place = Place::open(place).await;
    assert_eq!(place.get("/v1.0/healthz").await.status, 204);
    let metadata = place.get("/v1.0/metadata").await.json();
    assert_eq!(metadata["id"], json!(place.id));
    let names: Vec<&str> = metadata["components"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|component| component["name"].as_str())
        .collect();
    for name in ["kafka-pubsub", "statestore", "tick"] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
}
