//! The broker that a command speaks to.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use nudge_broker::{Connection, Login};

use crate::environment::Environment;

/// How the broker is reached. Secrets come from the environment only.
#[derive(Args)]
pub(crate) struct Broker {
    /// Where it is; several with commas between [default: NUDGE_KAFKA_BROKERS, or that of the Nudge in --data]
    #[arg(long, value_name = "HOST:PORT")]
    brokers: Option<String>,
    /// The user, for SASL over TLS (build with --features tls); the password is in NUDGE_KAFKA_PASSWORD.
    #[arg(long, env = "NUDGE_KAFKA_USERNAME")]
    username: Option<String>,
    /// The SASL mechanism.
    #[arg(long, default_value = "SCRAM-SHA-256")]
    mechanism: String,
    /// A file with the certificate that the broker's is signed with, where no public authority signed it.
    #[arg(long, value_name = "PEM", env = "NUDGE_KAFKA_CA")]
    ca: Option<PathBuf>,
    /// Where the Nudge keeps everything whose broker is meant.
    #[arg(long, default_value = ".nudge")]
    pub(crate) data: PathBuf,
}

impl Broker {
    /// What is known of the Nudge whose broker this is.
    pub(crate) fn environment(&self) -> Result<Environment> {
        Environment::of(&self.data)
    }

    /// The connection to it.
    pub(crate) fn connection(&self, environment: &Environment) -> Result<Connection> {
        let brokers = match &self.brokers {
            Some(brokers) => brokers.clone(),
            None => environment.get("NUDGE_KAFKA_BROKERS")?,
        };
        let login = match &self.username {
            Some(username) => Some(Login {
                username: username.clone(),
                password: environment
                    .find("NUDGE_KAFKA_PASSWORD")
                    .context("set NUDGE_KAFKA_PASSWORD to the user's password")?,
                mechanism: self.mechanism.clone(),
            }),
            None => None,
        };
        Ok(Connection {
            brokers,
            login,
            ca: self.ca.clone(),
        })
    }
}
