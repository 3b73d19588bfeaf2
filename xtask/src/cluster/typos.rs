//! Mistakes that somebody could make, planted on purpose: each must be refused. A check that has never refused anything
//! may be looking at nothing.

use anyhow::{Context, Result, ensure};

use super::chart::{self, PLACES, Rendered};
use super::tools::output;

/// A misspelt field of a rendered object.
pub(super) struct Typo {
    /// The place whose output has it.
    place: &'static str,
    /// What stands there, and what stands there by mistake.
    right: &'static str,
    wrong: &'static str,
}

const fn typo(place: &'static str, right: &'static str, wrong: &'static str) -> Typo {
    Typo {
        place,
        right,
        wrong,
    }
}

/// At least one for each kind whose settings matter.
pub(super) const TYPOS: [Typo; 15] = [
    typo("prod", "enableAutoscaling:", "enableAutoScaling:"),
    typo("prod", "runtimeClassName:", "runtimeClass:"),
    typo("prod", "pollingInterval:", "pollInterval:"),
    typo("prod", "scalingMetric:", "scalingMetrics:"),
    typo("prod", "deadLetterTopic:", "deadletterTopic:"),
    typo("prod", "targets:", "targetts:"),
    typo("prod", "accessControl:", "accessControls:"),
    typo("prod", "secretTargetRef:", "secretTargetRefs:"),
    typo("prod", "remoteRef:", "remoteref:"),
    typo("prod", "podMetricsEndpoints:", "podMetricEndpoints:"),
    typo("prod", "readOnlyRootFilesystem:", "readOnlyRootFileSystem:"),
    typo("prod", "maxUnavailable:", "maxUnavailble:"),
    typo("prod", "policyTypes:", "policyType:"),
    typo("prod", "pathType:", "pathTypes:"),
    typo("dev", "handler:", "handlers:"),
];

impl Typo {
    /// The one object of `rendered` that has the field, with the mistake in it.
    pub(super) fn plant(&self, rendered: &[Rendered]) -> Result<String> {
        let yaml = &rendered
            .iter()
            .find(|one| one.place.name == self.place)
            .with_context(|| format!("there is no place {}", self.place))?
            .yaml;
        let object = yaml
            .split("\n---")
            .find(|object| object.contains(self.right));
        let object =
            object.with_context(|| format!("nothing of {} has {}", self.place, self.right))?;
        Ok(object.replacen(self.right, self.wrong, 1))
    }

    /// For messages.
    pub(super) fn describe(&self) -> String {
        format!("{} instead of {}", self.wrong, self.right)
    }
}

/// Settings that `values.schema.json` must refuse.
const WRONG_VALUES: [&str; 9] = [
    "scaling.cooldown=5",
    "functions.task-service.replica.min=1",
    "functions.task-service.replicas.min=-1",
    "functions.task-service.paths[0]=/task-service/events",
    "kafka.saslMechanism=PLAIN",
    "variables.app_api_token=in-the-open",
    "pushpin.image=fanout/pushpin:latest",
    "image.digest=sha256:abc",
    "secrets.mode=plain",
];

/// Every wrong setting is refused when the chart is rendered.
pub(super) fn wrong_values_are_refused() -> Result<()> {
    for setting in WRONG_VALUES {
        let mut command = chart::command(&["template"], &PLACES[0])?;
        let refused = output(command.args(["--set", setting]));
        ensure!(refused.is_err(), "the chart takes --set {setting}");
        let why = format!("{:#}", refused.err().context("was refused")?);
        ensure!(
            why.contains("schema"),
            "--set {setting} fails, but not by the schema: {why}"
        );
    }
    Ok(())
}
