//! The topics as `dapr-components/topics.json` lists them, and the broker brought into line with it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures::executor::block_on;
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use serde::Deserialize;

use crate::connection::Connection;

/// How long the broker may take for one step.
const LIMIT: Duration = Duration::from_secs(20);
/// The setting that says how long a topic keeps what it holds.
const RETENTION: &str = "retention.ms";

/// One topic as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    name: String,
    partitions: usize,
    retention_hours: u64,
    /// The function that answers for what is on it: of a dead-letter topic, the one that could not process it.
    #[allow(dead_code, reason = "for people, and for the test against the code")]
    owner: String,
}

impl Topic {
    fn retention_ms(&self) -> String {
        (self.retention_hours * 60 * 60 * 1000).to_string()
    }
}

/// What has to be done to one topic.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    Make,
    AddPartitions { from: usize },
    Keep { from: String },
}

/// The topic as the broker has it.
struct Found {
    partitions: usize,
    retention_ms: String,
}

/// Makes missing topics, adds partitions, and sets how long topics keep what they hold, as the file `list` says; prints each
/// change. `replication` is how many copies of each partition a new topic has; the broker's default where it is -1. Nothing is
/// deleted.
///
/// # Errors
/// When the list can't be read, or the broker does not answer or refuses.
pub fn apply(connection: &Connection, list: &Path, replication: i32) -> Result<()> {
    let broker = Broker::connect(connection)?;
    for (topic, change) in broker.changes(listed(list)?)? {
        println!("{}: {}", topic.name, describe(&topic, &change));
        broker
            .make(&topic, &change, replication)
            .with_context(|| topic.name.clone())?;
    }
    Ok(())
}

/// Prints what [`apply`] would change.
///
/// # Errors
/// When that is anything; when the list can't be read, or the broker does not answer.
pub fn check(connection: &Connection, list: &Path) -> Result<()> {
    let changes = Broker::connect(connection)?.changes(listed(list)?)?;
    for (topic, change) in &changes {
        println!("{}: {}", topic.name, describe(topic, change));
    }
    match changes.len() {
        0 => Ok(()),
        count => bail!("{count} changes are needed; run nudge topics apply"),
    }
}

fn listed(path: &Path) -> Result<Vec<Topic>> {
    let text = std::fs::read(path);
    text.map_err(anyhow::Error::from)
        .and_then(|text| Ok(serde_json::from_slice(&text)?))
        .with_context(|| path.display().to_string())
}

fn describe(topic: &Topic, change: &Change) -> String {
    match change {
        Change::Make => format!("{} partitions, new", topic.partitions),
        Change::AddPartitions { from } => {
            format!("{} partitions instead of {from}", topic.partitions)
        }
        Change::Keep { from } => format!("{RETENTION} {} instead of {from}", topic.retention_ms()),
    }
}

struct Broker {
    admin: AdminClient<DefaultClientContext>,
    options: AdminOptions,
}

impl Broker {
    fn connect(connection: &Connection) -> Result<Self> {
        Ok(Self {
            admin: connection.config().create()?,
            options: AdminOptions::new()
                .request_timeout(Some(LIMIT))
                .operation_timeout(Some(LIMIT)),
        })
    }

    fn changes(&self, listed: Vec<Topic>) -> Result<Vec<(Topic, Change)>> {
        let found = self.found(&listed)?;
        Ok(listed
            .into_iter()
            .flat_map(|topic| {
                needed(&topic, found.get(&topic.name))
                    .into_iter()
                    .map(move |change| (topic.clone(), change))
            })
            .collect())
    }

    fn found(&self, listed: &[Topic]) -> Result<HashMap<String, Found>> {
        let metadata = self
            .admin
            .inner()
            .fetch_metadata(None, LIMIT)
            .context("the broker does not answer")?;
        let partitions: HashMap<&str, usize> = metadata
            .topics()
            .iter()
            .map(|topic| (topic.name(), topic.partitions().len()))
            .collect();
        let there: Vec<&Topic> = listed
            .iter()
            .filter(|topic| partitions.contains_key(topic.name.as_str()))
            .collect();
        let resources: Vec<_> = there
            .iter()
            .map(|topic| ResourceSpecifier::Topic(&topic.name))
            .collect();
        if resources.is_empty() {
            return Ok(HashMap::new());
        }
        let settings = block_on(self.admin.describe_configs(&resources, &self.options))?;
        there
            .iter()
            .zip(settings)
            .map(|(topic, settings)| {
                let settings = settings.map_err(|code| anyhow!("{}: {code}", topic.name))?;
                let retention = settings
                    .entry_map()
                    .get(RETENTION)
                    .and_then(|entry| entry.value.clone());
                let found = Found {
                    partitions: partitions[topic.name.as_str()],
                    retention_ms: retention.unwrap_or_default(),
                };
                Ok((topic.name.clone(), found))
            })
            .collect()
    }

