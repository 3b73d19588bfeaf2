//! `nudge`: runs the application, keeps its people, and does for it what operators do.

mod application;
mod commands;
mod environment;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use commands::{
    backup, check, components, dlq, erase, person, replay, restore, run, token, topics, variables,
};

/// A to-do list that you talk to, and that talks back at the right moment.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs all functions in this process; or, with --dapr, beside Kafka, PostgreSQL, Pushpin and a daprd for each function.
    Run(run::Run),
    /// Adds a person who may sign in, or changes their address and passphrase (read from standard input).
    Person(person::Person),
    /// Prints an access token for curl, good for an hour.
    Token(token::Token),
    /// Compares lists, inboxes and the timetable with the tasks, reminders and notifications that they are made of, and
    /// says what differs.
    Check(check::Check),
    /// Tells a function again what is on record, so that it makes state again that it lost. Nobody is told anything twice.
    Replay(replay::Replay),
    /// Erases everything of one person in every function. What is on record keeps its hashes, so that it still verifies.
    Erase(erase::Erase),
    /// Writes the database, the people and the key of a Nudge in one process into one file, while it runs or not.
    Backup(backup::Backup),
    /// Makes a data folder of what `backup` wrote.
    Restore(restore::Restore),
    /// The broker's topics, as topics.json lists them.
    #[command(subcommand)]
    Topics(topics::Topics),
    /// What functions could not process.
    #[command(subcommand)]
    Dlq(dlq::Dlq),
    /// Writes each function as one composed component, as an image carries it.
    Components(components::Components),
    /// Prints the variables by which functions that run elsewhere (`spin up`) trust this host's sign-in.
    Variables(variables::Variables),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let done: Result<()> = match Cli::parse().command {
        Command::Run(run) => run.run(),
        Command::Person(person) => person.run(),
        Command::Token(token) => token.run(),
        Command::Check(check) => check.run(),
        Command::Replay(replay) => replay.run(),
        Command::Erase(erase) => erase.run(),
        Command::Backup(backup) => backup.run(),
        Command::Restore(restore) => restore.run(),
        Command::Topics(topics) => topics.run(),
        Command::Dlq(dlq) => dlq.run(),
        Command::Components(components) => components.run(),
        Command::Variables(variables) => {
            variables.run();
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nudge: {error:#}");
            ExitCode::FAILURE
        }
    }
}
