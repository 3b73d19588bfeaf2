//! A pause of scaling, with which releases are rolled out.

use anyhow::{Context, Result, ensure};

use super::chart::{self, PLACES};
use super::objects::{self, name, text};
use super::tools::output;

/// A pause keeps as many replicas of each function as it says, and no fewer than always stand; `0` keeps nobody.
pub(super) fn keeps_what_must_stand() -> Result<()> {
    let [_, production, _] = &PLACES;
    for paused in [0, 1, 5] {
        let mut command = chart::command(&["template"], production)?;
        command.args(["--show-only", "templates/scaling.yaml"]);
        command.args(["--set-string", &format!("scaling.pausedReplicas={paused}")]);
        let objects = objects::parse(&output(&mut command)?)?;
        let scaled = objects.iter().filter(|one| one["kind"] == "ScaledObject");
        let mut some_stand_twice = false;
        for object in scaled {
            let least = object["spec"]["minReplicaCount"].as_u64();
            let least = least.with_context(|| format!("{} has no minimum", name(object)))?;
            let annotation =
                &object["metadata"]["annotations"]["autoscaling.keda.sh/paused-replicas"];
            let expected = if paused == 0 { 0 } else { least.max(paused) };
            ensure!(
                *text(annotation) == expected.to_string(),
                "{} is paused at {annotation} instead of {expected}",
                name(object)
            );
            some_stand_twice |= least > 1;
        }
        ensure!(some_stand_twice, "no function of production stands twice");
    }
    Ok(())
}
