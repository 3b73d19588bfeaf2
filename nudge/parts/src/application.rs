//! What the parts run.

use std::path::PathBuf;

/// The program and the files that it runs. Paths are absolute: the parts have working directories of their own.
#[derive(Debug, Clone)]
pub struct Application {
    /// The binary `nudge`.
    pub program: PathBuf,
    /// The Spin manifest, beside which its components are.
    pub manifest: PathBuf,
    /// The folder of Dapr's YAML files and of `topics.json`.
    pub components: PathBuf,
}
