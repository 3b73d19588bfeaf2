//! How the broker is reached.

use std::path::PathBuf;

use rdkafka::ClientConfig;

/// A broker, and how we prove ourselves to it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// `host:port`; several with commas between.
    pub brokers: String,
    /// For SASL over TLS, which needs the feature `tls`; without it the broker is reached in plain text.
    pub login: Option<Login>,
    /// A PEM file with the certificate that the broker's is signed with, where no public authority signed it.
    pub ca: Option<PathBuf>,
}

/// A user of the broker.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The password that goes with it.
    pub password: String,
    /// The SASL mechanism, such as `SCRAM-SHA-256`.
    pub mechanism: String,
}

impl Connection {
    /// The settings of a client.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "nudge")
            .set("socket.timeout.ms", "10000");
        if let Some(login) = &self.login {
            config
                .set("security.protocol", "sasl_ssl")
                .set("sasl.mechanism", &login.mechanism)
                .set("sasl.username", &login.username)
                .set("sasl.password", &login.password);
        }
        if let Some(ca) = &self.ca {
            config.set("ssl.ca.location", ca.display().to_string());
        }
        config
    }
}
