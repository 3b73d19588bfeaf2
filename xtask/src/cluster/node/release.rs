//! Nudge's release: installed, upgraded and tested as `docs/operations.md` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::issuer::Issuer;
use super::namespaces::ADDRESS;
use super::world::{Outside, ROLES, World, is_ready};
use crate::cluster::chart::{self, PLACES, RELEASE};
use crate::cluster::objects::text;
use crate::cluster::tools::{helm, output};
use crate::commands::root;
use nudge_parts::place::random_text;

/// How many seconds a function may be idle before it sleeps, where it is looked whether it does.
const COOLDOWN: u32 = 20;

/// What the release is for.
#[derive(Clone, Copy)]
pub(super) enum Size {
    /// One of everything, which sleeps soon: `values.yaml`.
    Small,
    /// Two of everything: `at-work.yaml` on top.
    AtWork,
}

/// Writes the values that differ from those of production.
pub(super) fn write_values(outside: &Outside) -> Result<()> {
    let mut text = include_str!("values.yaml").to_owned();
    for (name, value) in [
        ("ISSUER", Issuer::url("")),
        ("ADDRESS", ADDRESS.to_owned()),
        ("KAFKA", outside.kafka.to_string()),
        ("POSTGRES", outside.postgres.to_string()),
        ("MAIL", outside.mail.to_string()),
        ("COOLDOWN", COOLDOWN.to_string()),
    ] {
        text = text.replace(&format!("@{name}@"), &value);
    }
    Ok(fs::write(&outside.values, text)?)
}

/// The Secret's name, as the chart has it.
pub(super) const SECRET: &str = "nudge";

/// The name of the Secret with the API token of the daprds.
pub(super) const DAPR_SECRET: &str = "nudge-dapr";

/// Makes the Secrets that the release expects.
pub(super) fn make_secret(world: &World) -> Result<()> {
    let secrets = BTreeMap::from([
        ("NUDGE_POSTGRES", world.outside.database.clone()),
        ("token", random_text()?),
        ("grip_key", random_text()?),
        ("SMTP_USER", "nudge".to_owned()),
        ("SMTP_PASSWORD", random_text()?),
        ("test_client_secret", random_text()?),
    ]);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": secrets,
        "metadata": { "name": SECRET, "namespace": RELEASE },
    });
    world.apply(&secret.to_string())?;
    let dapr = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": { "token": random_text()? },
        "metadata": { "name": DAPR_SECRET, "namespace": RELEASE },
    });
    world.apply(&dapr.to_string())
}

/// `helm upgrade --install` with more `settings`, while scaling is paused; scaling goes on afterwards, whatever came of it.
pub(super) fn upgrade(world: &World, size: Size, settings: &[&str]) -> Result<()> {
    let [_, production, _] = &PLACES;
    let mut command = chart::command(&["upgrade", "--install"], production)?;
    command.arg("--reset-values");
    command.arg("--values").arg(&world.outside.values);
    if let Size::AtWork = size {
        let values = root().join("xtask/src/cluster/node/at-work.yaml");
        command.arg("--values").arg(values);
    }
    command.args(["--set-string", "scaling.pausedReplicas=1"]);
    // The load comes from few people, who work faster than people do.
    for limit in ["commands_per_minute", "mails_per_hour"] {
        command.args(["--set-string", &format!("variables.{limit}=0")]);
    }
    command.args(["--rollback-on-failure", "--wait"]);
    command.args(settings);
    let upgraded = output(world.server().address(&mut command)).map(drop);
    let lifted = lift_pause(world);
    upgraded.and(lifted)
}

/// Lets KEDA scale.
pub(super) fn lift_pause(world: &World) -> Result<()> {
    let annotation = "autoscaling.keda.sh/paused-replicas-";
    world.kubectl(&[
        "-n",
        RELEASE,
        "annotate",
        "scaledobjects",
        "--all",
        annotation,
    ])?;
    Ok(())
}

/// `helm test`.
pub(super) fn test(world: &World) -> Result<()> {
    let mut command = Command::new(helm()?);
    command.args(["test", RELEASE, "-n", RELEASE, "--logs", "--timeout", "5m"]);
    output(world.server().address(&mut command)).map(drop)
}

/// What is to be seen of an upgrade: everything runs from another image, under the same layers, and anew.
const ANOTHER: [&str; 6] = [
    "--set",
    "image.tag=next",
    "--set",
    "dapr.logLevel=warn",
    "--set",
    "pushpin.maxConnections=40000",
];

/// Upgrades, and waits until no pod is left that was there before.
pub(super) fn replace_everything(world: &World) -> Result<()> {
    let before = pods(world)?;
    ensure!(!before.is_empty(), "the release has no pods");
    upgrade(world, Size::AtWork, &ANOTHER)?;
    world.eventually("every pod is replaced", || {
        Ok(before.is_disjoint(&pods(world)?).then_some(()))
    })
}

/// By their ids: a Pushpin that comes again has its name again.
fn pods(world: &World) -> Result<BTreeSet<String>> {
    let pods = world.pods(ROLES)?;
    let ids = pods
        .iter()
        .map(|pod| text(&pod["metadata"]["uid"]).to_owned());
    Ok(ids.collect())
}

/// An upgrade that can't work goes back by itself to what was there.
pub(super) fn is_rolled_back(world: &World) -> Result<()> {
    let before = pushpins(world)?;
    let impossible = ["--set", "pushpin.image=docker.io/fanout/pushpin:none"];
    let settings = [&ANOTHER[..], &impossible, &["--timeout", "60s"]].concat();
    ensure!(
        upgrade(world, Size::AtWork, &settings).is_err(),
        "an upgrade to an image that is not there worked"
    );
    let mut command = Command::new(helm()?);
    command.args(["status", RELEASE, "-n", RELEASE, "-o", "json"]);
    let status: Value = serde_json::from_str(&output(world.server().address(&mut command))?)?;
    let status = text(&status["info"]["status"]);
    ensure!(status == "deployed", "the release is {status}");
    ensure!(
        pushpins(world)? == before,
        "Pushpin has the image that is not there"
    );
    world.eventually("every Pushpin is ready", || {
        let pods = world.pods("app.kubernetes.io/component=pushpin")?;
        Ok((pods.len() == 2 && pods.iter().all(is_ready)).then_some(()))
    })
}

fn pushpins(world: &World) -> Result<String> {
    let image = "jsonpath={.spec.template.spec.containers[0].image}";
    world.kubectl(&["get", "statefulset", "pushpin", "-n", RELEASE, "-o", image])
}
