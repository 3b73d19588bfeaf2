//! Several daprds of one app: the members of one consumer group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::app::App;
use crate::daprd::Daprd;
use crate::{DAPR_API_TOKEN, TOPIC, components};

/// `sessionTimeout` of dapr-components/kafka-pubsub.yaml: how long the broker waits for a member that says nothing.
const SESSION: Duration = Duration::from_secs(6);
/// Within so many of them a group is whole again after a member came, left or died. daprd waits for 10 of them
/// (sarama's `Rebalance.Timeout` is a minute) for a member that does not give its partitions back.
const SESSIONS: u32 = 5;
/// How long the broker may take for an answer.
const LIMIT: Duration = Duration::from_secs(10);

/// An app and its daprds.
pub struct Group {
    /// The app behind all of them.
    pub app: Arc<App>,
    /// Its app-id, which is the group's name.
    pub id: String,
    app_port: u16,
    listening: Option<JoinHandle<()>>,
    settings: ClientConfig,
    broker: BaseConsumer,
    folder: TempDir,
}

/// One daprd of a group.
pub struct Member(Daprd);

impl Group {
    /// An app without a daprd.
    ///
    /// # Panics
    /// Without the broker that `NUDGE_KAFKA_BROKERS` names.
    pub async fn open() -> Self {
        let run = Uuid::new_v4().simple().to_string();
        let id = format!("group-{run}");
        let folder = tempfile::tempdir().expect("a folder");
        components::write_events(folder.path(), &id);
        components::write_cron(folder.path());
        let app = App::new(&run);
        let [app_port] = ports::free().expect("a free port");
        let listening = Some(app.listen_on(app_port).await);
        let brokers = std::env::var("NUDGE_KAFKA_BROKERS").expect("NUDGE_KAFKA_BROKERS");
        let mut settings = ClientConfig::new();
        settings.set("bootstrap.servers", brokers);
        let broker = settings.create().expect("a client of the broker");
        Self {
            app,
            id,
            app_port,
            listening,
            settings,
            broker,
            folder,
        }
    }

    /// One more daprd, once it is ready.
    pub async fn joins(&self) -> Member {
        Member(Daprd::start(&self.id, self.app_port, self.folder.path()).await)
    }

