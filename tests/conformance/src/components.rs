//! The files that both places read: those of `dapr-components/` as they are, and the case's own subscription, cron, mail
//! and secrets.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use crate::{DEAD_LETTERS, TOPIC};

/// The shipped files about events.
const OF_EVENTS: [&str; 3] = ["kafka-pubsub.yaml", "secretstore.yaml", "resiliency.yaml"];

/// Writes the files about events into `folder`, with the subscriptions of `app_id`.
pub(crate) fn write_events(folder: &Path, app_id: &str) {
    for name in OF_EVENTS {
        copy_shipped(folder, name);
    }
    if let Some(other) = std::env::var_os("CONFORMANCE_PUBSUB") {
        fs::copy(other, folder.join("kafka-pubsub.yaml")).expect("CONFORMANCE_PUBSUB");
    }
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect(name);
    write(
        "events.yaml",
        subscription(app_id, TOPIC, "/events", Some(DEAD_LETTERS)),
    );
    write(
        "dead-letters.yaml",
        subscription(app_id, DEAD_LETTERS, "/events/dead", None),
    );
}

fn copy_shipped(folder: &Path, name: &str) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dapr-components");
    fs::copy(shipped.join(name), folder.join(name)).expect(name);
}

/// Writes the files for `app_id` into `folder`. The endpoint `outside` leads to `app_port`.
pub(crate) fn write(folder: &Path, app_id: &str, app_port: u16, mail: Option<SocketAddr>) {
    write_events(folder, app_id);
    copy_shipped(folder, "statestore.yaml");
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect(name);
    let secrets = folder.join("secrets.json");
    fs::write(&secrets, r#"{"a-secret": "told to nobody"}"#).expect("secrets");
    write(
        "files.yaml",
        component(
            "files",
            "secretstores.local.file",
            &[("secretsFile", &secrets.display().to_string())],
        ),
    );
    write("outside.yaml", endpoint("outside", app_port));
    write_cron(folder);
    if let Some(mail) = mail {
        write(
            "mail.yaml",
            component(
                "mail",
                "bindings.smtp",
                &[
                    ("host", &mail.ip().to_string()),
                    ("port", &mail.port().to_string()),
                    ("emailFrom", "nudge@example.test"),
                    ("direction", "output"),
                ],
            ),
        );
    }
}

/// Writes a cron that ticks every second into `folder`.
pub(crate) fn write_cron(folder: &Path) {
    let cron = component(
        "tick",
        "bindings.cron",
        &[
            ("schedule", "@every 1s"),
            ("route", "/tick"),
            ("direction", "input"),
        ],
    );
    fs::write(folder.join("tick.yaml"), cron).expect("tick.yaml");
}

fn endpoint(name: &str, port: u16) -> String {
    format!(
        "apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata:
  name: {name}
spec:
  baseUrl: http://127.0.0.1:{port}
"
    )
}

fn component(name: &str, kind: &str, metadata: &[(&str, &str)]) -> String {
    let metadata: String = metadata
        .iter()
        .map(|(name, value)| format!("    - name: {name}\n      value: \"{value}\"\n"))
        .collect();
    format!(
        "apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: {name}
spec:
  type: {kind}
  version: v1
  metadata:
{metadata}"
    )
}

fn subscription(app_id: &str, topic: &str, route: &str, dead_letters: Option<&str>) -> String {
    let dead_letters = dead_letters
        .map(|topic| format!("  deadLetterTopic: {topic}\n"))
        .unwrap_or_default();
    format!(
        "apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: {topic}
spec:
  pubsubname: kafka-pubsub
  topic: {topic}
  routes:
    default: {route}
{dead_letters}scopes:
  - {app_id}
"
    )
}
