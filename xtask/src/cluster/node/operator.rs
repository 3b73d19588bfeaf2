//! Stands in for spin-operator: makes of each SpinApp the Deployment and the Service that its documentation describes.
//!
//! The containers run by runc, so the image has what stands in for the shim, and the probes go to the port that the shim
//! would listen on. Finalizers, status and webhooks are left out: nobody here looks at them.

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cluster::api_server::ApiServer;
use crate::cluster::chart::RELEASE;
use crate::cluster::objects::{items, text};

/// The operator; it ends when it is dropped.
pub(super) struct Operator {
    watch: Child,
}

impl Operator {
    /// Starts to act on the SpinApps that are there and that come.
    pub(super) fn start(server: &Arc<ApiServer>) -> Result<Self> {
        let arguments = ["get", "spinapps", "-n", RELEASE, "--watch", "-o", "json"];
        let mut watch = server
            .kubectl(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = watch.stdout.take().context("kubectl has no output")?;
        let server = Arc::clone(server);
        thread::spawn(move || follow(said, &server));
        Ok(Self { watch })
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.watch.kill().ok();
        self.watch.wait().ok();
    }
}

fn follow(said: impl Read, server: &ApiServer) {
    let apps = serde_json::Deserializer::from_reader(said).into_iter::<Value>();
    for app in apps.map_while(Result::ok) {
        // One that is being deleted takes with it what it owns.
        if !app["metadata"]["deletionTimestamp"].is_null() {
            continue;
        }
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": made_of(&app) });
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
        if let Err(error) = server.feed(&apply, &list.to_string()) {
            eprintln!("  {}: {error:#}", text(&app["metadata"]["name"]));
        }
    }
}

/// The Deployment and the Service.
fn made_of(app: &Value) -> [Value; 2] {
    let (metadata, spec) = (&app["metadata"], &app["spec"]);
    let name = text(&metadata["name"]);
    let owned = json!({
        "name": name, "namespace": metadata["namespace"],
        "labels": { "core.spinkube.dev/app-name": name },
        "ownerReferences": [{
            "apiVersion": app["apiVersion"], "kind": app["kind"], "name": name, "uid": metadata["uid"],
            "controller": true, "blockOwnerDeletion": true,
        }],
    });
    let ready = (format!("core.spinkube.dev/app.{name}.status"), "ready");
    let mut labels = spec["podLabels"].as_object().cloned().unwrap_or_default();
    labels.insert("core.spinkube.dev/app-name".to_owned(), json!(name));
    labels.insert(ready.0.clone(), json!(ready.1));
    let pod = json!({
        "runtimeClassName": "wasmtime-spin-v2",
        "serviceAccountName": spec["serviceAccountName"],
        "containers": [container(name, spec)],
    });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": owned,
        // The number of replicas is KEDA's.
        "spec": {
            "selector": { "matchLabels": { "core.spinkube.dev/app-name": name, &ready.0: ready.1 } },
            "template": { "metadata": { "labels": labels }, "spec": pod },
        },
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": owned,
        "spec": {
            "selector": { &ready.0: ready.1 },
            "ports": [{ "port": 80, "targetPort": "http-app" }],
        },
    });
    [deployment, service]
}

fn container(name: &str, spec: &Value) -> Value {
    let components: Vec<&str> = items(&spec["components"]).iter().map(text).collect();
    let mut environment =
        vec![json!({ "name": "SPIN_COMPONENTS_TO_RETAIN", "value": components.join(",") })];
    for variable in items(&spec["variables"]) {
        let mut variable = variable.clone();
        let name = text(&variable["name"]).to_uppercase();
        variable["name"] = json!(format!("SPIN_VARIABLE_{name}"));
        environment.push(variable);
    }
    let probe = |check: &Value| {
        let mut probe = check.clone();
        probe["httpGet"]["port"] = json!(80);
        probe
    };
    json!({
        "name": name, "image": spec["image"], "env": environment,
        "ports": [{ "name": "http-app", "containerPort": 80 }],
        "resources": spec["resources"],
        "livenessProbe": probe(&spec["checks"]["liveness"]),
        "readinessProbe": probe(&spec["checks"]["readiness"]),
    })
}
