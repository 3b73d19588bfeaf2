//! `nudge-bench`: what Nudge costs, measured from outside, beside something in the same run that says what the machine can do.
//!
//! `cargo xtask bench` builds everything and starts this. Absolute times on a small busy machine say little: what holds is
//! what stands side by side in one run, so each measure has its own yardstick.

mod answering;
mod bare;
mod commands;
mod desk;
mod events;
mod load;
mod pipeline;
mod process;
mod reminders;
mod report;
mod start;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use report::Report;

/// Measures Nudge.
#[derive(Parser)]
struct Cli {
    /// What to measure; everything in one process without a name.
    measures: Vec<String>,
    /// Answers every request with the same few bytes until it is killed: the yardstick of `route`.
    #[arg(long, hide = true)]
    answer: bool,
}

/// The measures in one process, in this order.
const MEASURES: [&str; 8] = [
    "start",
    "route",
    "create",
    "list",
    "page",
    "push",
    "events",
    "reminders",
];

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nudge-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if cli.answer {
        return runtime.block_on(answering::answer_everything());
    }
    let mut measures: Vec<&str> = cli.measures.iter().map(String::as_str).collect();
    if measures.is_empty() {
        measures.extend(MEASURES);
    }
    let mut report = Report::default();
    for name in measures {
        eprintln!("Measuring {name} …");
        runtime
            .block_on(measure(name, &mut report))
            .with_context(|| format!("can't measure {name}"))?;
    }
    println!("{report}");
    Ok(())
}

async fn measure(name: &str, report: &mut Report) -> Result<()> {
    match name {
        "start" => start::measure(report).await,
        "route" => answering::measure(report).await,
        "create" => commands::create(report).await,
        "list" => commands::list(report).await,
        "page" => commands::page(report).await,
        "push" => events::push(report).await,
        "events" => events::throughput(report).await,
        "reminders" => reminders::measure(report).await,
        "pipeline" => pipeline::measure(report).await,
        other => bail!(
            "there is no measure {other}; there are {}, pipeline",
            MEASURES.join(", ")
        ),
    }
}
