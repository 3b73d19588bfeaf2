//! A function that has more to do than it is wide for.

use anyhow::Result;
use serde_json::Value;

use super::sleep::daprds_run;
use super::world::World;
use crate::cluster::chart::RELEASE;

/// Who takes in every event.
const FUNCTION: &str = "audit-service";
/// How many run before: as `at-work.yaml` says.
const BEFORE: u64 = 2;

/// Takes the function's daprds away, so that its events pile up in Kafka, until KEDA has it grow; then it works off what
/// waits, as wide as it is by then.
pub(super) fn by_what_waits(world: &World) -> Result<()> {
    scale_daprds(world, 0)?;
    let deployment = ["get", "deployment", FUNCTION, "-n", RELEASE, "-o", "json"];
    let width = world.eventually("it grows by what waits in Kafka", || {
        let deployment: Value = serde_json::from_str(&world.kubectl(&deployment)?)?;
        let ready = deployment["status"]["readyReplicas"].as_u64();
        Ok(ready.filter(|ready| *ready > BEFORE))
    })?;
    eprintln!("  {FUNCTION} has {width} replicas");
    scale_daprds(world, BEFORE)?;
    daprds_run(world)
}

fn scale_daprds(world: &World, replicas: u64) -> Result<()> {
    let deployment = format!("deployment/{FUNCTION}-sidecar");
    let replicas = format!("--replicas={replicas}");
    world.kubectl(&["scale", "-n", RELEASE, &deployment, &replicas])?;
    Ok(())
}
