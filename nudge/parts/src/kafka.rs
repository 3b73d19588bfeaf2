//! One Kafka broker (KRaft, without ZooKeeper), from Maven Central.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::cache;
use crate::part::{Ready, Spec};
use crate::place::Place;
use crate::programs;

/// The release of Kafka, and what it depends on, as Maven reads it.
const POM: &str = include_str!("../../../third-party/kafka/pom.xml");

/// What to do where neither is there nor can be installed.
const OTHERWISE: &str = "or name a broker with --kafka HOST:PORT";

/// Any 16 bytes in base64url: it only tells a folder of another cluster from this one.
const CLUSTER_ID: &str = "bnVkZ2Utb24tbG9vcGJhYw";

/// What a broker demands of its clients.
pub struct Demands {
    /// Its key and certificates, which clients check.
    pub certificate: PathBuf,
    /// Who may come in, by SCRAM-SHA-256.
    pub user: String,
    /// Their password.
    pub password: String,
}

/// A broker on loopback that keeps its data in `place`.
pub fn spec(place: &Place, port: u16, controller_port: u16) -> Result<Spec> {
    demanding(place, port, controller_port, None)
}

/// The same, with TLS and passwords where `demands` says so.
pub fn demanding(
    place: &Place,
    port: u16,
    controller_port: u16,
    demands: Option<&Demands>,
) -> Result<Spec> {
    let listeners = demands.map(|demands| demands.properties(port, controller_port));
    with(place, port, controller_port, listeners.as_deref(), demands)
}

/// A broker on every address of the machine, which clients find at `address`.
pub fn at(place: &Place, address: &str, port: u16, controller_port: u16) -> Result<Spec> {
    let listeners = format!(
        "
listeners=PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://{address}:{port}
"
    );
    with(place, port, controller_port, Some(&listeners), None)
}

/// `listeners` count before those on loopback.
fn with(
    place: &Place,
    port: u16,
    controller_port: u16,
    listeners: Option<&str>,
    demands: Option<&Demands>,
) -> Result<Spec> {
    let jars = jars()?;
    let folder = place.parts.join("kafka");
    fs::create_dir_all(&folder)?;
    let settings = folder.join("server.properties");
    let mut text = properties(&folder, port, controller_port);
    text.push_str(listeners.unwrap_or_default());
    fs::write(&settings, text)?;
    if !folder.join("data/meta.properties").exists() {
        let mut format = java(&jars);
        format
            .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
            .arg(&settings);
        if let Some(Demands { user, password, .. }) = demands {
            let account = format!("SCRAM-SHA-256=[name={user},password={password}]");
            format.args(["--add-scram", &account]);
        }
        programs::quietly(&mut format)?;
    }
    Ok(Spec {
        name: "kafka".to_owned(),
        command: Box::new(move || {
            let mut command = java(&jars);
            command.arg("kafka.Kafka").arg(&settings);
            command
        }),
        ready: Ready::Port(port),
        stop_signal: Signal::SIGTERM,
        stop_limit: Duration::from_secs(20),
    })
}

impl Demands {
    /// They count before what was said earlier in the file. The broker comes to itself in the same way as its clients.
    fn properties(&self, port: u16, controller_port: u16) -> String {
        let Self { user, password, .. } = self;
        let module = "org.apache.kafka.common.security.scram.ScramLoginModule";
        format!(
            "
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=SASL_SSL://127.0.0.1:{port}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={module} required \\
  username=\"{user}\" password=\"{password}\";
ssl.keystore.type=PEM
ssl.keystore.location={certificate}
ssl.truststore.type=PEM
ssl.truststore.location={certificate}
",
            certificate = self.certificate.display()
        )
    }
}

/// Gets what the broker needs where it is missing.
pub fn make_available() -> Result<()> {
    jars().map(drop)
}

/// The broker's jars, downloaded once by Maven.
fn jars() -> Result<PathBuf> {
    programs::need("java", "default-jre-headless", OTHERWISE)?;
    cache::once(
        &format!("kafka-{:016x}", programs::digest(&[POM.as_bytes()])),
        |folder| {
            programs::need("mvn", "maven", OTHERWISE)?;
            let manifest = folder.join("pom.xml");
            fs::write(&manifest, POM)?;
            eprintln!("Getting Kafka from Maven Central (45 MB, once) …");
            programs::quietly(
                Command::new("mvn")
                    .args(["--quiet", "--batch-mode", "--file"])
                    .arg(&manifest)
                    .arg("dependency:copy-dependencies")
                    .arg(format!("-DoutputDirectory={}", folder.display())),
            )
        },
    )
}

/// A small heap and the cheap compiler: the broker carries one machine's events.
fn java(jars: &Path) -> Command {
    let mut command = Command::new("java");
    command.args([
        "-Xms64m",
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Djava.awt.headless=true",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
    ]);
    command.arg(jars.join("*"));
    command
}

fn properties(folder: &Path, port: u16, controller_port: u16) -> String {
    format!(
        "# Written by nudge at every start.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={}

# Topics are made by `nudge topics apply`, with the partitions that topics.json says.
auto.create.topics.enable=false

# One node keeps everything once.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1

# Groups form at once, and a consumer that was killed is noticed soon.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# A broker that was killed may come back when its old session is over.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=2000

# What was acknowledged survives the machine, not only the process.
log.flush.interval.messages=1

num.network.threads=1
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=2097152
log.cleaner.io.buffer.size=65536
log.index.size.max.bytes=1048576
log.segment.bytes=16777216
metadata.log.segment.bytes=8388608
",
        folder.join("data").display()
    )
}
