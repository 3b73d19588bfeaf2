//! The chart `helm/nudge`, rendered: for each kind of place, compared with the output that is in the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::objects::{self, text};
use super::tools::{helm, output};
use crate::commands::root;

/// The release and the namespace that the checks render for.
pub(super) const RELEASE: &str = "nudge";

/// A way to install the chart.
pub(super) struct Place {
    /// What the output is called.
    pub(super) name: &'static str,
    /// The file of values, in the chart's folder.
    pub(super) values: &'static str,
    /// Further `--set` arguments.
    pub(super) set: &'static [&'static str],
    /// Whether its output is kept in the repository, for a reviewer to see what changes.
    pub(super) kept: bool,
}

/// All that are checked.
pub(super) const PLACES: [Place; 3] = [
    Place {
        name: "dev",
        values: "values-dev.yaml",
        set: &[],
        kept: true,
    },
    Place {
        name: "prod",
        values: "values-prod.yaml",
        set: &[],
        kept: true,
    },
    Place {
        name: "gateway",
        values: "values-prod.yaml",
        set: &[
            "ingress.enabled=false",
            "gateway.enabled=true",
            "gateway.name=public",
            "scaling.timetable.enabled=false",
        ],
        kept: false,
    },
];

/// What a place gets.
pub(super) struct Rendered {
    pub(super) place: &'static Place,
    /// The YAML as helm wrote it.
    pub(super) yaml: String,
    pub(super) objects: Vec<Value>,
}

/// The chart's folder.
pub(super) fn folder() -> PathBuf {
    root().join("helm/nudge")
}

/// A helm command for a release of the chart at a place: `upgrade --install`, `template`, …
pub(super) fn command(verb: &[&str], place: &Place) -> Result<Command> {
    let mut command = Command::new(helm()?);
    command
        .args(verb)
        .arg(RELEASE)
        .arg(folder())
        .args(["--namespace", RELEASE]);
    command.arg("--values").arg(folder().join(place.values));
    for setting in place.set {
        command.args(["--set", setting]);
    }
    Ok(command)
}

/// Renders the chart for every place.
pub(super) fn render() -> Result<Vec<Rendered>> {
    PLACES.iter().map(render_for).collect()
}

fn render_for(place: &'static Place) -> Result<Rendered> {
    let yaml = output(&mut command(&["template"], place)?)
        .with_context(|| format!("rendering for {}", place.name))?;
    let objects = objects::parse(&yaml).with_context(|| format!("rendered for {}", place.name))?;
    ensure!(
        !objects.is_empty(),
        "nothing is rendered for {}",
        place.name
    );
    Ok(Rendered {
        place,
        yaml,
        objects,
    })
}

/// `helm lint`, with every warning an error.
pub(super) fn lint() -> Result<()> {
    for place in &PLACES {
        let mut command = Command::new(helm()?);
        command
            .args(["lint", "--strict"])
            .arg(folder())
            .arg("--values")
            .arg(folder().join(place.values));
        for setting in place.set {
            command.args(["--set", setting]);
        }
        output(&mut command).with_context(|| format!("linting for {}", place.name))?;
    }
    Ok(())
}

/// Compares what is rendered with `helm/nudge/tests/`; writes it there when `bless`.
pub(super) fn compare(rendered: &Rendered, bless: bool) -> Result<()> {
    if !rendered.place.kept {
        return Ok(());
    }
    let file = folder()
        .join("tests")
        .join(format!("{}.yaml", rendered.place.name));
    let now = reviewable(&rendered.objects)?;
    if bless {
        return Ok(fs::write(&file, now)?);
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == now {
        return Ok(());
    }
    bail!(
        "{} is not what the chart renders ({}); look at the change and keep it by cargo xtask test cluster --bless",
        file.display(),
        first_difference(&kept, &now)
    )
}

/// The objects in a fixed order and without what is made up anew each time.
fn reviewable(objects: &[Value]) -> Result<String> {
    let mut objects = objects.to_vec();
    for object in &mut objects {
        if object["metadata"]["annotations"]["nudge.dev/generated"] == "true"
            && let Some(data) = object["stringData"].as_object_mut()
        {
            data.values_mut()
                .for_each(|value| *value = json!("made up at install"));
        }
    }
    objects.sort_by_key(|object| {
        (
            text(&object["kind"]).to_owned(),
            text(&object["metadata"]["name"]).to_owned(),
        )
    });
    let mut yaml =
        String::from("# What the chart renders, written by `cargo xtask test cluster --bless`.\n");
    for object in &objects {
        yaml.push_str("---\n");
        yaml.push_str(&serde_yaml_ng::to_string(object)?);
    }
    Ok(yaml)
}

fn first_difference(old: &str, new: &str) -> String {
    let line = old
        .lines()
        .zip(new.lines())
        .position(|(old, new)| old != new);
    let line = line.unwrap_or_else(|| old.lines().count().min(new.lines().count()));
    let show = |text: &str| {
        text.lines()
            .nth(line)
            .unwrap_or("nothing")
            .trim()
            .to_owned()
    };
    format!("line {}: {} is now {}", line + 1, show(old), show(new))
}

/// The packaged chart holds the very files of `dapr-components/`: links in the chart's folder lead there, and packaging
/// puts the files in their place.
pub(super) fn packages_whole(scratch: &Path) -> Result<()> {
    let made = scratch.join("package");
    output(
        Command::new(helm()?)
            .arg("package")
            .arg(folder())
            .arg("--destination")
            .arg(&made),
    )?;
    let archive = fs::read_dir(&made)?
        .next()
        .context("helm package made nothing")??
        .path();
    output(
        Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("-C")
            .arg(&made),
    )?;
    for linked in ["dapr-components", "observability", "runtime-class"] {
        same_folder(&root().join(linked), &made.join("nudge").join(linked))?;
    }
    Ok(())
}

fn same_folder(source: &Path, packaged: &Path) -> Result<()> {
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let twin = packaged.join(entry.file_name());
        if entry.path().is_dir() {
            same_folder(&entry.path(), &twin)?;
        } else {
            let packaged =
                fs::read(&twin).with_context(|| format!("the package lacks {}", twin.display()))?;
            ensure!(
                packaged == fs::read(entry.path())?,
                "{} differs in the package",
                entry.path().display()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_secrets_are_left_out_of_the_kept_output() {
        let secret = json!({
            "kind": "Secret", "metadata": {"name": "s", "annotations": {"nudge.dev/generated": "true"}},
            "stringData": {"token": "abc"}
        });
        let kept = reviewable(&[secret]).expect("is written");
        assert!(
            !kept.contains("abc") && kept.contains("token: made up"),
            "{kept}"
        );
    }

    #[test]
    fn a_difference_is_shown_by_its_line() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), "line 2: b is now c");
        assert_eq!(
            first_difference("a\n", "a\nc\n"),
            "line 2: nothing is now c"
        );
    }
}
