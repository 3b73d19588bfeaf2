//! `docs/your-own-function.md` says what the files of the example say.

use std::fs;
use std::path::PathBuf;

const GUIDE: &str = "docs/your-own-function.md";
const EXAMPLE: &str = "examples/done-counter";

/// The files of the example that the guide shows from beginning to end.
const WHOLE: [&str; 5] = [
    "src/lib.rs",
    "src/routes.rs",
    "spin.toml",
    "dapr-components/subscriptions/task-events.done-counter.yaml",
    "dapr-components/access/done-counter.yaml",
];

/// What a reader types, and what they see.
const COMMANDS: [&str; 2] = ["sh", "console"];

fn read(name: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A block of code: what kind it is of, the file that the comment above it names, and its lines.
struct Block<'a> {
    kind: &'a str,
    file: Option<&'a str>,
    lines: Vec<&'a str>,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let (mut above, mut lines) = ("", document.lines());
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let comment = above.strip_prefix("<!-- ");
            blocks.push(Block {
                kind,
                file: comment.and_then(|comment| comment.strip_suffix(" -->")),
                lines: lines.by_ref().take_while(|line| *line != "```").collect(),
            });
        }
        above = line;
    }
    blocks
}

/// Seen to fail: with another app-id in the guide, and without the scopes of its subscription.
#[test]
fn the_guide_quotes_the_files_as_they_are() {
    let guide = read(GUIDE);
    let mut whole = Vec::new();
    for block in blocks(&guide) {
        if COMMANDS.contains(&block.kind) {
            continue;
        }
        let file = block.file.expect("the file of a block, in a comment above");
        let text = read(file);
        let lines: Vec<&str> = text.lines().collect();
        let is_passage = lines
            .windows(block.lines.len())
            .any(|passage| passage == block.lines);
        assert!(
            is_passage,
            "{file} does not say:\n{}",
            block.lines.join("\n")
        );
        if lines == block.lines {
            whole.extend(file.strip_prefix(&format!("{EXAMPLE}/")));
        }
    }
    for file in WHOLE {
        assert!(
            whole.contains(&file),
            "the guide does not show all of {file}"
        );
    }
}

/// The command by which Spin builds the example is the one that the guide has people type.
///
/// Seen to fail: without `--release` in the guide.
#[test]
fn the_guide_builds_as_the_manifest_does() {
    let manifest: toml::Table = read(&format!("{EXAMPLE}/spin.toml")).parse().expect("TOML");
    let build = manifest["component"]["done-counter"]["build"]["command"].as_str();
    let guide = read(GUIDE);
    let typed = blocks(&guide)
        .into_iter()
        .filter(|block| block.kind == "sh");
    let typed: Vec<&str> = typed.flat_map(|block| block.lines).collect();
    assert!(typed.contains(&build.expect("a command")), "{typed:?}");
}

/// What is to be changed for a function that stays is there to be changed.
///
/// Seen to fail: with `topic.json` in the guide.
#[test]
fn the_files_that_the_guide_names_are_there() {
    let guide = read(GUIDE);
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: Vec<&str> = rows
        .filter_map(|row| row.split(" |").next())
        .flat_map(|cell| cell.split(['`', ',', ' ']).filter(|name| !name.is_empty()))
        .collect();
    assert!(named.len() > 10, "{named:?}");
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let missing: Vec<&&str> = named
        .iter()
        .filter(|name| !root.join(name).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
