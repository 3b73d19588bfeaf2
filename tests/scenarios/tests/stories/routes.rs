//! What is public and what is not.

use http::Method;
use scenarios::Place;

/// The functions' own routes, which only Dapr may call.
const INNER: [&str; 12] = [
    "/task-service/tasks",
    "/task-service/cron-outbox",
    "/reminder-service/events",
    "/reminder-service/cron-reminder",
    "/recurrence-engine/events",
    "/notification-service/events",
    "/notification-service/cron-delivery",
    "/audit-service/events",
    "/websocket-gateway/events",
    "//task-service/cron-outbox",
    "/task-service//cron-outbox",
    "/task-service/cron-outbox/",
];

/// They are not there for anybody outside, whatever headers are sent along.
#[tokio::test]
async fn what_is_for_dapr_is_not_there() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    for path in INNER {
        for person in [&place.stranger(), &mia] {
            for method in [Method::POST, Method::GET, Method::OPTIONS] {
                let call = person
                    .asks(method, path)
                    .header("dapr-api-token", "guess")
                    .header("dapr-caller-app-id", "recurrence-engine");
                call.answer().await.expect(404);
            }
        }
    }
}

/// Only their health is, for people who look after the system.
#[tokio::test]
async fn every_function_says_how_it_is() {
    let place = Place::open().await;
    for function in [
        "task-service",
        "reminder-service",
        "recurrence-engine",
        "notification-service",
        "audit-service",
        "websocket-gateway",
    ] {
        let health = place.stranger().gets(&format!("/{function}/health")).await;
        assert_eq!(health.expect(200).json()["status"], "ok", "{function}");
    }
}

/// Dapr's own API and unknown routes are not there.
#[tokio::test]
async fn nothing_else_is_there() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    for path in [
        "/v1.0/state/statestore/user",
        "/v1.0/invoke/task-service/method/api/tasks",
        "/dapr/subscribe",
        "/dapr/config",
        "/api/unknown",
        "/api/tasks/x/y/z",
        "/publish/",
        "/task%2Dservice/cron-outbox",
    ] {
        mia.gets(path).await.problem(404);
        // The screen, which has all that nobody else has, takes GET only.
        let posted = mia.asks(Method::POST, path).answer().await;
        assert!([404, 405].contains(&posted.status.as_u16()), "{posted:?}");
    }
    for (method, path) in [
        (Method::PUT, "/api/tasks"),
        (Method::DELETE, "/api/history"),
    ] {
        let answer = mia.asks(method, path).answer().await;
        assert!(answer.header("allow").is_some());
        answer.problem(405);
    }
}
