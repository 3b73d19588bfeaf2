//! A release's life in a real API server: installed, upgraded, rolled back, uninstalled.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::api_server::{ApiServer, DRY_RUN};
use super::chart::{self, RELEASE, Rendered};
use super::objects::{items, name, text};
use super::tools::{helm, output};

/// Creates the custom kinds and the namespaces that the chart expects.
pub(super) fn prepare(server: &ApiServer, definitions: &[Value]) -> Result<()> {
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": definitions });
    server
        .feed(&["apply", "--server-side", "-f", "-"], &list.to_string())
        .context("the custom kinds")?;
    output(&mut server.kubectl(&[
        "wait",
        "--for=condition=Established",
        "crd",
        "--all",
        "--timeout=120s",
    ]))?;
    for namespace in [RELEASE, "keda", DRY_RUN] {
        output(&mut server.kubectl(&["create", "namespace", namespace]))?;
    }
    // A pod is refused when its account is not there, and a dry run makes none.
    output(&mut server.kubectl(&[
        "create",
        "serviceaccount",
        "nudge-jobs",
        "--namespace",
        DRY_RUN,
    ]))?;
    Ok(())
}

/// Installs what was rendered for one place, and takes it through its life.
pub(super) fn run(server: &ApiServer, rendered: &Rendered) -> Result<()> {
    let place = rendered.place;
    let upgrade = |set: &[&str]| -> Result<()> {
        let mut command = chart::command(&["upgrade", "--install"], place)?;
        command.args(["--reset-values"]);
        for setting in set {
            command.args(["--set", setting]);
        }
        output(server.address(&mut command)).map(drop)
    };
    upgrade(&[]).context("installing")?;
    everything_is_there(server, rendered)?;
    let token = secret(server)?;
    ensure!(
        most_replicas(server)? == 10,
        "task-service may not grow to 10 after the installation"
    );

    upgrade(&["functions.task-service.replicas.max=3"]).context("upgrading")?;
    ensure!(most_replicas(server)? == 3, "the upgrade changed nothing");
    ensure!(secret(server)? == token, "an upgrade made up other secrets");

    let mut rollback = Command::new(helm()?);
    output(server.address(rollback.args(["rollback", RELEASE, "1", "--namespace", RELEASE])))?;
    ensure!(most_replicas(server)? == 10, "the rollback changed nothing");
    ensure!(secret(server)? == token, "a rollback made up other secrets");

    let mut uninstall = Command::new(helm()?);
    output(server.address(uninstall.args(["uninstall", RELEASE, "--namespace", RELEASE])))?;
    nothing_is_left(server, rendered)
}

/// What the API server has is what was rendered, but for the test's hooks.
fn everything_is_there(server: &ApiServer, rendered: &Rendered) -> Result<()> {
    let (expected, present) = (installed(rendered).count(), present(server, rendered)?);
    ensure!(
        present.len() == expected,
        "{} of {expected} objects were installed",
        present.len()
    );
    Ok(())
}

/// Only the secrets outlive a release: data that they unlock may still be there.
fn nothing_is_left(server: &ApiServer, rendered: &Rendered) -> Result<()> {
    let kept =
        |object: &&Value| object["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep";
    let kept: Vec<String> = installed(rendered)
        .filter(kept)
        .map(|object| name(object).to_lowercase())
        .collect();
    let left = present(server, rendered)?;
    ensure!(
        left == kept,
        "after the uninstallation there is {left:?}, and {kept:?} was to stay"
    );
    Ok(())
}

fn installed(rendered: &Rendered) -> impl Iterator<Item = &Value> {
    rendered
        .objects
        .iter()
        .filter(|object| object["metadata"]["annotations"]["helm.sh/hook"].is_null())
}

/// Which objects of the release the API server has, as `kind/name`.
fn present(server: &ApiServer, rendered: &Rendered) -> Result<Vec<String>> {
    let items: Vec<&Value> = installed(rendered).collect();
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let arguments = [
        "get",
        "--ignore-not-found",
        "--output",
        "name",
        "--namespace",
        RELEASE,
        "--filename",
        "-",
    ];
    let names = server.feed(&arguments, &list.to_string())?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn get(server: &ApiServer, kind: &str, named: &str) -> Result<Value> {
    let json = output(&mut server.kubectl(&[
        "get",
        kind,
        named,
        "--namespace",
        RELEASE,
        "--output",
        "json",
    ]))?;
    Ok(serde_json::from_str(&json)?)
}

fn most_replicas(server: &ApiServer) -> Result<u64> {
    let object = get(server, "scaledobject", "task-service")?;
    object["spec"]["maxReplicaCount"]
        .as_u64()
        .context("task-service has no maxReplicaCount")
}

fn secret(server: &ApiServer) -> Result<String> {
    let secret = get(server, "secret", RELEASE)?;
    let token = text(&secret["data"]["token"]).to_owned();
    ensure!(!token.is_empty(), "the Secret has no token");
    let app = get(server, "spinapp", "task-service")?;
    let taken = items(&app["spec"]["variables"])
        .iter()
        .any(|variable| variable["valueFrom"]["secretKeyRef"]["key"] == "token");
    ensure!(taken, "task-service does not take the token of the Secret");
    Ok(token)
}
