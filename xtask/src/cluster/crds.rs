//! The custom kinds that the chart uses, as the projects publish them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::objects;
use super::tools::{go_module, output};
use crate::commands::root;
use nudge_parts::cache;

/// Gateway API's kinds come as a Go module, wherever the rest comes from.
const GATEWAY_API: (&str, &str) = ("sigs.k8s.io/gateway-api", "v1.6.3");
const GATEWAY_KINDS: [&str; 4] = [
    "gatewayclasses",
    "gateways",
    "httproutes",
    "referencegrants",
];

/// Every CustomResourceDefinition in `folder` and of Gateway API.
pub(super) fn load(folder: Option<&Path>) -> Result<Vec<Value>> {
    let folders = match folder {
        Some(folder) => vec![folder.to_owned()],
        None => fetch(&[])?,
    };
    let mut files = Vec::new();
    for folder in &folders {
        collect(folder, &mut files)?;
    }
    let (module, version) = GATEWAY_API;
    let gateway = go_module(module, version)?.join("config/crd/standard");
    files.extend(
        GATEWAY_KINDS.map(|kind| gateway.join(format!("gateway.networking.k8s.io_{kind}.yaml"))),
    );
    let definitions = definitions(&files)?;
    ensure!(
        definitions.len() > GATEWAY_KINDS.len(),
        "no custom kinds in {folders:?}"
    );
    Ok(definitions)
}

/// Every CustomResourceDefinition in a folder.
pub(super) fn in_folder(folder: &Path) -> Result<Vec<Value>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let definitions = definitions(&files)?;
    ensure!(!definitions.is_empty(), "no custom kinds in {folder:?}");
    Ok(definitions)
}

fn definitions(files: &[PathBuf]) -> Result<Vec<Value>> {
    let mut definitions = Vec::new();
    for file in files {
        let text =
            fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
        let found = objects::parse(&text).with_context(|| format!("in {}", file.display()))?;
        definitions.extend(
            found
                .into_iter()
                .filter(|object| object["kind"] == "CustomResourceDefinition"),
        );
    }
    Ok(definitions)
}

/// One entry of `helm/platform/crds.yaml`.
#[derive(Deserialize)]
struct Source {
    name: String,
    version: String,
    urls: Vec<String>,
}

/// Fetches what `helm/platform/crds.yaml` lists: the named ones, or all when none is named.
pub(super) fn fetch(names: &[&str]) -> Result<Vec<PathBuf>> {
    let list = fs::read_to_string(root().join("helm/platform/crds.yaml"))?;
    let sources: Vec<Source> = serde_yaml_ng::from_str(&list)?;
    let wanted = sources
        .iter()
        .filter(|source| names.is_empty() || names.contains(&source.name.as_str()));
    let fetched = wanted.map(
        |Source {
             name,
             version,
             urls,
         }| {
            cache::once(&format!("crds-{name}-{version}"), |draft| {
                eprintln!("Fetching the custom kinds of {name} {version} …");
                for (number, url) in urls.iter().enumerate() {
                    let url = url.replace("{version}", version);
                    let file = draft.join(format!("{number:02}.yaml"));
                    output(
                        Command::new("curl")
                            .args(["-fsSL", "--retry", "3", "-o"])
                            .arg(file)
                            .arg(&url),
                    )
                    .with_context(|| {
                        format!("{url}; a folder that has them is taken by --crds DIR")
                    })?;
                }
                Ok(())
            })
        },
    );
    fetched.collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
    Ok(())
}
