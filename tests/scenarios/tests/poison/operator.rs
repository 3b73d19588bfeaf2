//! Somebody who looks after dead letters by `nudge dlq`, and who can do to a function's state what a fault does.

use scenarios::eventually;
use serde_json::{Value, json};
use tokio::process::Command;

/// One line of `dlq list`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Letter {
    /// `topic/partition/offset`
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) event_id: String,
    pub(crate) reason: String,
}

impl Letter {
    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.splitn(4, "  ").map(str::to_owned);
        Some(Self {
            id: columns.next()?,
            kind: columns.next()?,
            event_id: columns.next()?,
            reason: columns.next()?,
        })
    }

    pub(crate) fn topic(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }
}

pub(crate) struct Operator {
    client: reqwest::Client,
}

impl Operator {
    pub(crate) fn new() -> Self {
        let client = reqwest::Client::builder().no_proxy().build();
        Self {
            client: client.expect("a client"),
        }
    }

    /// What `nudge dlq COMMAND LETTER` prints, or what it says when it fails.
    pub(crate) async fn runs(&self, command: &str, letter: &Letter) -> Result<String, String> {
        dlq(&[command, &letter.id]).await
    }

    pub(crate) async fn lists(&self) -> Vec<Letter> {
        let listed = dlq(&["list"]).await.expect("dlq list");
        listed.lines().filter_map(Letter::parse).collect()
    }

    /// The letter of `topic` whose event or reason has `mark`, once it is there.
    pub(crate) async fn finds(&self, topic: &str, mark: &str) -> Letter {
        eventually(&format!("{mark} on {topic}"), async || {
            let is_it = |letter: &Letter| {
                letter.topic() == topic && (letter.event_id == mark || letter.reason.contains(mark))
            };
            self.lists().await.into_iter().find(is_it)
        })
        .await
    }

    /// A document of a function's state.
    pub(crate) async fn document(&self, function: &str, key: &str) -> Value {
        let key = key.replace('/', "%2F");
        let url = format!("{}/v1.0/state/statestore/{key}", dapr(function));
        let request = self.client.get(url).header("dapr-api-token", token());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{key}");
        serde_json::from_str(&answer.text().await.expect("a document")).expect("JSON")
    }

    pub(crate) async fn puts(&self, function: &str, key: &str, value: &Value) {
        let body = json!([{ "key": key, "value": value }]).to_string();
        let url = format!("{}/v1.0/state/statestore", dapr(function));
        self.posts(&url, "application/json", body).await;
    }

    /// Publishes as the task service does.
    pub(crate) async fn publishes(&self, topic: &str, key: &str, event: &Value) {
        let dapr = dapr("task-service");
        let url = format!("{dapr}/v1.0/publish/kafka-pubsub/{topic}?metadata.partitionKey={key}");
        self.posts(&url, "application/cloudevents+json", event.to_string())
            .await;
    }

    async fn posts(&self, url: &str, kind: &str, body: String) {
        let request = self
            .client
            .post(url)
            .header("content-type", kind)
            .header("dapr-api-token", token())
            .body(body);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
    }
}

async fn dlq(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(variable("NUDGE_BIN"))
        .arg("dlq")
        .args(arguments)
        .args(["--data", &variable("POISON_DATA")])
        .output()
        .await
        .expect("nudge dlq runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(said(&output.stdout))
    } else {
        Err(said(&output.stderr))
    }
}

fn dapr(function: &str) -> String {
    variable(&format!(
        "DAPR_{}",
        function.replace('-', "_").to_ascii_uppercase()
    ))
}

/// What the daprds demand of whoever calls them.
fn token() -> String {
    variable("DAPR_API_TOKEN")
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name}: run cargo xtask test dapr"))
}
