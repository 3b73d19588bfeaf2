//! What a cluster needs before Nudge: Dapr by its own chart, KEDA and the name server by what stands in for theirs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::world::World;
use crate::cluster::controllers::keda;
use crate::cluster::controllers::platform::custom_kinds;
use crate::cluster::tools::{self, helm, output};
use crate::cluster::{chart::RELEASE, crds};
use crate::commands::root;
use nudge_parts::daprd;

/// The namespaces, and whether pods in them are held to a standard.
const NAMESPACES: [(&str, Option<&str>); 3] = [
    (RELEASE, Some("baseline")),
    ("keda", None),
    ("traefik", None),
];

/// The custom kinds of SpinKube, KEDA and its http add-on; `folder` has SpinKube's, which are fetched without it. Dapr's are
/// in its chart.
pub(super) fn definitions(folder: Option<&PathBuf>) -> Result<Vec<Value>> {
    let folders = match folder {
        Some(folder) => vec![folder.clone()],
        None => crds::fetch(&["spin-operator"])?,
    };
    let mut definitions = custom_kinds()?;
    for folder in folders {
        let of_spin = |one: &Value| one["spec"]["group"] == "core.spinkube.dev";
        definitions.extend(crds::in_folder(&folder)?.into_iter().filter(of_spin));
    }
    Ok(definitions)
}

/// Installs all of it, and waits until it runs.
pub(super) fn install(world: &World, definitions: &[Value]) -> Result<()> {
    let mut objects = definitions.to_vec();
    objects.extend(NAMESPACES.map(|(name, standard)| {
        let labels = standard.map(|name| json!({ "pod-security.kubernetes.io/enforce": name }));
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } })
    }));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    world.apply(&list.to_string()).context("the custom kinds")?;
    let certificates = keda::certificates(&world.place)?;
    let from = format!("--from-file={}", certificates.display());
    world.kubectl(&[
        "-n",
        "keda",
        "create",
        "secret",
        "generic",
        "kedacerts",
        &from,
    ])?;
    world.apply(include_str!("platform.yaml"))?;
    dapr(world).context("Dapr")?;
    for namespace in ["kube-system", "keda"] {
        world.wait_for_deployments(namespace)?;
    }
    Ok(())
}

/// Dapr's chart, as `helm/platform` installs it.
fn dapr(world: &World) -> Result<()> {
    let chart = tools::required("daprd", "github.com/dapr/dapr")?.join("charts/dapr");
    let mut helm = Command::new(helm()?);
    helm.args(["upgrade", "--install", "dapr"])
        .arg(chart)
        .args([
            "-n",
            "dapr-system",
            "--create-namespace",
            "--wait",
            "--timeout",
            "10m",
        ])
        .arg("--values")
        .arg(root().join("helm/platform/values/dapr.yaml"))
        // The chart of a release is stamped with its version, its source is not.
        .args(["--set", &format!("global.tag={}", daprd::VERSION)]);
    output(world.server().address(&mut helm)).map(drop)
}
