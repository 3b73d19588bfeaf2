//! What functions could not process: the `….dlq` topics, and which of their messages somebody has dealt with.
//!
//! That is kept where a consumer keeps its position: the committed offset is the first message that nobody has dealt with,
//! and the commit's metadata lists those after it that somebody has.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Message, Offset, TopicPartitionList};
use serde_json::Value;

use crate::connection::Connection;

/// How long the broker may take for one step.
const LIMIT: Duration = Duration::from_secs(20);
/// Whose position says what was dealt with.
const GROUP: &str = "nudge-dead-letters";
/// How a dead-letter topic's name ends.
const SUFFIX: &str = ".dlq";
/// The most that a broker takes as a commit's metadata, in bytes.
const MAX_METADATA: usize = 4000;

/// The place of a message, written `topic/partition/offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id {
    pub(crate) topic: String,
    partition: i32,
    offset: i64,
}

impl Id {
    /// The function that could not process it: `task-events.audit-service.dlq` is the audit service's.
    pub(crate) fn app_id(&self) -> Result<&str> {
        let app_id = self.topic.strip_suffix(SUFFIX);
        let app_id = app_id.and_then(|name| name.split_once('.'));
        app_id
            .map(|(_, app_id)| app_id)
            .with_context(|| format!("{} is no dead-letter topic", self.topic))
    }
}

impl FromStr for Id {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.rsplitn(3, '/');
        let mut next = || {
            parts
                .next()
                .with_context(|| format!("{text:?} is not topic/partition/offset"))
        };
        let (offset, partition, topic) = (next()?, next()?, next()?);
        Ok(Self {
            topic: topic.to_owned(),
            partition: partition.parse()?,
            offset: offset.parse()?,
        })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// A message with which nobody has dealt.
pub(crate) struct DeadLetter {
    pub(crate) id: Id,
    /// The CloudEvent, as it is.
    pub(crate) body: Vec<u8>,
}

impl DeadLetter {
    /// The CloudEvent's attribute; empty when there is none.
    pub(crate) fn attribute(&self, name: &str) -> String {
        let event: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        event[name].as_str().unwrap_or_default().to_owned()
    }
}

/// The dead letters of a broker.
pub(crate) struct DeadLetters {
    consumer: BaseConsumer,
}

impl DeadLetters {
    pub(crate) fn open(connection: &Connection) -> Result<Self> {
        let consumer = connection
            .config()
            .set("group.id", GROUP)
            .set("enable.auto.commit", "false")
            .create()?;
        Ok(Self { consumer })
    }

    /// All with which nobody has dealt, topic by topic, the oldest first.
    pub(crate) fn list(&self) -> Result<Vec<DeadLetter>> {
        let metadata = self
            .consumer
            .fetch_metadata(None, LIMIT)
            .context("the broker does not answer")?;
        let mut letters = Vec::new();
        for topic in metadata.topics() {
            if !topic.name().ends_with(SUFFIX) {
                continue;
            }
            for partition in topic.partitions() {
                letters.extend(self.list_partition(topic.name(), partition.id())?);
            }
        }
        Ok(letters)
    }

    /// The one called `id`.
    pub(crate) fn find(&self, id: &Id) -> Result<DeadLetter> {
        let letters = self.list_partition(&id.topic, id.partition)?;
        let found = letters.into_iter().find(|letter| letter.id == *id);
        found.with_context(|| format!("{id} is not there, or was dealt with"))
    }

    /// Takes on record that somebody has dealt with `id`.
    pub(crate) fn settle(&self, id: &Id) -> Result<()> {
        let mut settled = self.settled(&id.topic, id.partition)?;
        settled.add(id.offset);
        let metadata = settled.metadata();
        if metadata.len() > MAX_METADATA {
            bail!(
                "too many were dealt with out of turn on {}: deal with the oldest first",
                id.topic
            );
        }
        let mut position = TopicPartitionList::new();
        position.add_partition_offset(&id.topic, id.partition, Offset::Offset(settled.first))?;
        let mut entry = position
            .find_partition(&id.topic, id.partition)
            .context("the position is empty")?;
        entry.set_metadata(&metadata);
        self.consumer.commit(&position, CommitMode::Sync)?;
        Ok(())
    }

