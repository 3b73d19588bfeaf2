//! The chart's objects that decide who sleeps and who wakes, rendered for the parts that run here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::cluster::chart::{self, PLACES};
use crate::cluster::objects::{self, text};
use crate::cluster::tools::output;

/// Where the http add-on's scaler is in a cluster.
const ADD_ON: &str = "keda-add-ons-http-external-scaler.keda.svc.cluster.local:9090";

/// What differs from the chart's values for production: sleep comes soon, a slow machine may be slow, and two of the three functions that keep two replicas
/// sleep like the others, for what does not sleep can't be seen to wake.
const SETTINGS: [&str; 5] = [
    "scaling.pollingSeconds=1",
    "scaling.cooldownSeconds=3",
    "scaling.http.readinessTimeout=170s",
    "functions.task-service.replicas.min=0",
    "functions.websocket-gateway.replicas.min=0",
];

/// The third, and how many replicas it keeps.
pub(super) const NEVER_SLEEPS: (&str, u64) = ("web-app", 2);

/// What the Secret of a release holds, as far as somebody reads it here.
pub(super) type Secrets = BTreeMap<&'static str, String>;

/// The rendered release.
pub(super) struct Release {
    objects: Vec<Value>,
}

impl Release {
    /// Renders the chart as `docs/operations.md` has it installed: with one replica each, or those that always stand, until the pause is lifted.
    pub(super) fn render(broker: &str) -> Result<Self> {
        let [_, production, _] = &PLACES;
        let mut command = chart::command(&["template"], production)?;
        for setting in SETTINGS {
            command.args(["--set", setting]);
        }
        command.args(["--set", &format!("kafka.brokers={broker}")]);
        command.args(["--set-string", "scaling.pausedReplicas=1"]);
        Ok(Self {
            objects: objects::parse(&output(&mut command)?)?,
        })
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects
            .iter()
            .filter(move |object| object["kind"] == kind)
    }

    /// The functions, as their SpinApps are called: spin-operator gives their Deployments the same names.
    pub(super) fn functions(&self) -> BTreeSet<String> {
        self.of_kind("SpinApp").map(name).collect()
    }

    /// What the API server gets: KEDA's objects as they are, but for the address of the http add-on, which is `http_scaler`
    /// here; the Secret that they refer to; and a Deployment for each SpinApp, asleep.
    pub(super) fn for_server(&self, http_scaler: &str, secrets: &Secrets) -> Result<Value> {
        let mut list = vec![json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "nudge" }, "stringData": secrets,
        })];
        list.extend(self.functions().iter().map(|name| deployment(name)));
        for kind in ["TriggerAuthentication", "InterceptorRoute"] {
            list.extend(self.of_kind(kind).cloned());
        }
        for object in self.of_kind("ScaledObject") {
            let mut object = object.clone();
            let triggers = object["spec"]["triggers"].as_array_mut();
            let pushed = triggers
                .into_iter()
                .flatten()
                .filter(|trigger| trigger["type"] == "external-push");
            for trigger in pushed {
                let address = &mut trigger["metadata"]["scalerAddress"];
                ensure!(*address == ADD_ON, "{address} is not the http add-on");
                *address = http_scaler.into();
            }
            list.push(object);
        }
        Ok(json!({ "apiVersion": "v1", "kind": "List", "items": list }))
    }

    /// What daprd gets: the broker, the store, the subscriptions, and how deliveries are tried again. In a cluster Dapr's
    /// operator puts in what is in the Secret; and the certificate of a public broker needs no `authority`.
    pub(super) fn write_components(
        &self,
        folder: &Path,
        secrets: &Secrets,
        authority: &str,
    ) -> Result<()> {
        let subscriptions = folder.join("subscriptions");
        fs::create_dir_all(&subscriptions)?;
        for wanted in ["kafka-pubsub", "statestore"] {
            let mut components = self.of_kind("Component");
            let mut component = components
                .find(|component| name(component) == wanted)
                .with_context(|| format!("the chart has no component {wanted}"))?
                .clone();
            component["auth"] = Value::Null;
            let settings = component["spec"]["metadata"].as_array_mut();
            let settings = settings.with_context(|| format!("{wanted} has no settings"))?;
            for setting in settings.iter_mut() {
                let secret = secrets.get(text(&setting["secretKeyRef"]["key"]));
                if let Some(secret) = secret {
                    *setting = json!({ "name": setting["name"], "value": secret });
                }
            }
            if wanted == "kafka-pubsub" {
                settings.push(json!({ "name": "caCert", "value": authority }));
            }
            write(folder, &component)?;
        }
        self.of_kind("Resiliency")
            .try_for_each(|object| write(folder, object))?;
        self.of_kind("Subscription")
            .try_for_each(|object| write(&subscriptions, object))
    }
}

fn name(object: &Value) -> String {
    text(&object["metadata"]["name"]).to_owned()
}

fn write(folder: &Path, object: &Value) -> Result<()> {
    let file = folder.join(format!("{}.yaml", name(object)));
    fs::write(file, serde_yaml_ng::to_string(object)?)?;
    Ok(())
}

fn deployment(name: &str) -> Value {
    let labels = json!({ "stands-in-for": name });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": {
            "replicas": 0,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "function", "image": "none" }] },
            },
        },
    })
}