    /// Refuses connections from now on, as an app at zero replicas does.
    pub async fn falls_asleep(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // It is cancelled, which is no failure.
            listening.await.ok();
        }
    }

    /// Takes connections again.
    pub async fn wakes(&mut self) {
        self.listening = Some(self.app.listen_on(self.app_port).await);
    }

    /// Waits until Kafka calls the group stable with so many members.
    ///
    /// # Panics
    /// When that takes more than a few session time-outs.
    pub async fn is_whole(&self, members: usize) {
        let began = Instant::now();
        loop {
            let (state, count) = self.described();
            if (state.as_str(), count) == ("Stable", members) {
                return;
            }
            assert!(
                began.elapsed() < SESSION * SESSIONS,
                "the group is {state} with {count} members, and not stable with {members}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Kafka's word for the group's state, and how many members it has.
    fn described(&self) -> (String, usize) {
        let listed = self.broker.fetch_group_list(Some(&self.id), LIMIT);
        let listed = listed.expect("the broker answers");
        let found = listed.groups().iter().find(|group| group.name() == self.id);
        found.map_or_else(Default::default, |group| {
            (group.state().to_owned(), group.members().len())
        })
    }

    /// What lies in the topic of this group's events, and how far the group has come.
    fn topic(&self) -> KafkaResult<Vec<String>> {
        let reader: BaseConsumer = self
            .settings
            .clone()
            .set("group.id", &self.id)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .create()?;
        let metadata = reader.fetch_metadata(Some(TOPIC), LIMIT)?;
        let partitions = metadata
            .topics()
            .iter()
            .flat_map(|topic| topic.partitions());
        let mut all = TopicPartitionList::new();
        for partition in partitions {
            all.add_partition(TOPIC, partition.id());
        }
        let committed = reader.committed_offsets(all.clone(), LIMIT)?;
        let mut lines: Vec<String> = committed
            .elements()
            .iter()
            .map(|at| format!("committed: {}/{:?}", at.partition(), at.offset()))
            .collect();
        all.set_all_offsets(Offset::Beginning)?;
        reader.assign(&all)?;
        let mut left = all.count();
        while left > 0 {
            match reader.poll(LIMIT) {
                Some(Ok(message)) => {
                    let text = String::from_utf8_lossy(message.payload().unwrap_or_default());
                    if text.contains(&self.id) {
                        let (partition, offset) = (message.partition(), message.offset());
                        lines.push(format!("lies: {partition}/{offset} {text}"));
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => left -= 1,
                Some(Err(error)) => return Err(error),
                None => break,
            }
        }
        Ok(lines)
    }

    /// On which partition of the topic each of `keys` lies.
    pub async fn partitions(
        &self,
        member: &Member,
        keys: &[String],
    ) -> BTreeMap<String, Vec<String>> {
        let mut partitions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for key in keys {
            let marker = format!("where-is-{key}.");
            self.publish(member, key, &[&marker]).await;
            let heard = self.app.hears("/events", &marker, 1).await.remove(0);
            let partition = heard.header("__partition").to_owned();
            assert!(!partition.is_empty(), "daprd says where a message lay");
            partitions.entry(partition).or_default().push(key.clone());
        }
        partitions
    }

    /// Publishes an event for each of `markers`, in order, with one key.
    ///
    /// # Panics
    /// When daprd does not take them.
    pub async fn publish(&self, member: &Member, key: &str, markers: &[&str]) {
        let entries: Vec<Value> = markers
            .iter()
            .map(|marker| {
                json!({
                    "entryId": marker,
                    "contentType": "application/cloudevents+json",
                    "metadata": { "partitionKey": key },
                    "event": {
                        "specversion": "1.0", "id": format!("{marker}-{}", self.id), "source": "task-service",
                        "type": "TASK_CREATED", "datacontenttype": "application/json", "data": { "marker": marker },
                    },
                })
            })
            .collect();
        let url = format!(
            "http://127.0.0.1:{}/v1.0/publish/bulk/kafka-pubsub/{TOPIC}",
            member.0.port
        );
        let answer = reqwest::Client::new()
            .post(url)
            .header("content-type", "application/json")
            .header("dapr-api-token", DAPR_API_TOKEN)
            .body(Value::from(entries).to_string())
            .send()
            .await
            .expect("daprd answers");
        assert_eq!(answer.status(), 204);
    }
}

/// What came from which place of the topic, what lies there, and what the daprds said, when a case fails.
impl Drop for Group {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for call in self.app.heard("/events", "") {
            let [partition, offset] = ["__partition", "__offset"].map(|name| call.header(name));
            let event = call.json();
            eprintln!("came: {} {partition}/{offset} {}", call.uri, event["id"]);
        }
        for line in self.topic().unwrap_or_else(|error| vec![error.to_string()]) {
            eprintln!("{line}");
        }
        let files = std::fs::read_dir(self.folder.path());
        for path in files
            .into_iter()
            .flatten()
            .flatten()
            .map(|file| file.path())
        {
            if path.extension().is_some_and(|extension| extension == "log") {
                let said = std::fs::read_to_string(&path).unwrap_or_default();
                eprintln!("{}:\n{said}", path.display());
            }
        }
    }
}

impl Member {
    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// Asks it to end, and waits until it has.
    pub async fn leaves(self) {
        let ended = tokio::task::spawn_blocking(move || drop(self.0));
        ended.await.expect("it ends");
    }

    /// Kills it, which the broker notices when its session is over.
    pub fn dies(self) {
        self.0.dies();
    }
}
