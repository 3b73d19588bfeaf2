//! The house rules that no compiler knows: sizes, names, what may depend on what, links that lead somewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Most lines of a source file. A longer one has a seam.
const MAX_LINES: usize = 600;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "utils", "util", "helpers", "helper", "common", "manager", "misc", "shared",
];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The files that git knows, with their texts.
fn files() -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    let names = String::from_utf8(listed.stdout).expect("names in UTF-8");
    names
        .lines()
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?)))
        .collect()
}

fn is_source(name: &str) -> bool {
    [".rs", ".ts", ".svelte", ".go"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn complain(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn source_files_have_a_size_that_a_reader_can_hold() {
    let complaints: Vec<String> = files()
        .iter()
        .filter(|(name, _)| is_source(name))
        // Nobody edits what a test writes.
        .filter(|(_, text)| !text.starts_with("// Written from "))
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(name, lines)| format!("{name} has {lines} lines; find its seam"))
        .collect();
    complain(&complaints);
}

#[test]
fn files_and_folders_are_named_after_what_is_in_them() {
    let is_empty = |part: &str| {
        let stem = part.split('.').next().unwrap_or_default();
        EMPTY_NAMES.contains(&stem)
    };
    let complaints: Vec<String> = files()
        .into_iter()
        .filter(|(name, _)| name.split('/').any(is_empty))
        .map(|(name, _)| format!("{name} has a name that says nothing"))
        .collect();
    complain(&complaints);
}

#[test]
fn nothing_is_left_for_later_and_no_machine_is_named() {
    let banned = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("dbg", "!("),
        concat!("/ro", "ot/"),
    ];
    let mut complaints = Vec::new();
    for (name, text) in files().iter().filter(|(name, _)| is_source(name)) {
        for (number, line) in (1..).zip(text.lines()) {
            for word in banned.iter().filter(|word| line.contains(**word)) {
                complaints.push(format!("{name}:{number} has {word}"));
            }
        }
    }
    complain(&complaints);
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut complaints = Vec::new();
    for (name, text) in files().iter().filter(|(name, _)| name.ends_with(".md")) {
        let folder = root().join(name);
        let folder = folder.parent().unwrap_or(Path::new("."));
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split(['#', ' ']).next().unwrap_or_default();
            let is_elsewhere =
                target.is_empty() || target.contains("://") || target.starts_with('/');
            if !is_elsewhere && !folder.join(target).exists() {
                complaints.push(format!("{name} links to {target}, which is not there"));
            }
        }
    }
    complain(&complaints);
}

/// What each of our packages may depend on, beside the outside world: docs/architecture.md says the same in words.
#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = [
        ("domain", &[][..]),
        ("language", &["domain"]),
        ("events", &["domain"]),
        ("grip", &[]),
        ("api", &["domain", "events"]),
        ("dapr", &["domain", "events"]),
        ("function", &["api", "dapr", "domain", "events"]),
        ("nudge-gateway", &["grip"]),
        ("nudge-sidecar", &[]),
        ("nudge-host", &["nudge-gateway", "nudge-sidecar"]),
        ("ports", &[]),
        ("nudge-broker", &["domain", "events"]),
        ("nudge-parts", &["ports"]),
        (
            "nudge",
            &["nudge-broker", "nudge-host", "nudge-parts", "nudge-sidecar"],
        ),
    ]
    .into();
    let of_functions: &[&str] = &[
        "api", "dapr", "domain", "events", "grip", "function", "language",
    ];
    let ours: Vec<&str> = allowed.keys().copied().collect();
    let mut complaints = Vec::new();
    for (name, text) in files()
        .iter()
        .filter(|(name, _)| name.ends_with("Cargo.toml"))
    {
        let package = text
            .lines()
            .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        let Some(package) = package else { continue };
        let allowed = match allowed.get(package) {
            Some(allowed) => allowed,
            None if ["functions/", "examples/"]
                .iter()
                .any(|of| name.starts_with(of)) =>
            {
                &of_functions
            }
            None => continue,
        };
        for dependency in dependencies(text) {
            let is_function = root().join("functions").join(dependency).is_dir();
            if (ours.contains(&dependency) || is_function) && !allowed.contains(&dependency) {
                complaints.push(format!("{package} must not depend on {dependency}"));
            }
        }
    }
    complain(&complaints);
}

/// The names below `[dependencies]`.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split([' ', '.']).next())
        .filter(|name| !name.is_empty())
}