    fn settled(&self, topic: &str, partition: i32) -> Result<Settled> {
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition(topic, partition);
        let found = self.consumer.committed_offsets(wanted, LIMIT)?;
        let entry = found.find_partition(topic, partition);
        let (low, _) = self.consumer.fetch_watermarks(topic, partition, LIMIT)?;
        Ok(match entry.as_ref().map(|entry| entry.offset()) {
            Some(Offset::Offset(first)) => {
                let metadata = entry.as_ref().map(|entry| entry.metadata());
                Settled::parse(first, metadata.unwrap_or_default())
            }
            _ => Settled::parse(low, ""),
        })
    }

    fn list_partition(&self, topic: &str, partition: i32) -> Result<Vec<DeadLetter>> {
        let settled = self.settled(topic, partition)?;
        let (low, high) = self.consumer.fetch_watermarks(topic, partition, LIMIT)?;
        let mut next = settled.first.max(low);
        let mut letters = Vec::new();
        if next >= high {
            return Ok(letters);
        }
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Offset(next))?;
        self.consumer.assign(&from)?;
        while next < high {
            let message = self.consumer.poll(LIMIT);
            let message =
                message.ok_or_else(|| anyhow!("{topic} could not be read to its end"))??;
            next = message.offset() + 1;
            if message.offset() < high && !settled.contains(message.offset()) {
                letters.push(DeadLetter {
                    id: Id {
                        topic: topic.to_owned(),
                        partition,
                        offset: message.offset(),
                    },
                    body: message.payload().unwrap_or_default().to_vec(),
                });
            }
        }
        self.consumer.unassign()?;
        Ok(letters)
    }
}

/// Which offsets of one partition were dealt with.
#[derive(Debug, PartialEq, Eq)]
struct Settled {
    /// The first that was not.
    first: i64,
    /// Those after it that were.
    later: BTreeSet<i64>,
}

impl Settled {
    fn parse(first: i64, metadata: &str) -> Self {
        let later = metadata.split(',').filter_map(|text| text.parse().ok());
        Self {
            first,
            later: later.collect(),
        }
    }

    fn metadata(&self) -> String {
        let later: Vec<String> = self.later.iter().map(ToString::to_string).collect();
        later.join(",")
    }

    fn contains(&self, offset: i64) -> bool {
        offset < self.first || self.later.contains(&offset)
    }

    fn add(&mut self, offset: i64) {
        if offset >= self.first {
            self.later.insert(offset);
        }
        while self.later.remove(&self.first) {
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let id: Id = "task-events.audit-service.dlq/0/17".parse().expect("an id");
        assert_eq!(id.to_string(), "task-events.audit-service.dlq/0/17");
        assert_eq!(id.app_id().ok(), Some("audit-service"));
        for bad in ["", "x", "x/1", "x/a/1", "x/1/b"] {
            assert!(bad.parse::<Id>().is_err(), "{bad:?}");
        }
        let other: Id = "task-events/0/1".parse().expect("an id");
        assert!(other.app_id().is_err());
    }

    #[test]
    fn the_position_moves_over_what_was_dealt_with() {
        let mut settled = Settled::parse(5, "");
        for (offset, first, metadata) in [
            (7, 5, "7"),
            (6, 5, "6,7"),
            (5, 8, ""),
            (3, 8, ""),
            (10, 8, "10"),
        ] {
            settled.add(offset);
            assert_eq!(
                (settled.first, settled.metadata().as_str()),
                (first, metadata)
            );
            assert_eq!(Settled::parse(settled.first, &settled.metadata()), settled);
        }
        assert!(settled.contains(10) && settled.contains(7) && !settled.contains(8));
    }
}
