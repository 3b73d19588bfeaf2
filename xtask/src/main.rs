//! `cargo xtask`: everything that is done with this repository beside plain cargo.

mod steps;
mod toolchain;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds, runs and tests Nudge.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the functions and runs Nudge in one process. What follows goes to the host: --port, --data, …
    Run {
        /// Builds the host with optimisations: slower to build, faster to run.
        #[arg(long)]
        release: bool,
        /// Arguments of `nudge run`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Builds the functions' components.
    Build,
    /// All tests that need no outside server.
    Test,
    /// Prints an access token for curl. What follows goes to the host: --user NAME, --data DIR.
    Token {
        /// Arguments of `nudge token`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Adds a person who may sign in. What follows goes to the host: NAME, --email, --data DIR.
    Person {
        /// Arguments of `nudge person`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done: Result<()> = match Cli::parse().command {
        Command::Run { release, arguments } => steps::run(release, &arguments),
        Command::Build => steps::build_components(),
        Command::Test => steps::test(),
        Command::Token { arguments } => steps::host("token", false, &arguments),
        Command::Person { arguments } => steps::host("person", false, &arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
