//! What people do with the broker itself: make its topics, and look after what a function could not process.

mod connection;
mod dead_letters;
mod operator;
mod topics;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The topics, as dapr-components/topics.json lists them.
    Topics {
        #[command(subcommand)]
        command: TopicsCommand,
    },
    /// What functions could not process.
    Dlq {
        #[command(subcommand)]
        command: operator::Command,
    },
}

#[derive(Subcommand)]
enum TopicsCommand {
    /// Makes missing topics, adds partitions, and sets how long they keep what they hold. Deletes nothing.
    Apply(topics::Settings),
    /// Says what `apply` would change; fails when that is anything.
    Check(topics::Settings),
}

fn main() -> ExitCode {
    let done: Result<()> = match Cli::parse().command {
        Command::Topics { command } => match command {
            TopicsCommand::Apply(settings) => topics::apply(&settings),
            TopicsCommand::Check(settings) => topics::check(&settings),
        },
        Command::Dlq { command } => operator::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nudge-broker: {error:#}");
            ExitCode::FAILURE
        }
    }
}
