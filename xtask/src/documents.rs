//! What documents name must be there.

use std::fs;
use std::path::Path;

use crate::commands::root;

/// The tests that `docs/security.md` names in the last column of its table of threats.
fn named() -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md");
    let threats = text.split("## ").find(|part| part.starts_with("Threats"));
    let rows = threats.expect("a part about threats").lines();
    let last = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let names = last.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // Commands have spaces in them.
    names
        .filter(|name| !name.contains(' '))
        .map(str::to_owned)
        .collect()
}

fn read(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, text);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            text.push_str(&fs::read_to_string(path).expect("a file"));
        }
    }
}

#[test]
fn the_tests_that_the_threat_model_names_are_there() {
    let mut sources = String::new();
    for folder in ["crates", "functions", "host", "nudge", "tests", "xtask"] {
        read(&root().join(folder), &mut sources);
    }
    let named = named();
    assert!(named.len() > 40, "{named:?}");
    let missing: Vec<&String> = named
        .iter()
        .filter(|name| !sources.contains(&format!("fn {name}(")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
