//! `spin.toml`, as far as the chart and the image must agree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::commands::root;

/// The manifest.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Manifest {
    pub(super) application: Map<String, Value>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) trigger: BTreeMap<String, Vec<Trigger>>,
    pub(super) component: BTreeMap<String, Component>,
}

/// `[variables]`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Variable {
    pub(super) default: Option<String>,
    #[serde(default)]
    pub(super) secret: bool,
}

/// `[[trigger.http]]`, with whatever else the trigger is told.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Trigger {
    pub(super) component: String,
    #[serde(flatten)]
    pub(super) settings: Map<String, Value>,
}

/// `[component.<id>]`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Component {
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) files: Vec<Value>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads the repository's manifest.
    pub(super) fn read() -> Result<Self> {
        let file = root().join("spin.toml");
        let text =
            fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
        toml::from_str(&text).with_context(|| format!("in {}", file.display()))
    }

    /// The paths of a component that people may call, as prefixes: `/api/tasks/...` is `/api/tasks`. What Dapr calls lies
    /// under the component's own name.
    pub(super) fn public_paths(&self, component: &str) -> BTreeSet<String> {
        let own = format!("/{component}/");
        self.trigger
            .values()
            .flatten()
            .filter(|trigger| trigger.component == component)
            .filter_map(|trigger| trigger.settings.get("route").and_then(Value::as_str))
            .filter(|route| !route.starts_with(&own))
            .map(
                |route| match route.trim_end_matches("...").trim_end_matches('/') {
                    "" => "/".to_owned(),
                    path => path.to_owned(),
                },
            )
            .collect()
    }

    /// The application variables that a component's own are made of.
    pub(super) fn application_variables(&self, component: &str) -> BTreeSet<&str> {
        let templates = self
            .component
            .get(component)
            .into_iter()
            .flat_map(|component| component.variables.values());
        templates
            .flat_map(|template| template.split("{{").skip(1))
            .filter_map(|rest| rest.split("}}").next())
            .map(str::trim)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_paths_are_those_outside_of_the_functions_own_name() {
        let manifest: Manifest = toml::from_str(
            r#"
            [application]
            name = "x"
            [[trigger.http]]
            route = "/api/tasks/..."
            component = "task-service"
            [[trigger.http]]
            route = "/task-service/..."
            component = "task-service"
            [[trigger.http]]
            route = "/..."
            component = "web-app"
            [component.task-service]
            source = "t.wasm"
            [component.task-service.variables]
            dapr_url = "{{ task_service_dapr_url }}"
            both = "{{a}}-{{ b }}"
            [component.web-app]
            source = "w.wasm"
            "#,
        )
        .expect("is a manifest");
        assert_eq!(
            manifest.public_paths("task-service"),
            BTreeSet::from(["/api/tasks".to_owned()])
        );
        assert_eq!(
            manifest.public_paths("web-app"),
            BTreeSet::from(["/".to_owned()])
        );
        assert_eq!(
            manifest.application_variables("task-service"),
            BTreeSet::from(["a", "b", "task_service_dapr_url"])
        );
    }
}
