//! No two files of a crate use each other, directly or through others: whoever reads one of them need not know the other first.

mod circles;
mod modules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use circles::circles;
use modules::{Imports, imports};
use serde_json::Value;

/// Circles that are still there, each with all of its files. The list only gets shorter: a circle that is gone fails the test
/// until its line is taken out.
const KNOWN: &[&[&str]] = &[
    &[
        "xtask/src/cluster/controllers/functions.rs",
        "xtask/src/cluster/controllers/http.rs",
        "xtask/src/cluster/controllers/mod.rs",
        "xtask/src/cluster/controllers/world.rs",
    ],
    &[
        "xtask/src/cluster/node/release.rs",
        "xtask/src/cluster/node/world.rs",
    ],
];

/// Files and folders that stand on each other, the lowest first. None imports anything of those behind it.
const FLOORS: &[&[&str]] = &[
    &[
        "crates/language/src/vocabulary",
        "crates/language/src/phrases",
        "crates/language/src/matchers",
        "crates/language/src/decisions",
    ],
    &[
        "functions/chatbot/src/intent/vocabulary.rs",
        "functions/chatbot/src/intent/phrases",
        "functions/chatbot/src/intent/message.rs",
        "functions/chatbot/src/intent/readers",
        "functions/chatbot/src/intent/understand.rs",
    ],
];

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::canonicalize(root).expect("the root of the repository")
}

/// The first file of every library, program and test of the workspace.
fn targets() -> Vec<PathBuf> {
    let listed = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .expect("cargo describes the workspace");
    let described: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let packages = described["packages"].as_array().expect("packages");
    let targets = packages
        .iter()
        .flat_map(|package| package["targets"].as_array().expect("targets"));
    let paths = targets.map(|target| target["src_path"].as_str().expect("a path"));
    paths.map(PathBuf::from).collect()
}

/// The name of a file within the repository.
fn named(file: &Path) -> String {
    let file = fs::canonicalize(file).expect("a file that was read");
    let name = file.strip_prefix(root()).expect("a file of the repository");
    name.to_string_lossy().into_owned()
}

fn imports_of(first: &Path) -> Imports {
    imports(first, &|file| fs::read_to_string(file).ok())
}

#[test]
fn floors_stand_on_those_below_them() {
    let floor = |floors: &[&str], name: &str| {
        let mut floors = floors.iter();
        floors.position(|floor| Path::new(name).starts_with(floor))
    };
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, used) in targets().iter().flat_map(|first| imports_of(first)) {
        let name = named(&file);
        for floors in FLOORS {
            let Some(own) = floor(floors, &name) else {
                continue;
            };
            seen.insert(floors[own]);
            for (other, path) in &used {
                let other = named(other);
                if floor(floors, &other).is_some_and(|other| other > own) {
                    complaints.push(format!("{name} uses {path} of {other}, which stands on it"));
                }
            }
        }
    }
    let all: BTreeSet<&str> = FLOORS.iter().copied().flatten().copied().collect();
    assert_eq!(seen, all, "every floor is there");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn no_files_use_each_other() {
    // Each circle, and what in its files ties them together.
    let mut found: BTreeMap<BTreeSet<String>, String> = BTreeMap::new();
    for first in targets() {
        let imports = imports_of(&first);
        for circle in circles(&imports) {
            let mut ties = String::new();
            for file in &circle {
                for (used, path) in imports[file]
                    .iter()
                    .filter(|(used, _)| circle.contains(*used))
                {
                    ties += &format!("\n  {} uses {path} of {}", named(file), named(used));
                }
            }
            found.insert(circle.iter().map(|file| named(file)).collect(), ties);
        }
    }
    let known: BTreeSet<BTreeSet<String>> = KNOWN
        .iter()
        .map(|circle| circle.iter().map(ToString::to_string).collect())
        .collect();
    let new = found.iter().filter(|(circle, _)| !known.contains(*circle));
    let new = new.map(|(circle, ties)| format!("these use each other: {circle:?}{ties}"));
    let gone = known.iter().filter(|circle| !found.contains_key(*circle));
    let gone = gone.map(|circle| {
        format!("these no longer use each other, take them out of KNOWN: {circle:?}")
    });
    let complaints: Vec<String> = new.chain(gone).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// The circles of a crate with these files, the first of which is its root.
fn planted(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let read = |file: &Path| {
        let text = files.iter().find(|(name, _)| Path::new(name) == file);
        text.map(|(_, text)| (*text).to_owned())
    };
    let found = circles(&imports(Path::new(files[0].0), &read));
    let names = |circle: &BTreeSet<PathBuf>| {
        let names = circle.iter().map(|file| file.display().to_string());
        names.collect()
    };
    found.iter().map(names).collect()
}

#[test]
fn siblings_that_use_each_other_are_found() {
    let found = planted(&[
        ("lib.rs", "mod day; mod date; mod token;"),
        (
            "day.rs",
            "use crate::date::{Date, written}; pub struct Day;",
        ),
        (
            "date.rs",
            "use super::day::Day; pub struct Date; pub fn written() {}",
        ),
        ("token.rs", "use crate::day::Day;"),
    ]);
    assert_eq!(found, [["date.rs", "day.rs"]]);
}

#[test]
fn circles_through_others_paths_and_macros_are_found() {
    let found = planted(&[
        ("main.rs", "mod a; mod b; mod c;"),
        ("a/mod.rs", "pub mod deep; pub const A: u8 = crate::b::B;"),
        ("a/deep.rs", "pub struct Deep;"),
        (
            "b.rs",
            "pub const B: u8 = 1; fn f() { println!(\"{}\", crate::c::C) }",
        ),
        (
            "c.rs",
            "pub const C: u8 = 1; fn f() { use crate::a; let _ = a::A; }",
        ),
    ]);
    assert_eq!(found, [["a/mod.rs", "b.rs", "c.rs"]]);
}

#[test]
fn a_child_that_uses_what_its_parent_defines_is_found_if_the_parent_uses_the_child() {
    let parent = "mod child; pub struct Kept; fn f() -> child::Thing { child::Thing }";
    let child = "use super::Kept; pub struct Thing;";
    let found = planted(&[("lib.rs", parent), ("child.rs", child)]);
    assert_eq!(found, [["child.rs", "lib.rs"]]);
    // A name that is handed on and spoken of, too.
    let parent = "mod child; pub use child::Thing; pub struct Kept(Thing);";
    let found = planted(&[("lib.rs", parent), ("child.rs", child)]);
    assert_eq!(found, [["child.rs", "lib.rs"]]);
}

#[test]
fn declaring_and_handing_on_is_no_circle() {
    let found = planted(&[
        (
            "lib.rs",
            "mod one; mod two; pub use one::One; pub use two::Two; pub struct Kept;",
        ),
        ("one.rs", "use crate::{Kept, Two}; pub struct One;"),
        (
            "two.rs",
            "use crate::Kept; pub struct Two; #[cfg(test)] mod tests { use super::*; }",
        ),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn who_imports_through_a_parent_uses_the_file_that_defines() {
    let found = planted(&[
        (
            "lib.rs",
            "mod one; mod two; pub use one::One; pub use two::*;",
        ),
        ("one.rs", "use crate::Two; pub struct One;"),
        ("two.rs", "use crate::One; pub struct Two;"),
    ]);
    assert_eq!(found, [["one.rs", "two.rs"]]);
}
