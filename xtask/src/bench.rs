//! `cargo xtask bench`: what Nudge costs, measured by `tests/bench` on a host with optimisations.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{commands, dapr, steps};

/// What needs real parts, and what these are started for.
const PIPELINE: &str = "pipeline";

/// Measures what `measures` names; everything in one process where it names nothing.
pub(crate) fn run(measures: &[String]) -> Result<()> {
    steps::build_components()?;
    eprintln!("Building the host with optimisations (the first time takes some minutes) …");
    let host = steps::build_nudge(true)?;
    let program = build()?;
    let (with_parts, within): (Vec<_>, Vec<_>) =
        measures.iter().partition(|measure| *measure == PIPELINE);
    if !within.is_empty() || measures.is_empty() {
        commands::execute(command(&program, &host).args(within))?;
    }
    if with_parts.is_empty() {
        return Ok(());
    }
    dapr::bench(command(&program, &host).arg(PIPELINE))
}

/// The measures themselves need no optimisation of their own: what they are made of has it in any profile.
fn build() -> Result<PathBuf> {
    let which = ["--workspace", "--bin", "nudge-bench"];
    commands::execute(commands::cargo().args(["build", "--quiet"]).args(which))?;
    Ok(commands::root().join("target/debug/nudge-bench"))
}

fn command(program: &Path, host: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("NUDGE_BIN", host);
    command
}
