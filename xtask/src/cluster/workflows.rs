//! The pipeline's definition: what GitHub would refuse, and what a careful reviewer would.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::tools::{actionlint, output, zizmor};
use crate::commands::root;

/// Runs actionlint, zizmor, and our own rules for the supply chain.
pub(super) fn check() -> Result<()> {
    output(Command::new(actionlint()?).current_dir(root()))?;
    output(
        Command::new(zizmor()?)
            .args(["--offline", "--quiet", ".github"])
            .current_dir(root()),
    )?;
    let mut wrong = Vec::new();
    for file in files()? {
        let text = fs::read_to_string(&file)?;
        let workflow: Value =
            serde_yaml_ng::from_str(&text).with_context(|| format!("in {}", file.display()))?;
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        wrong.extend(
            faults(&workflow)
                .into_iter()
                .map(|fault| format!("{name}: {fault}")),
        );
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        bail!("{}", wrong.join("\n"))
    }
}

fn files() -> Result<Vec<PathBuf>> {
    let folder = root().join(".github/workflows");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("can't read {}", folder.display()))?;
    let files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    ensure!(!files.is_empty(), "no workflows");
    Ok(files)
}

/// What would let somebody else's code or words do more than they should.
fn faults(workflow: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if workflow["permissions"].is_null() {
        faults.push("says no permissions, so jobs have the repository's default".to_owned());
    }
    if !workflow["on"]["pull_request_target"].is_null() {
        faults.push("runs other people's code with our rights (pull_request_target)".to_owned());
    }
    for (id, job) in workflow["jobs"].as_object().into_iter().flatten() {
        if job["uses"].is_null() && job["timeout-minutes"].is_null() {
            faults.push(format!("{id} may run for hours (timeout-minutes)"));
        }
        for step in job["steps"].as_array().into_iter().flatten() {
            faults.extend(step_faults(id, step));
        }
    }
    faults
}

fn step_faults(job: &str, step: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(action) = step["uses"].as_str() {
        if !is_pinned(action) {
            faults.push(format!(
                "{job} uses {action}, which can become something else"
            ));
        }
        if action.starts_with("actions/checkout@") && step["with"]["persist-credentials"] != false {
            faults.push(format!(
                "{job} leaves its token in the checkout (persist-credentials)"
            ));
        }
    }
    if let Some(script) = step["run"].as_str()
        && script.contains("${{")
    {
        faults.push(format!(
            "{job} puts an expression into a script; hand it over by env: {}",
            script.lines().next().unwrap_or_default()
        ));
    }
    faults
}

/// Our own, or somebody else's by a commit's digest.
fn is_pinned(action: &str) -> bool {
    action.starts_with("./")
        || action.split_once('@').is_some_and(|(_, version)| {
            version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn actions_are_pinned() {
        for (action, pinned) in [
            ("actions/checkout@v5.0.0", false),
            ("actions/checkout@v5", false),
            ("actions/checkout@main", false),
            ("actions/checkout", false),
            ("a/b@0123456789abcdef0123456789abcdef01234567", true),
            ("./.github/workflows/check.yaml", true),
        ] {
            assert_eq!(is_pinned(action), pinned, "{action}");
        }
    }

    #[test]
    fn faults_are_found() {
        let careless = json!({"on": {"pull_request_target": {}}, "jobs": {"build": {"steps": [
            {"uses": "actions/checkout@v5"},
            {"run": "echo ${{ github.event.pull_request.title }}"}
        ]}}});
        assert_eq!(faults(&careless).len(), 6, "{:?}", faults(&careless));
        let careful = json!({"on": {"pull_request": {}}, "permissions": {}, "jobs": {"build": {"timeout-minutes": 5, "steps": [
            {"uses": "actions/checkout@0123456789abcdef0123456789abcdef01234567", "with": {"persist-credentials": false}},
            {"run": "echo \"$TITLE\"", "env": {"TITLE": "${{ github.event.pull_request.title }}"}}
        ]}}});
        assert_eq!(faults(&careful), Vec::<String>::new());
    }
}
