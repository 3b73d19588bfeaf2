//! `cargo xtask`: everything that is done with this repository beside plain cargo.

mod bench;
mod browser;
mod cluster;
mod commands;
mod dapr;
#[cfg(test)]
mod documents;
mod steps;
mod toolchain;
mod web;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use nudge_parts::runtime::Runtime;

/// Builds, runs and tests Nudge.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds everything and runs Nudge: in one process, or with --dapr beside real parts. `nudge run --help` has more.
    Run {
        /// Builds the program with optimisations: slower to build, faster to run.
        #[arg(long)]
        release: bool,
        /// Arguments of `nudge run`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Builds the functions' components.
    Build,
    /// Builds one program that holds everything, to be carried to a machine without Rust and Node, and prints where it is.
    Dist,
    /// All tests that need no outside server; or those of a part.
    Test {
        #[command(subcommand)]
        what: Option<TestWhat>,
    },
    /// What Nudge costs, beside something in the same run that says what the machine can do.
    Bench {
        /// start, route, create, list, page, push, events, reminders; pipeline, which starts real parts. Without a name:
        /// all but that.
        measures: Vec<String>,
    },
    /// A Kubernetes cluster on this machine with everything in it.
    Cluster {
        #[command(subcommand)]
        what: cluster::Cluster,
    },
    /// The application as one OCI image.
    Image {
        #[command(subcommand)]
        what: cluster::Image,
    },
    /// Builds the daprd of third-party/daprd and says where it lies: `image daprd` makes an image of it.
    Daprd,
}

#[derive(Subcommand)]
enum TestWhat {
    /// The screen, in a real Chromium before the real host.
    Browser,
    /// Dapr's behaviour, every scenario, and sockets whose proxy dies, against real parts.
    Dapr {
        /// One of the suites.
        #[arg(long)]
        only: Option<dapr::Suite>,
        /// What runs the functions. With spin: how Spin itself behaves, and every scenario.
        #[arg(long, value_enum, default_value_t)]
        runtime: Runtime,
    },
    /// Parts of the real system killed and paused at random under load: nothing is lost, nothing happens twice.
    Faults(dapr::faults::Form),
    /// A broker that demands TLS and a password, with the settings of production.
    Sasl,
    /// The database goes back to a moment, as docs/operations.md says, and people find what they expect.
    Restore,
    /// The Helm chart: rendered, validated, and installed into a real Kubernetes API server; the workflows; the image.
    Cluster(cluster::Check),
    /// What KEDA with its http add-on and Dapr's sidecar injector make of the chart, in a real API server, with real Kafka,
    /// PostgreSQL and daprd: who is woken by what, and that all go to sleep again.
    Controllers,
    /// A Kubernetes node on this machine, as root, with real containers: the chart is installed, sleeps, wakes, is upgraded
    /// under load and loses pods, and its NetworkPolicies are tried.
    Node(cluster::node::Form),
}

fn main() -> ExitCode {
    let done: Result<()> = match Cli::parse().command {
        Command::Run { release, arguments } => steps::run(release, &arguments),
        Command::Build => steps::build_components(),
        Command::Dist => steps::dist(),
        Command::Test { what: None } => steps::test(),
        Command::Test {
            what: Some(TestWhat::Browser),
        } => browser::test(),
        Command::Test {
            what: Some(TestWhat::Dapr { only, runtime }),
        } => dapr::test(only, runtime),
        Command::Test {
            what: Some(TestWhat::Faults(form)),
        } => dapr::faults::test(&form),
        Command::Test {
            what: Some(TestWhat::Restore),
        } => dapr::restore::test(),
        Command::Test {
            what: Some(TestWhat::Sasl),
        } => dapr::sasl::test(),
        Command::Test {
            what: Some(TestWhat::Cluster(check)),
        } => check.run(),
        Command::Test {
            what: Some(TestWhat::Controllers),
        } => cluster::controllers::test(),
        Command::Test {
            what: Some(TestWhat::Node(form)),
        } => form.test(),
        Command::Bench { measures } => bench::run(&measures),
        Command::Cluster { what } => what.run(),
        Command::Image { what } => what.run(),
        Command::Daprd => {
            nudge_parts::daprd::built().map(|program| println!("{}", program.display()))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
