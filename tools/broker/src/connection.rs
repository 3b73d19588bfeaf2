//! How the broker is reached.

use std::path::PathBuf;

use clap::Args;
use rdkafka::ClientConfig;

/// A broker, and how we prove ourselves to it. Secrets come from the environment only.
#[derive(Debug, Clone, Args)]
pub(crate) struct Connection {
    /// Where it is; several with commas between.
    #[arg(long, value_name = "HOST:PORT", env = "NUDGE_KAFKA_BROKERS")]
    brokers: String,
    /// The user, for SASL over TLS (build with --features tls).
    #[arg(long, env = "NUDGE_KAFKA_USERNAME", requires = "password")]
    username: Option<String>,
    /// The password that goes with it.
    #[arg(
        long,
        env = "NUDGE_KAFKA_PASSWORD",
        hide_env_values = true,
        requires = "username"
    )]
    password: Option<String>,
    /// The SASL mechanism.
    #[arg(long, default_value = "SCRAM-SHA-256")]
    mechanism: String,
    /// A file with the certificate that the broker's is signed with, where no public authority signed it.
    #[arg(
        long,
        value_name = "PEM",
        env = "NUDGE_KAFKA_CA",
        requires = "username"
    )]
    ca: Option<PathBuf>,
}

impl Connection {
    /// The settings of a client.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "nudge-broker")
            .set("socket.timeout.ms", "10000");
        if let (Some(username), Some(password)) = (&self.username, &self.password) {
            config
                .set("security.protocol", "sasl_ssl")
                .set("sasl.mechanism", &self.mechanism)
                .set("sasl.username", username)
                .set("sasl.password", password);
        }
        if let Some(ca) = &self.ca {
            config.set("ssl.ca.location", ca.display().to_string());
        }
        config
    }
}
