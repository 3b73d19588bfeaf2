//! `cargo xtask`: everything that is done with this repository beside plain cargo.

mod bench;
mod cache;
mod cluster;
mod dapr;
#[cfg(test)]
mod documents;
mod steps;
mod toolchain;
mod web;

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
    /// Builds the functions and runs Nudge in one process, or with real parts. What follows goes to the host.
    Run {
        /// Builds the host with optimisations: slower to build, faster to run.
        #[arg(long)]
        release: bool,
        /// Real parts on this machine: Kafka, PostgreSQL, Pushpin, and a daprd for each function.
        #[arg(long)]
        dapr: bool,
        #[command(flatten)]
        settings: dapr::Settings,
        /// Arguments of `nudge run`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Builds the functions' components.
    Build,
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
    /// Builds the daprd of tools/daprd and says where it lies: `image daprd` makes an image of it.
    Daprd,
    /// What functions could not process: list, show, replay, discard.
    Dlq {
        /// `list`, or `show`, `replay`, `discard` with what `list` calls it; --data DIR says where the Nudge is.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The broker's topics, as dapr-components/topics.json lists them.
    Topics {
        /// `apply` or `check`; --brokers HOST:PORT, or --data DIR, where the Nudge is whose broker is meant.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Tells a function again what is on record, so that it makes state again that it lost. What follows goes to the host:
    /// --to FUNCTION, --user NAME, --data DIR.
    Replay {
        /// Arguments of `nudge replay`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Compares what is derived (lists, inboxes, the timetable) with its sources, and mends it with --repair. What follows
    /// goes to the host: --repair, --user NAME, --data DIR.
    Check {
        /// Arguments of `nudge check`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Erases everything of one person. What follows goes to the host: --user NAME or --user-id ID, --asked-by NAME,
    /// --data DIR.
    Erase {
        /// Arguments of `nudge erase`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
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
        runtime: dapr::runtime::Runtime,
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
        Command::Run {
            release,
            dapr: true,
            settings,
            arguments,
        } => dapr::run(&settings, release, &arguments),
        Command::Run {
            release,
            settings,
            arguments,
            ..
        } => steps::run(release, &settings.for_host(&arguments)),
        Command::Build => steps::build_components(),
        Command::Test { what: None } => steps::test(),
        Command::Test {
            what: Some(TestWhat::Browser),
        } => web::test_browser(),
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
        Command::Topics { arguments } => dapr::on_broker("topics", &arguments),
        Command::Daprd => dapr::daprd::built().map(|program| println!("{}", program.display())),
        Command::Dlq { arguments } => dapr::on_broker("dlq", &arguments),
        Command::Replay { arguments } => dapr::operate("replay", &arguments),
        Command::Check { arguments } => dapr::operate("check", &arguments),
        Command::Erase { arguments } => dapr::operate("erase", &arguments),
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
