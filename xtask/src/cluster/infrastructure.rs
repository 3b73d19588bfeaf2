//! What the chart expects of the clouds' definitions.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::chart;
use crate::commands::root;

/// Every secret that the chart takes from outside is made: by the module that knows its value, and in each cloud that has a
/// store, under the name that the chart asks for.
pub(super) fn makes_every_secret() -> Result<()> {
    let values = fs::read_to_string(chart::folder().join("values-prod.yaml"))?;
    let values: Value = serde_yaml_ng::from_str(&values)?;
    let wanted = values["secrets"]["external"]["remoteKeys"].as_object();
    let module = definition("modules/application-secrets")?;
    let clouds = [
        ("google", definition("google")?),
        ("azure", definition("azure")?),
    ];
    for (key, remote) in wanted.context("values-prod.yaml names no secrets")? {
        ensure!(
            assigns(&module, key, "").is_some(),
            "infra/modules/application-secrets lacks {key}"
        );
        for (cloud, text) in &clouds {
            ensure!(
                assigns(text, key, &remote.to_string()).is_some(),
                "infra/{cloud} does not make {key} under the name {remote}"
            );
        }
    }
    Ok(())
}

fn definition(folder: &str) -> Result<String> {
    let file = root().join("infra").join(folder).join("main.tf");
    fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))
}

/// The line that gives `key` a value which begins with `value`.
fn assigns<'a>(text: &'a str, key: &str, value: &str) -> Option<&'a str> {
    text.lines().find(|line| {
        line.split_once('=')
            .is_some_and(|(left, right)| left.trim() == key && right.trim().starts_with(value))
    })
}

#[cfg(test)]
mod tests {
    use super::assigns;

    #[test]
    fn an_assignment_is_found_by_key_and_value() {
        let text = "  token    = \"nudge-token\"\n  grip_key = x\n";
        assert!(assigns(text, "token", "\"nudge-token\"").is_some());
        assert!(assigns(text, "token", "\"other\"").is_none());
        assert!(assigns(text, "grip", "").is_none());
    }
}
