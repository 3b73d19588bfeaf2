//! The contract between the functions, held against what stands beside it: JSON Schemas, Dapr's files, spin.toml and
//! the documents. `UPDATE_EXPECT=1 cargo test -p events` writes the generated ones anew.

mod asyncapi;
mod delivery;
mod instants;
mod schemas;
mod versions;
mod wiring;

use std::path::PathBuf;

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