    fn make(&self, topic: &Topic, change: &Change, replication: i32) -> Result<()> {
        let retention = topic.retention_ms();
        let failed = |code| anyhow!("the broker refuses: {code}");
        match change {
            Change::Make => {
                let partitions = i32::try_from(topic.partitions)?;
                let new = NewTopic::new(
                    &topic.name,
                    partitions,
                    TopicReplication::Fixed(replication),
                )
                .set(RETENTION, &retention);
                for made in block_on(self.admin.create_topics([&new], &self.options))? {
                    made.map_err(|(_, code)| failed(code))?;
                }
            }
            Change::AddPartitions { .. } => {
                let more = NewPartitions::new(&topic.name, topic.partitions);
                for made in block_on(self.admin.create_partitions([&more], &self.options))? {
                    made.map_err(|(_, code)| failed(code))?;
                }
            }
            Change::Keep { .. } => {
                let settings = AlterConfig::new(ResourceSpecifier::Topic(&topic.name))
                    .set(RETENTION, &retention);
                for made in block_on(self.admin.alter_configs([&settings], &self.options))? {
                    made.map_err(|(_, code)| failed(code))?;
                }
            }
        }
        Ok(())
    }
}

/// Partitions are only ever added: with fewer, a person's events would be in another order than they were published.
fn needed(topic: &Topic, found: Option<&Found>) -> Vec<Change> {
    let Some(found) = found else {
        return vec![Change::Make];
    };
    let more = (found.partitions < topic.partitions).then_some(Change::AddPartitions {
        from: found.partitions,
    });
    let keep = (found.retention_ms != topic.retention_ms()).then(|| Change::Keep {
        from: found.retention_ms.clone(),
    });
    more.into_iter().chain(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Vec<Topic> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../dapr-components/topics.json"
        );
        listed(Path::new(path)).expect("topics.json")
    }

    #[test]
    fn the_list_has_what_the_code_publishes_and_dead_letters() {
        let listed = shipped();
        let mut names: Vec<String> = listed.iter().map(|topic| topic.name.clone()).collect();
        let mut expected: Vec<String> = events::Topic::ALL
            .iter()
            .map(|topic| topic.name().to_owned())
            .collect();
        for subscription in events::SUBSCRIPTIONS {
            let dead_letter = subscription.topic.dead_letter(subscription.app_id);
            let owner = listed.iter().find(|topic| topic.name == dead_letter);
            assert_eq!(
                owner.map(|topic| topic.owner.as_str()),
                Some(subscription.app_id),
                "{dead_letter} belongs to who could not process it"
            );
            expected.push(dead_letter);
        }
        names.sort();
        expected.sort();
        assert_eq!(names, expected);
    }

    #[test]
    fn the_files_for_dapr_dead_letter_to_listed_topics() {
        let listed = shipped();
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../dapr-components/subscriptions"
        );
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).expect("subscriptions").flatten() {
            let text = std::fs::read_to_string(entry.path()).expect("a file");
            let file: serde_json::Value = serde_yaml_ng::from_str(&text).expect("YAML");
            for field in ["topic", "deadLetterTopic"] {
                let Some(name) = file["spec"][field].as_str() else {
                    continue;
                };
                assert!(
                    listed.iter().any(|topic| topic.name == name),
                    "{name} is in no list"
                );
            }
            seen += 1;
        }
        assert_eq!(seen, events::SUBSCRIPTIONS.len());
    }

    #[test]
    fn only_what_differs_is_changed() {
        let topic = Topic {
            name: "t".to_owned(),
            partitions: 12,
            retention_hours: 1,
            owner: "x".to_owned(),
        };
        let found = |partitions, retention: &str| Found {
            partitions,
            retention_ms: retention.to_owned(),
        };
        assert_eq!(needed(&topic, None), [Change::Make]);
        assert_eq!(needed(&topic, Some(&found(12, "3600000"))), []);
        // More than listed stay.
        assert_eq!(needed(&topic, Some(&found(13, "3600000"))), []);
        assert_eq!(
            needed(&topic, Some(&found(8, "7"))),
            [
                Change::AddPartitions { from: 8 },
                Change::Keep {
                    from: "7".to_owned()
                }
            ]
        );
    }
}
