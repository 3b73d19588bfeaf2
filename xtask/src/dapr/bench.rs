//! `cargo xtask bench pipeline`: the same commands in one process and with real parts, and what the parts take.

use std::process::Command;

use anyhow::{Context, Result};

use nudge_parts::part::Part;
use nudge_parts::stop::Stop;
use nudge_parts::system::System;

use super::{apply_conformance_topics, settings_for_test};
use crate::commands;
use crate::steps;

/// Runs `measure` beside real parts, and says what these took.
pub(crate) fn bench(measure: &mut Command) -> Result<()> {
    let stop = Stop::on_interrupt()?;
    let application = steps::build_application(true)?;
    let settings = settings_for_test("bench-parts")?;
    let mail = settings.mail.context("a test has a mail address")?;
    let system = System::start(&settings, &application, &[], &stop)?;
    let scenarios = system.for_scenarios(&mail.to_string());
    let environment = system.for_conformance()?;
    apply_conformance_topics(&application, &environment)?;
    let asked = Command::new("sh")
        .args(["-c", &format!("{} bench", scenarios["NUDGE_TOKEN_COMMAND"])])
        .current_dir(commands::root())
        .output()?;
    let token = String::from_utf8(asked.stdout)?;
    let measured = commands::execute(
        measure
            .envs(scenarios)
            .envs(environment)
            .env("NUDGE_BENCH_TOKEN", token.trim()),
    );
    if measured.is_ok() {
        print_parts(system.parts());
    }
    system.stop();
    measured
}

fn print_parts(parts: &[Part]) {
    println!("| part | ready after | memory, its share of what is shared |");
    println!("|---|---|---|");
    for part in parts {
        let ready = part.ready_after().map_or(0.0, |time| time.as_secs_f32());
        println!(
            "| {} | {ready:.1} s | {:.0} MiB |",
            part.name,
            part.memory()
        );
    }
}
