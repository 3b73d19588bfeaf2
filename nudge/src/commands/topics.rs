//! `nudge topics`

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use nudge_broker::{Connection, topics};

use super::broker::Broker;
use crate::application::Files;

#[derive(Subcommand)]
pub(crate) enum Topics {
    /// Makes missing topics, adds partitions, and sets how long they keep what they hold. Deletes nothing.
    Apply(Apply),
    /// Says what `apply` would change; fails when that is anything.
    Check(Listed),
}

#[derive(Args)]
pub(crate) struct Listed {
    #[command(flatten)]
    broker: Broker,
    /// The list [default: the one in this program, else dapr-components/topics.json]
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    listed: Listed,
    /// How many copies of each partition a new topic has; the broker's default where it is not said.
    #[arg(long, default_value_t = -1)]
    replication: i32,
}

impl Topics {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Apply(Apply {
                listed,
                replication,
            }) => topics::apply(&listed.connection()?, &listed.list()?, replication),
            Self::Check(listed) => topics::check(&listed.connection()?, &listed.list()?),
        }
    }
}

impl Listed {
    fn connection(&self) -> Result<Connection> {
        self.broker.connection(&self.broker.environment()?)
    }

    fn list(&self) -> Result<PathBuf> {
        match &self.list {
            Some(list) => Ok(list.clone()),
            None => {
                let found = Files::default().find(&self.broker.data)?;
                Ok(found.components.join("topics.json"))
            }
        }
    }
}
