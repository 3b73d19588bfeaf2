//! That what runs here is what `helm/platform` installs.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cluster::objects::{self, items, text};
use crate::cluster::{crds, tools};
use crate::commands::root;

/// The releases of `helm/platform`, and the modules in `third-party/` that they are built from here.
const MODULES: [(&str, &str, &str); 3] = [
    ("keda", "keda", "github.com/kedacore/keda/v2"),
    (
        "keda-add-ons-http",
        "keda-http",
        "github.com/kedacore/http-add-on",
    ),
    ("dapr", "daprd", "github.com/dapr/dapr"),
];

/// All kinds that KEDA and its http add-on look after: their programs end when one is missing.
pub(in crate::cluster) fn custom_kinds() -> Result<Vec<Value>> {
    let mut definitions = Vec::new();
    for (_, tool, module) in &MODULES[..2] {
        let folder = tools::required(tool, module)?.join("config/crd/bases");
        definitions.extend(crds::in_folder(&folder)?);
    }
    Ok(definitions)
}

/// The modules have the versions that are installed.
pub(in crate::cluster) fn same_versions() -> Result<()> {
    let helmfile = objects::parse(&fs::read_to_string(
        root().join("helm/platform/helmfile.yaml"),
    )?)?;
    let releases = items(&helmfile.first().context("an empty helmfile")?["releases"]);
    for (name, tool, module) in MODULES {
        let release = releases.iter().find(|release| release["name"] == name);
        let version = text(&release.with_context(|| format!("no release {name}"))?["version"]);
        let required = fs::read_to_string(root().join("third-party").join(tool).join("go.mod"))?;
        let line = format!("{module} v{version}");
        let same = required
            .lines()
            .any(|one| one.trim().trim_start_matches("require ") == line);
        ensure!(
            same,
            "helm/platform installs {line}, and third-party/{tool} requires another"
        );
    }
    Ok(())
}
