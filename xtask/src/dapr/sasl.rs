//! A broker that demands TLS and SCRAM, as managed ones do, with the settings of production before it: what is published is
//! delivered, and what can't be processed goes to the dead letters.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_yaml_ng::{Deserializer, Value};

use nudge_parts::part::Part;
use nudge_parts::place::{self, Place};
use nudge_parts::stop::Stop;
use nudge_parts::system::START_LIMIT;
use nudge_parts::{daprd, kafka, postgres, programs};

use super::{CONFORMANCE_TOPICS, settings_for_test};
use crate::{commands, steps};

const USER: &str = "nudge";
/// What the chart's pub/sub component reads from the release's Secret; here the environment says it.
const SECRETS: [(&str, &str); 2] = [
    ("kafka_username", "NUDGE_KAFKA_USERNAME"),
    ("kafka_password", "NUDGE_KAFKA_PASSWORD"),
];

/// Runs the part of the conformance suite that is about events.
pub(crate) fn test() -> Result<()> {
    let program = steps::build_with_tls()?;
    let stop = Stop::on_interrupt()?;
    let place = Place::open(&settings_for_test("sasl-test")?.data)?;
    let password = place::random_text()?;
    let authority = Authority::make(&place.parts.join("authority"))?;
    let [port, controller_port, database_port] = ports::free()?;
    let broker = format!("127.0.0.1:{port}");
    let demands = kafka::Demands {
        certificate: authority.signs("broker")?,
        user: USER.to_owned(),
        password: password.clone(),
    };
    let (database, url) = postgres::spec(&place, database_port)?;
    let specs = [
        kafka::demanding(&place, port, controller_port, Some(&demands))?,
        database,
    ];
    let mut parts = Vec::new();
    for spec in specs {
        parts.push(Part::start(spec, &place.logs)?);
    }
    for part in &parts {
        part.wait_ready(START_LIMIT, &|| stop.asked())?;
    }
    let pubsub = place.parts.join("kafka-pubsub.yaml");
    fs::write(&pubsub, production_pubsub(&broker, &authority.certificate)?)?;
    let ca = authority.certificate.display().to_string();
    let mut environment = BTreeMap::from([
        ("NUDGE_KAFKA_BROKERS", broker),
        ("NUDGE_KAFKA_USERNAME", USER.to_owned()),
        ("NUDGE_KAFKA_PASSWORD", password),
        ("NUDGE_KAFKA_CA", ca),
        ("NUDGE_POSTGRES", url),
        ("CONFORMANCE_PUBSUB", pubsub.display().to_string()),
        ("CONFORMANCE_DAPRD", daprd::program()?.display().to_string()),
    ]);
    apply_topics(&program, &environment)?;
    let tested = commands::execute(
        commands::cargo()
            .args(["test", "--workspace", "--test", "dapr"])
            .envs(&environment)
            .args(["--", "--ignored", "events::beside"]),
    );
    environment.insert("NUDGE_KAFKA_PASSWORD", "guess".to_owned());
    let refused = apply_topics(&program, &environment).is_err();
    while let Some(mut part) = parts.pop() {
        part.stop();
    }
    tested?;
    if !refused {
        bail!("the broker takes any password");
    }
    Ok(())
}

/// Makes the topics by `program`, which speaks TLS.
fn apply_topics(program: &Path, environment: &BTreeMap<&str, String>) -> Result<()> {
    commands::execute(
        Command::new(program)
            .args(["topics", "apply", "--list", CONFORMANCE_TOPICS])
            .envs(environment),
    )
}

/// The pub/sub component that the chart makes of the production values, as the committed rendering has it, but for where the
/// broker is, who signed its certificate, and where the secrets come from.
fn production_pubsub(brokers: &str, ca: &Path) -> Result<String> {
    let rendered = fs::read_to_string(commands::root().join("helm/nudge/tests/prod.yaml"))?;
    let objects = Deserializer::from_str(&rendered)
        .map(Value::deserialize)
        .collect::<Result<Vec<_>, _>>()?;
    let mut component = objects
        .into_iter()
        .find(|object| {
            object["kind"] == "Component" && object["metadata"]["name"] == "kafka-pubsub"
        })
        .context("the chart makes no kafka-pubsub")?;
    component["auth"]["secretStore"] = "secretstore".into();
    let settings = component["spec"]["metadata"]
        .as_sequence_mut()
        .context("kafka-pubsub has no settings")?;
    for setting in settings.iter_mut() {
        if setting["name"] == "brokers" {
            setting["value"] = brokers.into();
        }
        let Some(secret) = setting.get_mut("secretKeyRef") else {
            continue;
        };
        let known = SECRETS.iter().find(|(key, _)| secret["key"] == *key);
        let (_, variable) = known.context("kafka-pubsub has a secret that is not known here")?;
        secret["name"] = (*variable).into();
        secret["key"] = (*variable).into();
    }
    let ca = BTreeMap::from([
        ("name", "caCert".to_owned()),
        ("value", fs::read_to_string(ca)?),
    ]);
    settings.push(serde_yaml_ng::to_value(ca)?);
    Ok(serde_yaml_ng::to_string(&component)?)
}

/// A certificate authority that nobody else trusts.
pub(crate) struct Authority {
    folder: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes one, which keeps its files in `folder`.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        programs::need("openssl", "openssl", "")?;
        fs::create_dir_all(folder)?;
        let authority = Self {
            folder: folder.to_owned(),
            certificate: folder.join("ca.pem"),
            key: folder.join("ca.key"),
        };
        let mut command = request("/CN=Nudge test authority");
        command
            .arg("-x509")
            .arg("-keyout")
            .arg(&authority.key)
            .arg("-out")
            .arg(&authority.certificate);
        programs::quietly(&mut command)?;
        Ok(authority)
    }

    /// The key and certificates, in one file, of somebody on loopback.
    pub(crate) fn signs(&self, name: &str) -> Result<PathBuf> {
        let file = |ending: &str| self.folder.join(format!("{name}.{ending}"));
        let (key, certificate, both) = (file("key"), file("crt"), file("pem"));
        let mut command = request(&format!("/CN={name}"));
        command
            .args(["-x509", "-addext", "subjectAltName=IP:127.0.0.1"])
            .arg("-CA")
            .arg(&self.certificate)
            .arg("-CAkey")
            .arg(&self.key)
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate);
        programs::quietly(&mut command)?;
        let chain = [&key, &certificate, &self.certificate].map(fs::read_to_string);
        let chain = chain.into_iter().collect::<Result<Vec<_>, _>>()?;
        fs::write(&both, chain.concat())?;
        Ok(both)
    }
}

/// A new key with a certificate for it that holds for a day.
fn request(subject: &str) -> Command {
    let mut command = Command::new("openssl");
    command
        .args(["req", "-new", "-newkey", "rsa:2048", "-nodes", "-days", "1"])
        .args(["-subj", subject]);
    command
}
