//! Functions that sleep.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::world::{World, runs};
use crate::cluster::chart::RELEASE;
use crate::cluster::objects::text;

/// What spin-operator's objects are known by.
const OF_SPIN: &str = "core.spinkube.dev/app-name";

/// What the Deployments of daprds and their pods are known by.
pub(super) const SIDECARS: &str = "nudge.dev/role=sidecar";

/// Waits until no function has a pod.
pub(super) fn all_sleep(world: &World) -> Result<()> {
    let mut awake = Vec::new();
    let slept = world.eventually("all functions sleep", || {
        awake = still_awake(world)?;
        Ok(awake.is_empty().then_some(()))
    });
    slept.map_err(|error| error.context(format!("awake: {awake:?}")))
}

fn still_awake(world: &World) -> Result<Vec<String>> {
    let functions = world.list(&["deployments", "-n", RELEASE, "-l", OF_SPIN])?;
    ensure!(!functions.is_empty(), "there are no functions");
    let awake = functions.iter().filter(|deployment| {
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        wanted + deployment["status"]["replicas"].as_u64().unwrap_or(0) > 0
    });
    Ok(awake
        .map(|one| text(&one["metadata"]["name"]).to_owned())
        .collect())
}

/// Has every function awake, as a release is rolled out, until [`release::lift_pause`](super::release::lift_pause).
pub(super) fn wake_all(world: &World) -> Result<()> {
    let paused = "autoscaling.keda.sh/paused-replicas=1";
    world.kubectl(&["-n", RELEASE, "annotate", "scaledobjects", "--all", paused])?;
    world.eventually("all functions are awake", || {
        let functions = world.list(&["deployments", "-n", RELEASE, "-l", OF_SPIN])?;
        let ready = |one: &Value| one["status"]["readyReplicas"].as_u64() >= Some(1);
        Ok(functions.iter().all(ready).then_some(()))
    })
}

/// Kills every daprd without a moment to end, and waits until others run. Those of functions that listen get ready when
/// their function wakes, and not before.
pub(super) fn kill_daprds(world: &World) -> Result<()> {
    let delete = ["delete", "pods", "-n", RELEASE, "-l", SIDECARS];
    let now = ["--grace-period=0", "--force"];
    world.kubectl(&[&delete[..], &now].concat())?;
    daprds_run(world)
}

/// Waits until as many daprds run as there are to be.
pub(super) fn daprds_run(world: &World) -> Result<()> {
    let daprds = world.list(&["deployments", "-n", RELEASE, "-l", SIDECARS])?;
    let wanted = |one: &Value| one["spec"]["replicas"].as_u64().unwrap_or(1);
    let wanted: u64 = daprds.iter().map(wanted).sum();
    ensure!(wanted > 0, "there are no daprds");
    world.eventually("every daprd runs", || {
        let pods = world.pods(SIDECARS)?;
        let running = pods.iter().filter(|pod| runs(pod)).count();
        Ok((running as u64 >= wanted).then_some(()))
    })
}
