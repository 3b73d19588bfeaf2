//! `spin.toml`, as Spin reads it: manifest version 2, strict.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A Spin application manifest, version 2. Fields that Spin does not know are refused, as Spin refuses them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    spin_manifest_version: u32,
    /// Name and version.
    pub application: Application,
    /// Application variables by name.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// What calls the components.
    pub trigger: Triggers,
    /// Components by id.
    pub component: BTreeMap<String, Component>,
}

/// `[application]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The application's name.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
}

/// `[variables]`: either a default or `required`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The value where nothing else says one.
    pub default: Option<String>,
    /// Whether there must be a value.
    #[serde(default)]
    pub required: bool,
    /// Whether the value stays out of logs.
    #[serde(default)]
    pub secret: bool,
}

/// `[[trigger.…]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// `[[trigger.http]]`
    pub http: Vec<HttpTrigger>,
}

/// One `[[trigger.http]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    /// The path, or `{ private = true }`.
    pub route: Route,
    /// The component's id.
    pub component: String,
}

/// A route of the outside, or none.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Route {
    /// `/api/tasks/...`
    Public(String),
    /// `{ private = true }`: only other components can call it.
    Private {
        /// Always true.
        private: bool,
    },
}

/// `[component.<id>]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The `.wasm` file, relative to the manifest.
    pub source: PathBuf,
    #[serde(default, rename = "description")]
    _description: String,
    /// What it may connect to; templates of application variables.
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// Its variables: templates of application variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What fills its imports, by interface.
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    #[serde(default, rename = "build")]
    _build: Option<toml::Table>,
}

/// `[component.<id>.dependencies]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// The component file, relative to the manifest.
    pub path: PathBuf,
}

impl Manifest {
    /// Reads the manifest at `path`; its relative paths become relative to the current folder.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("can't read {}", path.display()))?;
        let mut manifest = Self::parse(&text)
            .with_context(|| format!("{} is no manifest that Spin takes", path.display()))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        for component in manifest.component.values_mut() {
            component.source = folder.join(&component.source);
            for dependency in component.dependencies.values_mut() {
                dependency.path = folder.join(&dependency.path);
            }
        }
        Ok(manifest)
    }

    fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        if manifest.spin_manifest_version != 2 {
            bail!(
                "spin_manifest_version must be 2, not {}",
                manifest.spin_manifest_version
            );
        }
        for trigger in &manifest.trigger.http {
            if !manifest.component.contains_key(&trigger.component) {
                bail!(
                    "a trigger names the component {:?}, which is not there",
                    trigger.component
                );
            }
            if matches!(trigger.route, Route::Private { private: false }) {
                bail!(
                    "the route of {:?} must be a path or {{ private = true }}",
                    trigger.component
                );
            }
        }
        for (name, variable) in &manifest.variables {
            if variable.required == variable.default.is_some() {
                bail!("the variable {name} needs either a default or required = true");
            }
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "nudge"
        [variables]
        a = { default = "x" }
        [[trigger.http]]
        route = "/a/..."
        component = "a"
        [component.a]
        source = "a.wasm"
    "#;

    #[test]
    fn what_spin_takes_is_taken() {
        let manifest = Manifest::parse(GOOD).expect("a manifest");
        assert_eq!(manifest.component["a"].source, Path::new("a.wasm"));
    }

    #[test]
    fn what_spin_refuses_is_refused() {
        let cases = [
            (
                "spin_manifest_version = 2",
                "spin_manifest_version = 1",
                "must be 2",
            ),
            ("source", "sauce", "unknown field"),
            (r#"component = "a""#, r#"component = "b""#, "not there"),
            (r#"{ default = "x" }"#, "{ }", "needs either"),
            (r#""/a/...""#, "{ private = false }", "private = true"),
        ];
        for (from, to, expected) in cases {
            let error = format!(
                "{:#}",
                Manifest::parse(&GOOD.replace(from, to)).expect_err(to)
            );
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
