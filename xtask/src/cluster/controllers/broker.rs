//! A broker that demands TLS and a password, as that of production does.

use std::collections::BTreeMap;

use anyhow::Result;

use super::release::Secrets;
use crate::dapr::sasl::Authority;
use nudge_parts::kafka::{self, Demands};
use nudge_parts::part::Spec;
use nudge_parts::place::{Place, random_text};

/// What its part is called.
pub(super) const BROKER: &str = "kafka";

/// Where it is, and what it demands.
pub(super) struct Broker {
    pub(super) address: String,
    ports: [u16; 2],
    demands: Demands,
}

impl Broker {
    /// Makes the broker's folder, in which it is written who may come in.
    pub(super) fn prepare(place: &Place, authority: &Authority) -> Result<Self> {
        let ports @ [port, _] = ports::free()?;
        let broker = Self {
            address: format!("127.0.0.1:{port}"),
            ports,
            demands: Demands {
                certificate: authority.signs("broker")?,
                user: "nudge".to_owned(),
                password: random_text()?,
            },
        };
        broker.demanding(place)?;
        Ok(broker)
    }

    /// It as it is in production.
    pub(super) fn demanding(&self, place: &Place) -> Result<Spec> {
        let [port, controller] = self.ports;
        kafka::demanding(place, port, controller, Some(&self.demands))
    }

    /// It as it takes everybody.
    pub(super) fn open(&self, place: &Place) -> Result<Spec> {
        let [port, controller] = self.ports;
        kafka::spec(place, port, controller)
    }

    /// What the release's Secret holds, with the database's address.
    pub(super) fn secrets(&self, database: &str) -> Secrets {
        BTreeMap::from([
            ("NUDGE_POSTGRES", database.to_owned()),
            ("kafka_username", self.demands.user.clone()),
            ("kafka_password", self.demands.password.clone()),
        ])
    }
}
